//! Tables of names, and the texts made from them.

use crate::random::Random;

const FIRST: [&str; 40] = [
    "Ana", "Ben", "Carla", "Dev", "Elif", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Keiko", "Liam", "Mara",
    "Nils", "Olga", "Pavel", "Quinn", "Rosa", "Sanjay", "Tara", "Uwe", "Vera", "Wim", "Ximena", "Yusuf",
    "Zoe", "Amir", "Bao", "Chloe", "Diego", "Emma", "Finn", "Hana", "Ivan", "Julia", "Kofi", "Lena", "Milan",
    "Nora", "Omar",
];
const LAST: [&str; 40] = [
    "Abbott", "Becker", "Castillo", "Dubois", "Eriksen", "Fischer", "Garcia", "Haddad", "Ivanova", "Jansen",
    "Kim", "Larsen", "Moreau", "Novak", "Okafor", "Petrov", "Quispe", "Rossi", "Sato", "Tanaka", "Usman",
    "Vargas", "Weber", "Xu", "Yilmaz", "Zhang", "Andersen", "Brown", "Cohen", "Dlamini", "Evans", "Ferrari",
    "Gupta", "Hansen", "Ito", "Jones", "Kowalski", "Lopez", "Martin", "Nguyen",
];
const AWKWARD: [&str; 10] = [
    "محمد الأحمد",
    "שרה כהן",
    "李小龍",
    "Zoë O'Brien-Łukasiewicz",
    "Ѳеофанъ Ї",
    "👩🏽‍💻 Dana",
    "  spaced  name ",
    "\u{202e}reversed\u{202c} name",
    "<b>Bold</b> & \"quoted\" \\ name",
    "e\u{301}tienne ﬁne",
];
/// Teams, from which plain groups are named.
pub(super) const TEAMS: [&str; 24] = [
    "platform",
    "payments",
    "mobile",
    "design",
    "research",
    "legal",
    "finance",
    "sales",
    "support",
    "security",
    "data",
    "marketing",
    "people",
    "operations",
    "release",
    "search",
    "growth",
    "docs",
    "quality",
    "facilities",
    "partners",
    "events",
    "cloud",
    "labs",
];

/// Job titles, by index.
pub(crate) const JOBS: [&str; 6] = [
    "Engineer",
    "Designer",
    "Analyst",
    "Manager",
    "Consultant",
    "Support agent",
];
/// Departments, by index.
pub(crate) const DEPARTMENTS: [&str; 5] = ["Engineering", "Finance", "Legal", "Sales", "People"];
/// Locations, by index.
pub(crate) const LOCATIONS: [&str; 5] = ["Sydney", "Berlin", "Bengaluru", "Austin", "Recife"];
/// Time zones, by index.
pub(crate) const ZONES: [&str; 5] = [
    "Australia/Sydney",
    "Europe/Berlin",
    "Asia/Kolkata",
    "America/Chicago",
    "America/Recife",
];

/// A name in plain letters, as (first, last).
pub(super) fn person(random: &mut Random) -> (&'static str, &'static str) {
    let first = random.pick(&FIRST).copied().unwrap_or("Ana");
    let last = random.pick(&LAST).copied().unwrap_or("Weber");
    (first, last)
}

/// A display name that breaks careless programs.
pub(super) fn awkward(random: &mut Random) -> String {
    if random.chance(0.1) {
        return format!("Maximilian-Alexander von und zu {} ", "Hohen".repeat(40));
    }
    random.pick(&AWKWARD).copied().unwrap_or("李小龍").to_owned()
}
