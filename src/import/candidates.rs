//! Columns that may be meant by fields, and the mapping that they make.

use super::form::FileForm;
use super::profile::Profile;
use crate::model::{Error, OddTime, Role, Schema};

/// Names of columns that hold a field, best first, without case and separators.
const NAMES: [(Role, &str, &[&str]); 5] = [
    (
        Role::User,
        "USER_ID",
        &[
            "userid",
            "user",
            "uid",
            "visitorid",
            "customerid",
            "customer",
            "reviewerid",
            "memberid",
            "clientid",
            "accountid",
            "sessionid",
            "session",
        ],
    ),
    (
        Role::Item,
        "ITEM_ID",
        &[
            "itemid",
            "item",
            "parentasin",
            "asin",
            "sku",
            "productid",
            "product",
            "articleid",
            "movieid",
            "videoid",
            "trackid",
            "track",
            "bookid",
            "businessid",
            "appid",
            "newsid",
            "locationid",
            "offerid",
            "goodsid",
            "contentid",
            "artistid",
            "campaign",
        ],
    ),
    (
        Role::Timestamp,
        "TIMESTAMP",
        &[
            "timestamp",
            "unixreviewtime",
            "ts",
            "time",
            "datetime",
            "eventtime",
            "createdat",
            "dateadded",
            "date",
            "eventdate",
            "tdat",
        ],
    ),
    (
        Role::EventType,
        "EVENT_TYPE",
        &["eventtype", "event", "action", "behavior", "behaviortype"],
    ),
    (
        Role::EventValue,
        "EVENT_VALUE",
        &["eventvalue", "rating", "overall", "stars", "score"],
    ),
];

/// Words within names that hold a field.
const WORDS: [(Role, &[&str]); 3] = [
    (
        Role::User,
        &[
            "user", "customer", "visitor", "client", "member", "account", "session",
        ],
    ),
    (
        Role::Item,
        &[
            "item", "product", "article", "movie", "video", "content", "sku", "asin", "track",
            "offer",
        ],
    ),
    (
        Role::Timestamp,
        &["time", "date", "ts", "epoch", "created", "_at", "sent"],
    ),
];

/// Metadata fields that are proposed, at most: as many as the service takes.
const MOST_METADATA: usize = 5;

/// The error for columns without those of required fields: for each, which columns may hold it, by their
/// names and, for the timestamp, by their values; and options that take them.
pub(super) fn candidates(
    roles: &[Role],
    names: &[String],
    profiles: &[Profile],
    form: &FileForm,
) -> Error {
    let lacking: Vec<String> = roles
        .iter()
        .map(|role| {
            let found = candidates_of(*role, names, profiles);
            match found.is_empty() {
                true => format!("{} (no column looks like it)", field_of(*role)),
                false => format!("{} (it may be {})", field_of(*role), found.join(" or ")),
            }
        })
        .collect();
    // A mapping names the columns, and so they are not listed again.
    let advice = match proposal(names, profiles, form) {
        Some(options) => {
            format!("to take them by other names, add {options} to infer and import")
        }
        None => format!(
            "to take them by other names, say which columns they are (--map FIELD=COLUMN,...); the header \
             has {}",
            names.join(", ")
        ),
    };
    Error::invalid(format!(
        "line 1: the header lacks {}, which every schema must have; rename the columns that hold them; \
         {advice}",
        lacking.join(", "),
    ))
}

/// Options that give each field of a schema a column of a file with these names, or a value: those that
/// are called so but for case and separators, and else those of names that are known to hold a field.
/// `None` where a user, item or time has no such column.
pub(super) fn mapping_for(names: &[String], schema: &Schema) -> Option<String> {
    let mut free: Vec<&String> = names
        .iter()
        .filter(|name| schema.position(name).is_none())
        .collect();
    let (mut pairs, mut constants) = (Vec::new(), Vec::new());
    for field in schema.fields() {
        let (name, role) = (field.name(), field.role());
        if names.iter().any(|known| known == name) {
            continue;
        }
        let ranked = free.iter().enumerate().filter_map(|(at, column)| {
            let same = letters(column) == letters(name);
            let rank = rank(role, column);
            (same || rank.is_some()).then_some((!same, rank, at))
        });
        match ranked.min() {
            Some((.., at)) => pairs.push(format!("{name}={}", free.remove(at))),
            None if field.is_nullable() => {}
            None if matches!(role, Role::User | Role::Item | Role::Timestamp) => return None,
            None => constants.push(format!(" --set {name}=VALUE")),
        }
    }
    if pairs.is_empty() {
        // Where one column is named, those that no field takes are left out.
        let user = schema.fields().get(schema.user())?.name();
        pairs.push(format!("{user}={user}"));
    }
    Some(format!("{}{}", as_option(&pairs)?, constants.concat()))
}

/// `--map` with these pairs; `None` where a name cannot stand in it.
fn as_option(pairs: &[String]) -> Option<String> {
    if pairs.iter().any(|pair| pair.contains([',', '\''])) {
        return None;
    }
    let pairs = pairs.join(",");
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_=,.-".contains(c);
    Some(match pairs.chars().all(is_plain) {
        true => format!("--map {pairs}"),
        false => format!("--map '{pairs}'"),
    })
}

/// The letters and digits of a name, in lower case.
fn letters(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

fn field_of(role: Role) -> &'static str {
    let known = NAMES.iter().find(|(known, ..)| *known == role);
    known.map_or("?", |(_, field, _)| field)
}

/// The columns that may hold a required field.
fn candidates_of<'a>(role: Role, names: &'a [String], profiles: &[Profile]) -> Vec<&'a str> {
    let words = WORDS.iter().find(|(known, _)| *known == role);
    let words = words.map_or(&[][..], |(_, words)| words);
    let alike = |name: &str| {
        let lower = name.to_ascii_lowercase();
        let is_within = words.iter().any(|word| match *word {
            "ts" => lower.split('_').any(|part| part == "ts"),
            word => lower.contains(word),
        });
        is_within || rank(role, name).is_some()
    };
    names
        .iter()
        .zip(profiles)
        .filter(|(name, _)| Role::of_name(name) == Role::Metadata)
        .filter(|(name, profile)| {
            let is_time = profile.is_times() || profile.is_dates();
            alike(name) || (role == Role::Timestamp && is_time)
        })
        .map(|(name, _)| name.as_str())
        .collect()
}

/// How good a name is for a role: 0 is best.
fn rank(role: Role, name: &str) -> Option<usize> {
    let untyped = name.split(':').next().unwrap_or(name);
    let letters = letters(untyped);
    let (_, _, known) = NAMES.iter().find(|(known, ..)| *known == role)?;
    known.iter().position(|name| *name == letters)
}

/// The options that map the columns, where each required field has one.
fn proposal(names: &[String], profiles: &[Profile], form: &FileForm) -> Option<String> {
    if !form.map.is_empty() {
        return None;
    }
    let mut taken = vec![false; names.len()];
    let mut pairs = Vec::new();
    let mut unit = None;
    for (role, field, _) in NAMES {
        let given = form.set.iter().any(|(set, _)| set == field)
            || (role == Role::Timestamp && form.order_as_time)
            || (role == Role::Item && form.click_labels);
        if given {
            continue;
        }
        let is_required = matches!(role, Role::User | Role::Item | Role::Timestamp);
        let found = candidates_of(role, names, profiles);
        let ranked = names
            .iter()
            .zip(profiles)
            .enumerate()
            .filter_map(|(at, (name, profile))| {
                let rank = rank(role, name);
                let is_alike = is_required && found.contains(&name.as_str());
                if taken.get(at) != Some(&false) || (rank.is_none() && !is_alike) {
                    return None;
                }
                // What a time looks like says more than its name.
                let is_no_time =
                    role == Role::Timestamp && !profile.is_times() && !profile.is_dates();
                Some((is_no_time, rank.unwrap_or(usize::MAX), at))
            });
        let Some((_, _, at)) = ranked.min() else {
            if is_required {
                return None;
            }
            continue;
        };
        let (name, profile) = (names.get(at)?, profiles.get(at)?);
        if role == Role::EventValue && !profile.is_numbers() {
            continue;
        }
        if role == Role::Timestamp && form.time_unit.is_none() {
            unit = unit_of(profile);
        }
        if let Some(slot) = taken.get_mut(at) {
            *slot = true;
        }
        if name != field {
            pairs.push(format!("{field}={}", untyped(name)));
        }
    }
    let rest = names.iter().zip(&taken).filter(|(_, taken)| !**taken);
    let rest =
        rest.filter_map(|(name, _)| Some(format!("{}={}", field_name(name)?, untyped(name))));
    pairs.extend(rest.take(MOST_METADATA));
    let map = as_option(&pairs)?;
    Some(match unit {
        Some(unit) => format!("{map} --time-unit {unit}"),
        None => map,
    })
}

/// The unit of a column's times, where they are not seconds, as `--time-unit` has it.
pub(super) fn unit_of(profile: &Profile) -> Option<&'static str> {
    match profile.odd_time() {
        Some(OddTime::Milliseconds) => Some("ms"),
        Some(OddTime::Microseconds) => Some("us"),
        Some(OddTime::Nanoseconds) => Some("ns"),
        _ => profile.is_dates().then_some("iso"),
    }
}

/// A column's name without the type that RecBole writes behind it.
fn untyped(name: &str) -> &str {
    name.split_once(':').map_or(name, |(name, _)| name)
}

/// The name of a metadata field for a column: `playDuration` and `play duration` are `PLAY_DURATION`.
fn field_name(column: &str) -> Option<String> {
    let mut field = String::new();
    let mut before_lower = false;
    for c in untyped(column).chars() {
        if !c.is_ascii_alphanumeric() {
            if !field.ends_with('_') && !field.is_empty() {
                field.push('_');
            }
            before_lower = false;
            continue;
        }
        if c.is_ascii_uppercase() && before_lower {
            field.push('_');
        }
        before_lower = c.is_ascii_lowercase();
        field.push(c.to_ascii_uppercase());
    }
    let field = field.trim_end_matches('_').to_owned();
    let is_name = field.starts_with(|c: char| c.is_ascii_alphabetic());
    (is_name && Role::of_name(&field) == Role::Metadata).then_some(field)
}
