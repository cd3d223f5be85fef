//! What a question may say: read into tokens, judged, and put together anew.
//!
//! Whatever the two databases would read differently is refused – quotes of one of them, escapes, nested comments,
//! parameters of their own – so that what is judged here is what they see. Comments never reach a database. The grammar
//! is theirs: only places that matter are looked at, which are the names after FROM and JOIN, the names before an
//! opening parenthesis, and variables.

use super::Refusal;
use super::view::{TABLES, names, view_named};
use std::collections::{BTreeMap, BTreeSet};

/// How long a question may be.
const LONGEST: usize = 20_000;

/// Values of variables by name, without the colon.
pub type Variables = BTreeMap<String, super::Cell>;

/// What can be called. Nothing here has an effect, tells of the database, or makes much out of little.
pub const FUNCTIONS: [&str; 28] = [
    "abs",
    "avg",
    "coalesce",
    "count",
    "dense_rank",
    "first_value",
    "lag",
    "last_value",
    "lead",
    "length",
    "lower",
    "ltrim",
    "max",
    "min",
    "nth_value",
    "ntile",
    "nullif",
    "percent_rank",
    "rank",
    "replace",
    "round",
    "row_number",
    "rtrim",
    "string_agg",
    "substr",
    "sum",
    "trim",
    "upper",
];

/// Words of SQL that a parenthesis may follow.
const BEFORE_PARENTHESIS: [&str; 43] = [
    "all",
    "and",
    "any",
    "as",
    "asc",
    "between",
    "by",
    "case",
    "cast",
    "distinct",
    "else",
    "escape",
    "except",
    "exists",
    "filter",
    "from",
    "group",
    "having",
    "in",
    "intersect",
    "is",
    "join",
    "lateral",
    "like",
    "limit",
    "materialized",
    "not",
    "offset",
    "on",
    "or",
    "order",
    "over",
    "partition",
    "recursive",
    "select",
    "some",
    "then",
    "union",
    "using",
    "values",
    "when",
    "where",
    "with",
];

/// Operators of two signs.
const PAIRS: [&str; 5] = ["<=", ">=", "<>", "!=", "||"];

/// Words that end a list of views.
const AFTER_FROM: [&str; 12] = [
    "where",
    "group",
    "having",
    "order",
    "limit",
    "offset",
    "union",
    "except",
    "intersect",
    "window",
    "fetch",
    "select",
];

/// Words that stand for something only one database has, or that do something.
const NEVER: [(&str, &str); 9] = [
    ("into", "a question keeps nothing, leave INTO out"),
    ("table", "write SELECT … FROM the view"),
    ("tablesample", "write a condition"),
    ("operator", "write the operator itself"),
    ("collate", "compare lower(…) instead"),
    ("glob", "write LIKE"),
    ("regexp", "write LIKE"),
    ("match", "write LIKE"),
    ("only", "write the view alone"),
];

/// A built-in variable: `:now`, `:ago_90_days`, `:in_2_hours`. All count from the moment that is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Milliseconds to add to the present.
    pub offset_ms: i64,
}

impl Moment {
    /// The built-in variable of this name.
    pub fn named(name: &str) -> Option<Moment> {
        if name == "now" {
            return Some(Moment { offset_ms: 0 });
        }
        let (sign, rest) = match (name.strip_prefix("ago_"), name.strip_prefix("in_")) {
            (Some(rest), _) => (-1, rest),
            (_, Some(rest)) => (1, rest),
            _ => return None,
        };
        let (count, unit) = rest.split_once('_')?;
        let unit_ms: i64 = match unit {
            "days" | "day" => 86_400_000,
            "hours" | "hour" => 3_600_000,
            "minutes" | "minute" => 60_000,
            _ => return None,
        };
        let count: i64 = count.parse().ok().filter(|count| (0..100_000).contains(count))?;
        Some(Moment {
            offset_ms: sign * count * unit_ms,
        })
    }
}

/// One question that may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What is sent, with `$1`, `$2` … for the variables.
    pub(super) sql: String,
    /// The variables in the order of their numbers.
    pub(super) variables: Vec<String>,
    /// The views that it names.
    pub(super) views: BTreeSet<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// A name or word as written, and in small letters.
    Word(String, String),
    /// A name in double quotes, with them, and what is inside.
    Quoted(String, String),
    /// A text in single quotes, with them.
    Text(String),
    Number(String),
    Variable(String),
    Sign(char),
    /// An operator of two signs.
    Pair(&'static str),
}

impl Token {
    fn is(&self, word: &str) -> bool {
        matches!(self, Token::Word(_, small) if small == word)
    }

    fn is_one_of(&self, words: &[&str]) -> bool {
        matches!(self, Token::Word(_, small) if words.contains(&small.as_str()))
    }

    fn is_sign(&self, sign: char) -> bool {
        *self == Token::Sign(sign)
    }

    /// The name that it is, in small letters.
    fn name(&self) -> Option<&str> {
        match self {
            Token::Word(_, name) | Token::Quoted(_, name) => Some(name),
            _ => None,
        }
    }
}

impl Question {
    /// Reads a question. What comes back is safe to be sent to a caged connection, and only to one.
    pub fn read(text: &str) -> Result<Question, Refusal> {
        if text.chars().count() > LONGEST {
            return Err(Refusal::TooLong { limit: LONGEST });
        }
        let mut tokens = tokens(text)?;
        while tokens.last().is_some_and(|token| token.is_sign(';')) {
            tokens.pop();
        }
        let first = tokens.first().ok_or(Refusal::Empty)?;
        if !first.is_one_of(&["select", "with", "values"]) {
            let word = match first {
                Token::Word(word, _) => word.to_uppercase(),
                _ => "this".to_owned(),
            };
            return Err(Refusal::NotAQuestion { word });
        }
        if tokens.iter().any(|token| token.is_sign(';')) {
            return Err(Refusal::Several);
        }
        refuse_words(&tokens)?;
        let own = own_names(&tokens)?;
        let views = views_asked(&tokens, &own)?;
        functions_called(&tokens)?;
        let (sql, variables) = put_together(&tokens);
        Ok(Question {
            sql,
            variables,
            views,
        })
    }

    /// The variables that need a value: those that are not built in.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        let own = self.variables.iter().filter(|name| Moment::named(name).is_none());
        own.map(String::as_str)
    }

    /// The views that it names.
    pub fn views(&self) -> impl Iterator<Item = &'static str> {
        self.views.iter().copied()
    }
}

fn writing(what: &'static str, instead: &'static str) -> Refusal {
    Refusal::Writing { what, instead }
}

fn tokens(text: &str) -> Result<Vec<Token>, Refusal> {
    let letters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    let letter = |at: usize| letters.get(at).copied().unwrap_or('\0');
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    while let Some(current) = letters.get(at).copied() {
        let next = letter(at + 1);
        match current {
            '\0' => return Err(writing("a zero character", "remove it")),
            _ if current.is_whitespace() => at += 1,
            '-' if next == '-' => {
                while at < letters.len() && letter(at) != '\n' {
                    at += 1;
                }
            }
            '/' if next == '*' => {
                at += 2;
                loop {
                    if at >= letters.len() {
                        return Err(writing("a comment without an end", "close it with */"));
                    }
                    match (letter(at), letter(at + 1)) {
                        ('*', '/') => break,
                        ('/', '*') => return Err(writing("a comment inside a comment", "leave it out")),
                        _ => at += 1,
                    }
                }
                at += 2;
            }
            '\'' | '"' => {
                let (end, inside) = quoted(&letters, at)?;
                let whole: String = letters.iter().take(end).skip(at).collect();
                tokens.push(if current == '\'' {
                    Token::Text(whole)
                } else {
                    Token::Quoted(whole, inside)
                });
                at = end;
            }
            '`' | '[' | ']' => {
                return Err(writing(
                    "a backtick or square bracket",
                    "quote names with \"double quotes\"",
                ));
            }
            '$' | '?' | '@' | '#' | '\\' | '{' | '}' => {
                return Err(writing(
                    "a parameter of the database's own",
                    "write variables as :name",
                ));
            }
            ':' if next == ':' => return Err(writing("::", "write CAST(… AS …)")),
            ':' => {
                let end = end_of(&letters, at + 1, is_name);
                let name: String = letters.iter().take(end).skip(at + 1).collect();
                if name.is_empty() {
                    return Err(writing("a lone colon", "write variables as :name"));
                }
                tokens.push(Token::Variable(name));
                at = end;
            }
            _ if current.is_ascii_digit() || (current == '.' && next.is_ascii_digit()) => {
                let end = end_of(&letters, at, |letter| {
                    letter.is_ascii_alphanumeric() || letter == '.' || letter == '_'
                });
                let number: String = letters.iter().take(end).skip(at).collect();
                if number.parse::<f64>().is_err() {
                    return Err(writing("a number with letters in it", "write digits"));
                }
                tokens.push(Token::Number(number));
                at = end;
            }
            _ if is_name(current) => {
                let end = end_of(&letters, at, is_name);
                let word: String = letters.iter().take(end).skip(at).collect();
                let is_prefix = letter(end) == '\'' || (letter(end) == '&' && word.eq_ignore_ascii_case("u"));
                if is_prefix && ["e", "b", "x", "n", "u"].contains(&word.to_lowercase().as_str()) {
                    return Err(writing(
                        "a text with a letter before its quote",
                        "write the text in plain 'quotes'",
                    ));
                }
                let small = word.to_lowercase();
                tokens.push(Token::Word(word, small));
                at = end;
            }
            _ if let Some(pair) = PAIRS.into_iter().find(|pair| pair.chars().eq([current, next])) => {
                tokens.push(Token::Pair(pair));
                at += 2;
            }
            _ if "()*,.;+-/%<>=".contains(current) => {
                tokens.push(Token::Sign(current));
                at += 1;
            }
            _ => {
                return Err(writing(
                    "a sign that is no SQL",
                    "remove it, or put it into 'quotes'",
                ));
            }
        }
    }
    Ok(tokens)
}

fn end_of(letters: &[char], from: usize, belongs: impl Fn(char) -> bool) -> usize {
    let mut end = from;
    while letters.get(end).copied().is_some_and(&belongs) {
        end += 1;
    }
    end
}

/// Where the quote that begins at `at` is over, and what is inside; a doubled quote is one of its letters.
fn quoted(letters: &[char], at: usize) -> Result<(usize, String), Refusal> {
    let quote = letters.get(at).copied().unwrap_or('\'');
    let mut inside = String::new();
    let mut end = at + 1;
    loop {
        match letters.get(end).copied() {
            None => return Err(writing("a quote without an end", "close it")),
            Some('\0') => return Err(writing("a zero character", "remove it")),
            Some(letter) if letter != quote => inside.push(letter),
            Some(_) if letters.get(end + 1) == Some(&quote) => {
                inside.push(quote);
                end += 1;
            }
            Some(_) => return Ok((end + 1, inside)),
        }
        end += 1;
    }
}

fn refuse_words(tokens: &[Token]) -> Result<(), Refusal> {
    for token in tokens {
        if let Some(name) = token.name() {
            let small = name.to_lowercase();
            let is_theirs = ["pg_", "sqlite_", "information_schema", "pragma_"]
                .iter()
                .any(|theirs| small.starts_with(theirs));
            if is_theirs
                || matches!(
                    small.as_str(),
                    "current_user"
                        | "session_user"
                        | "user"
                        | "current_role"
                        | "current_catalog"
                        | "current_schema"
                        | "system_user"
                )
            {
                return Err(Refusal::Reserved {
                    name: name.to_owned(),
                });
            }
        }
        if let Token::Word(_, small) = token
            && let Some((what, instead)) = NEVER.iter().find(|(word, _)| word == small)
        {
            return Err(writing(what, instead));
        }
    }
    Ok(())
}

/// The names that the question itself gives: `NAME [(columns)] AS [NOT] [MATERIALIZED] (SELECT …)`.
fn own_names(tokens: &[Token]) -> Result<BTreeSet<String>, Refusal> {
    let mut own = BTreeSet::new();
    for (place, token) in tokens.iter().enumerate() {
        let Some(name) = token.name() else { continue };
        let before = place.checked_sub(1).and_then(|before| tokens.get(before));
        let may_name =
            before.is_some_and(|before| before.is_sign(',') || before.is_one_of(&["with", "recursive"]));
        if may_name && defines(tokens, place) {
            if TABLES.contains(&name) {
                return Err(Refusal::Reserved {
                    name: name.to_owned(),
                });
            }
            own.insert(name.to_owned());
        }
    }
    Ok(own)
}

/// Whether the name at `place` is given to a query that follows.
fn defines(tokens: &[Token], place: usize) -> bool {
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token.is(word));
    let is_sign = |at: usize, sign| tokens.get(at).is_some_and(|token| token.is_sign(sign));
    let mut at = place + 1;
    if is_sign(at, '(') {
        at = closing(tokens, at) + 1;
    }
    if !is(at, "as") {
        return false;
    }
    at += 1;
    at += usize::from(is(at, "not"));
    at += usize::from(is(at, "materialized"));
    is_sign(at, '(') && ["select", "values", "with"].iter().any(|word| is(at + 1, word))
}

/// Where the parenthesis that opens at `at` is closed; the end when it is not.
fn closing(tokens: &[Token], at: usize) -> usize {
    let mut depth = 0_usize;
    for (place, token) in tokens.iter().enumerate().skip(at) {
        match token {
            Token::Sign('(') => depth += 1,
            Token::Sign(')') if depth <= 1 => return place,
            Token::Sign(')') => depth -= 1,
            _ => {}
        }
    }
    tokens.len()
}

/// What the list of views at one depth of parentheses expects next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    /// There is none.
    Outside,
    /// The name of a view, or a parenthesis.
    View,
    /// Names and conditions, until a comma or JOIN.
    After,
}

fn views_asked(tokens: &[Token], own: &BTreeSet<String>) -> Result<BTreeSet<&'static str>, Refusal> {
    let mut asked = BTreeSet::new();
    let mut depths = vec![From::Outside];
    for (place, token) in tokens.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|before| tokens.get(before));
        let Some(from) = depths.last().copied() else { break };
        let mut turn = |state: From| {
            if let Some(last) = depths.last_mut() {
                *last = state;
            }
        };
        match token {
            Token::Sign('(') => {
                turn(if from == From::View { From::After } else { from });
                let opens_select = tokens
                    .get(place + 1)
                    .is_some_and(|next| next.is_one_of(&["select", "values", "with"]));
                depths.push(if from == From::View && !opens_select {
                    From::View
                } else {
                    From::Outside
                });
            }
            Token::Sign(')') => {
                depths.pop();
            }
            Token::Sign(',') if from == From::After => turn(From::View),
            _ if token.is("from") && !before.is_some_and(|before| before.is("distinct")) => turn(From::View),
            _ if token.is("join") => turn(From::View),
            _ if from == From::View && token.is("lateral") => {}
            _ if from == From::View => {
                asked.extend(view_at(tokens, place, own)?);
                turn(From::After);
            }
            _ if token.is_one_of(&AFTER_FROM) => turn(From::Outside),
            _ if before.is_some_and(|before| before.is("in")) && token.name().is_some() => {
                return Err(writing(
                    "IN without a parenthesis",
                    "write IN (SELECT … FROM the view)",
                ));
            }
            _ => {}
        }
    }
    Ok(asked)
}

/// The view that the name at `place` means; none when the question itself gave the name.
fn view_at(tokens: &[Token], place: usize, own: &BTreeSet<String>) -> Result<Option<&'static str>, Refusal> {
    let Some(name) = tokens.get(place).and_then(Token::name) else {
        return Err(writing(
            "something else than a view after FROM",
            "name a view there",
        ));
    };
    if tokens.get(place + 1).is_some_and(|next| next.is_sign('.')) {
        return Err(Refusal::Place {
            name: name.to_owned(),
        });
    }
    if own.contains(name) {
        return Ok(None);
    }
    match view_named(name) {
        Some(view) => Ok(Some(view.name)),
        None => Err(Refusal::NoView {
            name: name.to_owned(),
            known: names().join(", "),
        }),
    }
}

fn functions_called(tokens: &[Token]) -> Result<(), Refusal> {
    for (place, token) in tokens.iter().enumerate() {
        let Some(name) = token.name() else { continue };
        if !tokens.get(place + 1).is_some_and(|next| next.is_sign('(')) {
            continue;
        }
        let before = place.checked_sub(1).and_then(|before| tokens.get(before));
        // `AS t (a, b)`, `CAST(x AS NUMERIC(10, 2))`, `) t (a, b)`.
        let is_alias = before.is_some_and(|before| before.is("as") || before.is_sign(')'));
        let is_word = matches!(token, Token::Word(..)) && BEFORE_PARENTHESIS.contains(&name);
        let is_known = matches!(token, Token::Word(..)) && FUNCTIONS.contains(&name);
        if !is_alias && !is_word && !is_known && !defines(tokens, place) {
            return Err(Refusal::Function {
                name: name.to_owned(),
            });
        }
    }
    Ok(())
}

fn put_together(tokens: &[Token]) -> (String, Vec<String>) {
    let mut sql = String::new();
    let mut variables: Vec<String> = Vec::new();
    let mut before: Option<&Token> = None;
    for token in tokens {
        let opens = |token: Option<&Token>| token.is_some_and(|token| token.is_sign('('));
        let calls = token.is_sign('(') && before.is_some_and(|before| before.is_one_of(&FUNCTIONS));
        let closes = token.is_sign(')') || token.is_sign(',');
        if !sql.is_empty() && !opens(before) && !calls && !closes {
            sql.push(' ');
        }
        before = Some(token);
        match token {
            Token::Word(text, _) | Token::Quoted(text, _) | Token::Text(text) | Token::Number(text) => {
                sql.push_str(text)
            }
            Token::Sign(sign) => sql.push(*sign),
            Token::Pair(pair) => sql.push_str(pair),
            Token::Variable(name) => {
                let known = variables.iter().position(|known| known == name);
                let number = known.unwrap_or_else(|| {
                    variables.push(name.clone());
                    variables.len() - 1
                });
                sql.push_str(&format!("${}", number + 1));
            }
        }
    }
    (sql, variables)
}
