//! What may be wrong with a value?

use fastrand::Rng;
use serde_json::{Map, Value, json};

/// A column, of rows that a subject is made of.
pub(crate) struct Target {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
    /// The column of the table that names a subject's row, and the column of `subject` that it equals.
    pub(crate) key: (&'static str, &'static str),
    pub(crate) values: Values,
}

/// What a column holds.
#[derive(Clone, Copy)]
pub(crate) enum Values {
    /// Times and other large numbers.
    Bigint,
    /// Counts and indexes.
    Integer,
    /// Words of a state, and names.
    Text { nullable: bool },
    /// Executions and flows.
    Uuid,
    /// Ids, as text.
    Members,
    /// Whatever was written; the paths are those that are read.
    Json { nullable: bool, paths: &'static [&'static str] },
}

const WORDS: [&str; 22] = [
    "",
    " ",
    "terminal",
    "cancelled",
    "active",
    "runnable",
    "suspended",
    "submitted",
    "blocked",
    "success",
    "failed",
    "resumable",
    "skipped",
    "expired",
    "no such word",
    "SUCCESS",
    "fail\u{1}",
    "\u{202e}\u{feff}\u{1f4a3}",
    "'; DROP TABLE ff_exec_core; --",
    "NaN",
    "-0",
    "{}",
];
const BIGINTS: [i64; 9] =
    [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX, i64::MAX - 1, 253_402_300_800_000, -62_135_596_800_000];
const INTEGERS: [i32; 6] = [i32::MIN, -1, 0, 1, i32::MAX - 1, i32::MAX];
const ID: &str = "3f0c9d4e-7b1a-4a55-9d0e-2b6f5a1c8e77";

impl Values {
    /// One of them that is not what is expected there, as text; `None` is NULL.
    pub(crate) fn spoil(self, random: &mut Rng) -> Option<String> {
        match self {
            Self::Bigint => Some(pick(random, &BIGINTS).to_string()),
            Self::Integer => Some(pick(random, &INTEGERS).to_string()),
            Self::Text { nullable: true } if random.u8(..5) == 0 => None,
            Self::Text { .. } => Some(text(random)),
            Self::Uuid => Some(ID.to_owned()),
            Self::Members => Some(
                pick(random, &["{}", "{NULL}", "{\"\"}", "{not-an-id,\"{fp:7}:nor this\"}", "{{a,b},{c,d}}"])
                    .to_string(),
            ),
            Self::Json { nullable: true, .. } if random.u8(..10) == 0 => None,
            Self::Json { paths, .. } => {
                if paths.is_empty() || random.u8(..4) == 0 {
                    return Some(json(random, 0));
                }
                let mut whole = Value::Object(Map::new());
                for _ in 0..random.usize(1..3) {
                    set(&mut whole, pick(random, paths), Value::Null);
                }
                // By text, because what Postgres reads is more than what is here to be written.
                let mut whole = whole.to_string();
                while let Some(place) = whole.find("null") {
                    whole.replace_range(place..place + 4, &json(random, 0).replace("null", "[]"));
                }
                Some(whole)
            }
        }
    }
}

fn pick<T: Copy>(random: &mut Rng, of: &[T]) -> T {
    of[random.usize(..of.len())]
}

fn text(random: &mut Rng) -> String {
    if random.u8(..8) == 0 { "x".repeat(5000) } else { pick(random, &WORDS).to_owned() }
}

/// Sets what is at `path`, whose parts are separated by `/`.
fn set(whole: &mut Value, path: &str, value: Value) {
    let mut place = whole;
    for part in path.split('/') {
        if !place.is_object() {
            *place = json!({});
        }
        place = place.as_object_mut().expect("an object").entry(part).or_insert(Value::Null);
    }
    *place = value;
}

fn json(random: &mut Rng, depth: usize) -> String {
    match random.u8(..16) {
        0 => "null".to_owned(),
        1 => "true".to_owned(),
        2 => "false".to_owned(),
        3 => pick(random, &BIGINTS).to_string(),
        4 => "99999999999999999999999999999999".to_owned(),
        5 => "-1e300".to_owned(),
        6 => "1e4000".to_owned(),
        7 => "0.000001".to_owned(),
        8 => Value::from(text(random)).to_string(),
        9 => Value::from(pick(random, &BIGINTS).to_string()).to_string(),
        10 => "[]".to_owned(),
        11 => "{}".to_owned(),
        12 => format!("{}{}", "[".repeat(500), "]".repeat(500)),
        13 => format!("{}1{}", r#"{"tags":"#.repeat(300), "}".repeat(300)),
        14 if depth < 3 => format!("[{},{}]", json(random, depth + 1), json(random, depth + 1)),
        15 if depth < 3 => format!(r#"{{"kind":{},"k":{}}}"#, json(random, depth + 1), json(random, depth + 1)),
        _ => "1".to_owned(),
    }
}
