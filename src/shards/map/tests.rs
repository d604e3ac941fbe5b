use proptest::prelude::*;

use super::*;

fn store(number: u8) -> StoreId {
    StoreId([number; StoreId::BYTES])
}

fn map(shards: u8) -> ShardMap {
    let stores: Vec<StoreId> = (0..shards).map(store).collect();
    ShardMap::new(&stores)
}

const FORMAT: &str = include_str!("../../../FORMAT.md");

/// FORMAT.md has these bytes, with their check.
const TWO: &str = r#"{
  "version": 1,
  "hash": "xxh3-64",
  "seed": "0000616e6e616c73",
  "edit": 1,
  "next": 3,
  "shards": [
    {"first": "0000000000000000", "last": "7fffffffffffffff", "folder": "shard-1", "store": "00000000000000000000000000000000"},
    {"first": "8000000000000000", "last": "ffffffffffffffff", "folder": "shard-2", "store": "01010101010101010101010101010101"}
  ],
  "check": "CHECK"
}
"#;

/// The text with the check that it should have.
fn sealed(text: &str) -> String {
    let end = text.find("  \"check\"").unwrap_or(0);
    let check = xxh3_64(&text.as_bytes()[..end]);
    text.replace("CHECK", &format!("{check:016x}"))
}

#[test]
fn the_bytes_are_those_of_the_format() {
    let text = sealed(TWO);
    assert!(FORMAT.contains(&text));
    assert_eq!(String::from_utf8(map(2).encode()).unwrap(), text);
    assert_eq!(ShardMap::decode(text.as_bytes()).unwrap(), map(2));
}

#[test]
fn each_rule_is_held_to() {
    let cases = [
        ("\"version\": 1", "\"version\": 2", "format version 2"),
        (
            "\"version\": 1",
            "\"version\": 1, \"more\": 1",
            "unknown field `more`",
        ),
        (
            "\"edit\": 1",
            "\"edit\": 1, \"edit\": 1",
            "duplicate field `edit`",
        ),
        ("  \"edit\": 1,\n", "", "missing field `edit`"),
        ("xxh3-64", "md5", "hash \"md5\" is not known"),
        ("0000616e6e616c73", "0000000000000000", "the seed is 0"),
        (
            "0000616e6e616c73",
            "616e6e616c73",
            "seed \"616e6e616c73\" is not 16",
        ),
        ("0000616e6e616c73", "0000616E6e616c73", "in lower case"),
        ("\"edit\": 1", "\"edit\": 0", "edit is 0"),
        ("\"edit\": 1", "\"edit\": -1", "invalid value"),
        (
            "\"next\": 3",
            "\"next\": 2",
            "the number of folder shard-2 is not below next, 2",
        ),
        (
            "8000000000000000",
            "8000000000000001",
            "no shard has the hashes 8000000000000000 to 8000000000000000",
        ),
        (
            "8000000000000000",
            "7fffffffffffffff",
            "begins at 7fffffffffffffff, which a shard before it has",
        ),
        (
            "8000000000000000",
            "0000000000000000",
            "which a shard before it has",
        ),
        (
            "\"first\": \"0000000000000000\"",
            "\"first\": \"0000000000000001\"",
            "no shard has the hashes 0000000000000000 to 0000000000000000",
        ),
        (
            "ffffffffffffffff",
            "fffffffffffffffe",
            "no shard has the hashes ffffffffffffffff to ffffffffffffffff, at the end",
        ),
        (
            "ffffffffffffffff",
            "1000000000000000",
            "its last hash 1000000000000000 is before its first",
        ),
        (
            "\"shard-2\"",
            "\"../shard-2\"",
            "folder \"../shard-2\" is not shard-N",
        ),
        ("\"shard-2\"", "\"shard-02\"", "is not shard-N"),
        ("\"shard-2\"", "\"shard-0\"", "is not shard-N"),
        ("\"shard-2\"", "\"/tmp\"", "is not shard-N"),
        (
            "\"shard-2\"",
            "\"shard-1\"",
            "another shard has its folder shard-1",
        ),
        (
            "0101010101010101",
            "0000000000000000",
            "another shard has its store",
        ),
        (
            "01010101010101010101010101010101",
            "0101",
            "is not 32 hexadecimal digits",
        ),
        (
            "\"edit\": 1",
            "\"edit\":  1",
            "not in the form in which annals writes it",
        ),
        ("\"edit\": 1", "\"edit\": 1.5", "invalid type"),
    ];
    for (from, to, says) in cases {
        let changed = TWO.replace(from, to);
        assert_ne!(changed, TWO, "{from}");
        let error = ShardMap::decode(sealed(&changed).as_bytes()).unwrap_err();
        assert!(error.message().contains(says), "{to}: {error}");
    }
    let changed = sealed(TWO).replace("0000616e6e616c73", "0000616e6e616c72");
    let error = ShardMap::decode(changed.as_bytes()).unwrap_err();
    assert!(
        error.message().contains("which is not that of its content"),
        "{error}"
    );
    let none = map(0).encode();
    let error = ShardMap::decode(&none).unwrap_err();
    assert!(
        error
            .message()
            .contains("no shard has the hashes 0000000000000000"),
        "{error}"
    );
}

/// Whatever one byte becomes, it is an error, never another routing.
#[test]
fn no_changed_byte_is_read() {
    let bytes = map(3).encode();
    for place in 0..bytes.len() {
        for flip in [1u8, 2, 4, 8, 16, 32, 64, 128] {
            let mut changed = bytes.clone();
            changed[place] ^= flip;
            assert!(ShardMap::decode(&changed).is_err(), "byte {place}");
        }
        assert!(ShardMap::decode(&bytes[..place]).is_err());
    }
}

#[test]
fn the_hash_is_frozen() {
    // Of another implementation, which FORMAT.md has, too.
    let long = "u".repeat(300);
    let vectors = [
        ("", "84ce27f4447bd452", [1, 1, 3]),
        ("ada", "2d80f0b225219f01", [0, 0, 1]),
        ("user-1", "d70592eaa7daab44", [1, 2, 5]),
        ("Zo\u{eb}", "cf05620505ef30f6", [1, 2, 5]),
        (
            "0123456789abcdef0123456789abcdef",
            "76a9307a93155b7f",
            [0, 1, 3],
        ),
        (&long[..240], "e507d244c7635844", [1, 2, 6]),
        (&long, "693fd4a2abc91f1a", [0, 1, 2]),
    ];
    for (user, hash, shards) in vectors {
        assert_eq!(format!("{:016x}", user_hash(user, SEED)), hash, "{user}");
        let of = |count| map(count).shard_of(user);
        assert_eq!([of(2), of(3), of(7)], shards, "{user}");
        let [two, three, seven] = shards;
        let line = format!(
            "| {} | `{hash}` | {two} | {three} | {seven} |\n",
            user.len()
        );
        assert!(FORMAT.contains(&line), "{line}");
    }
}

proptest! {
    #[test]
    fn any_sequence_of_splits_and_merges_keeps_the_cover(
        first in 1usize..9,
        steps in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 0..24),
        users in prop::collection::vec(".{0,12}", 1..8),
    ) {
        let mut map = map(first as u8);
        let mut fresh = first as u8;
        for (split, at) in steps {
            let at = at.index(map.len());
            let range = map.shards()[at].range();
            let (last, ranges) = match split {
                true => (at, range.halves().unwrap().to_vec()),
                false if at + 1 < map.len() => (at + 1, vec![range.with(map.shards()[at + 1].range()).unwrap()]),
                false => continue,
            };
            let names = map.next_folders(ranges.len() as u64).unwrap();
            let shards = ranges.into_iter().zip(names).map(|(range, folder)| {
                fresh += 1;
                Shard { range, folder, store: store(fresh).to_string() }
            });
            let next = map.with(at, last, shards.collect()).unwrap();
            prop_assert_eq!(next.edit(), map.edit() + 1);
            map = next;
            prop_assert_eq!(&ShardMap::decode(&map.encode()).unwrap(), &map);
        }
        for user in users {
            let hash = user_hash(&user, map.seed());
            let owners: Vec<usize> = (0..map.len()).filter(|at| map.shards()[*at].range().contains(hash)).collect();
            prop_assert_eq!(owners, [map.shard_of(&user)]);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(ShardMap::decode(&bytes).is_err());
    }
}
