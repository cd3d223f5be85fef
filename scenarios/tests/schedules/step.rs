//! What may happen next, drawn.

use scenarios::draw::Random;

/// How a change is told by the audit log.
#[derive(Debug, Clone, Copy)]
pub enum Told {
    /// As it should.
    Well,
    /// Not at all.
    Never,
    /// Half of its events are lost.
    InPart,
    /// Half of its events come hours late.
    Late,
    /// Half of its events come again hours later.
    Twice,
}

/// What comes through the door for deliveries.
#[derive(Debug, Clone, Copy)]
pub enum Delivery {
    Genuine,
    OfAStranger,
    Twice,
    /// Several, the newest first.
    Reordered,
    Lost,
}

/// What happens while something is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Weather {
    Calm,
    /// Five requests of a hundred go wrong.
    Faults,
    /// The organization changes.
    Changes,
}

/// What may happen.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    Change(u32, Told),
    LogIns(u32),
    /// The log loses all it holds, and may refuse the place where it was read last.
    Forget {
        refuses: bool,
    },
    Deliver(Delivery),
    Follow(Weather),
    Whole(Weather),
    /// Following that breaks off after so many requests.
    FollowBroken(u64),
    /// A reading of everything that breaks off after so many requests.
    WholeBroken(u64),
    /// Whoever serves looks for what is due for so many minutes.
    Serve(u32, Weather),
    /// Nobody serves, and time passes.
    Pass(i64),
}

impl Step {
    /// The next one.
    pub fn draw(random: &mut Random) -> Step {
        let number = |random: &mut Random, end: usize| u32::try_from(1 + random.below(end)).unwrap_or(1);
        let requests = |random: &mut Random, end: usize| u64::from(number(random, end));
        match random.below(100) {
            0..30 => {
                let count = number(random, 8);
                Step::Change(count, told(random))
            }
            30..33 => Step::LogIns(number(random, 40)),
            33..36 => Step::Forget {
                refuses: random.below(2) == 0,
            },
            36..45 => Step::Deliver(delivery(random)),
            45..65 => Step::Follow(weather(random)),
            65..69 => Step::FollowBroken(requests(random, 12)),
            69..75 => Step::Whole(weather(random)),
            75..79 => Step::WholeBroken(requests(random, 50)),
            79..87 => {
                let minutes = number(random, 3);
                Step::Serve(minutes, weather(random))
            }
            _ => Step::Pass(time(random)),
        }
    }
}

fn told(random: &mut Random) -> Told {
    match random.below(10) {
        0..5 => Told::Well,
        5..7 => Told::Never,
        7 => Told::InPart,
        8 => Told::Late,
        _ => Told::Twice,
    }
}

fn delivery(random: &mut Random) -> Delivery {
    match random.below(5) {
        0 => Delivery::Genuine,
        1 => Delivery::OfAStranger,
        2 => Delivery::Twice,
        3 => Delivery::Reordered,
        _ => Delivery::Lost,
    }
}

fn weather(random: &mut Random) -> Weather {
    match random.below(10) {
        0..6 => Weather::Calm,
        6..8 => Weather::Faults,
        _ => Weather::Changes,
    }
}

/// Seconds: some, minutes, hours, days, and rarely longer than the audit log remembers.
fn time(random: &mut Random) -> i64 {
    let number = i64::try_from(1 + random.below(59)).unwrap_or(1);
    match random.below(20) {
        0..4 => number,
        4..12 => number * 60,
        12..17 => (1 + number % 12) * 3_600,
        17..19 => (1 + number % 4) * 86_400,
        _ => 185 * 86_400,
    }
}
