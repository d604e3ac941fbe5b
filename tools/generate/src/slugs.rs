use crate::mix::{mix, permuted};

/// Words of slugs, the most frequent first.
const WORDS: [&str; 256] = [
    "the",
    "of",
    "and",
    "to",
    "for",
    "with",
    "new",
    "how",
    "why",
    "after",
    "over",
    "from",
    "what",
    "world",
    "year",
    "first",
    "city",
    "people",
    "state",
    "plan",
    "home",
    "time",
    "market",
    "health",
    "school",
    "report",
    "police",
    "court",
    "game",
    "team",
    "season",
    "players",
    "climate",
    "energy",
    "power",
    "water",
    "prices",
    "economy",
    "workers",
    "government",
    "election",
    "minister",
    "council",
    "leader",
    "talks",
    "deal",
    "trade",
    "budget",
    "tax",
    "bank",
    "money",
    "rates",
    "housing",
    "rent",
    "family",
    "children",
    "women",
    "history",
    "music",
    "film",
    "review",
    "guide",
    "best",
    "week",
    "summer",
    "winter",
    "spring",
    "autumn",
    "storm",
    "rain",
    "heat",
    "record",
    "river",
    "coast",
    "island",
    "forest",
    "farmers",
    "food",
    "recipe",
    "kitchen",
    "garden",
    "travel",
    "train",
    "airport",
    "flight",
    "road",
    "bridge",
    "traffic",
    "driver",
    "cars",
    "electric",
    "battery",
    "phone",
    "screen",
    "data",
    "privacy",
    "security",
    "network",
    "software",
    "science",
    "study",
    "research",
    "university",
    "students",
    "teachers",
    "exam",
    "museum",
    "gallery",
    "artist",
    "book",
    "author",
    "theatre",
    "stage",
    "festival",
    "concert",
    "album",
    "singer",
    "dance",
    "match",
    "final",
    "cup",
    "league",
    "coach",
    "goal",
    "title",
    "race",
    "cycling",
    "tennis",
    "golf",
    "swimming",
    "olympic",
    "medal",
    "fans",
    "stadium",
    "club",
    "transfer",
    "injury",
    "return",
    "win",
    "loss",
    "draw",
    "lead",
    "late",
    "early",
    "morning",
    "night",
    "weekend",
    "today",
    "future",
    "past",
    "change",
    "crisis",
    "growth",
    "jobs",
    "strike",
    "union",
    "pay",
    "pension",
    "law",
    "rule",
    "ban",
    "rights",
    "vote",
    "party",
    "debate",
    "speech",
    "visit",
    "border",
    "army",
    "peace",
    "war",
    "aid",
    "rescue",
    "fire",
    "flood",
    "quake",
    "hospital",
    "doctors",
    "patients",
    "vaccine",
    "virus",
    "cancer",
    "sleep",
    "diet",
    "exercise",
    "mind",
    "brain",
    "heart",
    "animals",
    "birds",
    "fish",
    "whale",
    "wolf",
    "ocean",
    "ice",
    "moon",
    "planet",
    "space",
    "rocket",
    "launch",
    "satellite",
    "star",
    "light",
    "sound",
    "picture",
    "video",
    "story",
    "letter",
    "opinion",
    "question",
    "answer",
    "problem",
    "solution",
    "idea",
    "project",
    "building",
    "tower",
    "street",
    "park",
    "square",
    "village",
    "town",
    "region",
    "north",
    "south",
    "east",
    "west",
    "central",
    "local",
    "global",
    "national",
    "public",
    "private",
    "small",
    "large",
    "young",
    "old",
    "rich",
    "poor",
    "free",
    "open",
    "closed",
    "rising",
    "falling",
    "hidden",
    "lost",
    "found",
    "secret",
    "simple",
    "hard",
    "quick",
    "slow",
    "photo",
    "radio",
    "magazine",
    "weather",
];

/// Bits of a word's place.
const WORD_BITS: u32 = 8;
/// Words that tell an item from all others.
const TELLING: u32 = 3;
const LEAST: usize = 20;
const MOST: usize = 60;

/// Appends an item's slug, [`LEAST`] to [`MOST`] bytes: words with hyphens between them. The first three are alike
/// frequent and tell items apart, which ends at 2^24 of them; of the others, frequency falls with the rank.
pub(crate) fn push_slug(out: &mut String, item: u32) {
    let start = out.len();
    let telling = permuted(item.into(), TELLING * WORD_BITS);
    for place in 0..TELLING {
        if place > 0 {
            out.push('-');
        }
        out.push_str(word(telling >> (place * WORD_BITS)));
    }
    let mut random = mix(item.into());
    let asked = LEAST + (random % (MOST - LEAST + 1) as u64) as usize;
    loop {
        random = mix(random);
        // An octave of ranks, then a rank in it: a word of rank k has a weight of about 1/k.
        let octave = random % u64::from(WORD_BITS);
        let rank = (1 << octave) + ((random >> 32) & ((1 << octave) - 1)) - 1;
        let next = word(rank);
        let len = out.len() - start;
        let fits = len + 1 + next.len() <= MOST;
        if len >= LEAST && (len >= asked || !fits) {
            return;
        }
        if fits {
            out.push('-');
            out.push_str(next);
        }
    }
}

fn word(place: u64) -> &'static str {
    let place = place & ((1 << WORD_BITS) - 1);
    WORDS.get(place as usize).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn slugs_have_their_lengths_and_share_words() {
        let words: HashSet<&str> = WORDS.into_iter().collect();
        assert_eq!(words.len(), WORDS.len());
        let mut lengths = HashSet::new();
        let mut used = HashSet::new();
        for item in 0..50_000 {
            let mut slug = "before".to_owned();
            push_slug(&mut slug, item);
            let slug = &slug["before".len()..];
            assert!((LEAST..=MOST).contains(&slug.len()), "{slug}");
            lengths.insert(slug.len());
            let telling: Vec<&str> = slug.split('-').take(3).collect();
            used.insert(telling.join("-"));
            assert!(slug.split('-').all(|word| words.contains(word)), "{slug}");
        }
        assert_eq!(lengths.len(), MOST - LEAST + 1);
        assert_eq!(used.len(), 50_000);
    }
}
