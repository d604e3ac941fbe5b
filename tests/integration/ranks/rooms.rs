//! The rooms of the larger folders stand on floors, as the folders themselves have ranks.

use super::Source;
use super::circles::imports;

/// The rooms of a folder, the lowest floor first. Two rooms of one floor do not know each other, and what lies in
/// the folder itself stands above all of them.
const FLOORS: [(&str, &[&[&str]]); 3] = [
    ("hot", &[&["log"], &["mirror", "registry"]]),
    ("segment", &[&["format"], &["write", "read"]]),
    (
        "store",
        &[
            &["folder"],
            &["joins"],
            &["engine"],
            &["merge", "open"],
            &["bulk", "delete", "read", "write"],
            &["copy", "maintain", "report"],
        ],
    ),
];

/// Where a file stands.
#[derive(Debug, PartialEq)]
struct Place<'a> {
    folder: &'a str,
    /// `None` for one that lies in the folder itself.
    room: Option<&'a str>,
    floor: usize,
}

/// All that is wrong in `sources`, a line each: where, what, and what to do.
pub(super) fn against_floors(sources: &[Source]) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    for Source { path, .. } in sources {
        if let Some((folder, room)) = unknown_room(path) {
            found.push(format!(
                "{path}: `{room}` of `{folder}` has no floor; move the file into a room, or give its room a floor in \
                 tests/integration/ranks/rooms.rs"
            ));
        }
    }
    for import in imports(sources)? {
        let (Some(from), Some(to)) = (place(import.from), place(import.to)) else {
            continue;
        };
        let own = from.room == to.room;
        if from.folder == to.folder && !own && to.floor >= from.floor {
            found.push(format!(
                "{}:{} imports {} by `{}`: a room imports from its own files or from a lower floor; move what both \
                 need down, or the caller up",
                import.from, import.line, import.to, import.path
            ));
        }
    }
    Ok(found)
}

/// The folder and the room of a file, as its path has them.
fn folder_and_room(path: &str) -> Option<(&str, Option<&str>)> {
    let mut names = path.strip_prefix("src/")?.split('/');
    let folder = names.next()?;
    let room = names.next().filter(|_| names.next().is_some());
    Some((folder, room))
}

fn place(path: &str) -> Option<Place<'_>> {
    let (folder, room) = folder_and_room(path)?;
    let (_, floors) = FLOORS.iter().find(|(name, _)| *name == folder)?;
    let floor = match room {
        None => floors.len(),
        Some(room) => floors.iter().position(|rooms| rooms.contains(&room))?,
    };
    Some(Place {
        folder,
        room,
        floor,
    })
}

/// The folder and the room of a file in a room that has no floor.
fn unknown_room(path: &str) -> Option<(&str, &str)> {
    let (folder, room) = folder_and_room(path)?;
    let known = FLOORS.iter().any(|(name, _)| *name == folder);
    let room = room.filter(|room| known && *room != "tests")?;
    place(path).is_none().then_some((folder, room))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&str, &str)]) -> Vec<String> {
        let source = |(path, text): &(&str, &str)| Source {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        };
        against_floors(&files.iter().map(source).collect::<Vec<_>>()).unwrap()
    }

    const SEAL: (&str, &str) = ("src/store/maintain/seal.rs", "pub struct Seal;");
    const MAINTAIN: (&str, &str) = (
        "src/store/maintain/mod.rs",
        "mod seal;\npub use seal::Seal;",
    );
    const STORE: (&str, &str) = (
        "src/store/mod.rs",
        "mod maintain;\nmod read;\nmod report;\nmod rest;",
    );

    #[test]
    fn a_room_on_the_same_floor_or_above_is_refused() {
        for (path, module) in [
            (
                "src/store/report/stats.rs",
                ("src/store/report/mod.rs", "mod stats;"),
            ),
            (
                "src/store/read/scan.rs",
                ("src/store/read/mod.rs", "mod scan;"),
            ),
        ] {
            let user = (
                path,
                "\nuse crate::store::maintain::Seal;\nfn f(_: Seal) {}",
            );
            let found = check(&[STORE, MAINTAIN, SEAL, module, user]);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].starts_with(&format!("{path}:2 ")), "{found:?}");
        }
    }

    #[test]
    fn the_folder_itself_stands_above_its_rooms() {
        let above = (
            "src/store/rest.rs",
            "use super::maintain::Seal;\npub struct Rest(Seal);",
        );
        assert_eq!(check(&[STORE, MAINTAIN, SEAL, above]), Vec::<String>::new());
        let below = (
            "src/store/maintain/seal.rs",
            "use crate::store::rest::Rest;\npub struct Seal(Rest);",
        );
        let rest = ("src/store/rest.rs", "pub struct Rest;");
        assert_eq!(check(&[STORE, MAINTAIN, below, rest]).len(), 1);
    }

    #[test]
    fn a_room_without_a_floor_is_refused() {
        let found = check(&[("src/store/attic/dust.rs", "")]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].contains("`attic` of `store` has no floor"),
            "{found:?}"
        );
    }
}
