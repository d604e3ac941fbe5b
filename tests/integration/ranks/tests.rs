//! The check itself, on sources that keep the rules and on sources that break them.

use super::circles::circles;
use super::{Source, violations};

fn sources(files: &[(&str, &str)]) -> Vec<Source> {
    let source = |(path, text): &(&str, &str)| Source {
        path: (*path).to_owned(),
        text: (*text).to_owned(),
    };
    files.iter().map(source).collect()
}

fn check(files: &[(&str, &str)]) -> Vec<String> {
    violations(&sources(files))
}

/// The files of each circle.
fn circled(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    let circles = circles(&sources(files)).unwrap();
    circles.into_iter().map(|circle| circle.files).collect()
}

#[track_caller]
fn assert_no_circle(files: &[(&str, &str)]) {
    assert_eq!(circled(files), Vec::<Vec<String>>::new());
}

/// One violation, at this place, that says this.
#[track_caller]
fn assert_refused(path: &str, text: &str, place: &str, says: &str) {
    let found = check(&[(path, text)]);
    let [only] = found.as_slice() else {
        panic!("expected one violation, found {found:#?}")
    };
    assert!(only.starts_with(place), "{only}");
    assert!(only.contains(says), "{only}");
}

#[track_caller]
fn assert_allowed(path: &str, text: &str) {
    assert_eq!(check(&[(path, text)]), Vec::<String>::new());
}

#[test]
fn own_folder_and_lower_ranks_are_allowed() {
    assert_allowed(
        "src/store/seal.rs",
        "use crate::{hot::Tier, segment::{self, Writer}, model::Error};\n\
         use super::manifest::Edit;\n\
         fn f() { crate::store::gc(); crate::codec::pack(&[]); std::mem::drop(crate::io::open()) }",
    );
}

#[test]
fn a_higher_rank_is_refused() {
    assert_refused(
        "src/model/schema.rs",
        "use std::fmt;\n\nuse crate::store::Manifest;\n",
        "src/model/schema.rs:3: ",
        "`model` (rank 0) names `store` (rank 5)",
    );
}

#[test]
fn a_neighbour_of_the_same_rank_is_refused() {
    let neighbours = [
        ("segment", "hot"),
        ("hot", "segment"),
        ("text", "check"),
        ("check", "text"),
    ];
    for (folder, neighbour) in neighbours {
        assert_refused(
            &format!("src/{folder}/file.rs"),
            &format!("use crate::{neighbour}::Thing;"),
            &format!("src/{folder}/file.rs:1: "),
            &format!("names `{neighbour}`"),
        );
    }
}

#[test]
fn a_group_is_searched_to_its_last_name() {
    assert_refused(
        "src/segment/reader.rs",
        "use crate::{\n    codec::{bitpack, delta},\n    hot::{Key, Row},\n    model::Error,\n};",
        "src/segment/reader.rs:3: ",
        "names `hot`",
    );
}

#[test]
fn a_path_in_code_or_in_a_macro_call_counts() {
    let place = "src/codec/choose.rs:2: ";
    let path = "src/codec/choose.rs";
    assert_refused(
        path,
        "fn f() {\n crate::store::open() }",
        place,
        "names `store`",
    );
    assert_refused(
        path,
        "fn f() {\n vec![crate::store::X] }",
        place,
        "names `store`",
    );
    assert_refused(
        path,
        "macro_rules! m { () => {\n $crate::store::X } }",
        place,
        "names `store`",
    );
}

#[test]
fn super_is_followed_to_the_root() {
    let api = "names `api`";
    assert_refused(
        "src/io/local.rs",
        "use super::super::api::Store;",
        "src/io/local.rs:1: ",
        api,
    );
    assert_refused(
        "src/io/mod.rs",
        "use super::api::Store;",
        "src/io/mod.rs:1: ",
        api,
    );
    assert_refused(
        "src/io.rs",
        "use super::{api, model};",
        "src/io.rs:1: ",
        api,
    );
    assert_refused(
        "src/io/local.rs",
        "mod inner {\n use super::super::super::api; }",
        "src/io/local.rs:2: ",
        api,
    );
    assert_allowed(
        "src/io/local.rs",
        "use super::api::Store; mod inner { use super::*; }",
    );
}

#[test]
fn the_whole_root_is_refused() {
    for text in [
        "use crate::*;",
        "use crate as c;",
        "use crate::{self as c};",
        "extern crate self as c;",
    ] {
        assert_refused(
            "src/store/gc.rs",
            text,
            "src/store/gc.rs:1: ",
            "whole crate root",
        );
    }
}

#[test]
fn root_names_are_for_those_who_stand_on_the_public_api() {
    assert_allowed(
        "src/export/csv.rs",
        "use crate::{Store, api::Scan, model::Schema};",
    );
    assert_refused(
        "src/store/gc.rs",
        "use crate::Store;",
        "src/store/gc.rs:1: ",
        "`crate::Store` from the crate root",
    );
}

#[test]
fn what_stands_on_the_public_api_reaches_no_deeper() {
    for folder in ["import", "export", "filter", "insights", "report", "shards"] {
        for inside in ["store", "segment", "hot", "codec", "io"] {
            assert_refused(
                &format!("src/{folder}/file.rs"),
                &format!("use crate::{inside}::Thing;"),
                &format!("src/{folder}/file.rs:1: "),
                "stands on the public API",
            );
        }
    }
    assert_allowed(
        "src/shards/import.rs",
        "use crate::{Store, import::RowSink};",
    );
    for (folder, other) in [
        ("import", "export"),
        ("import", "shards"),
        ("shards", "report"),
    ] {
        assert_refused(
            &format!("src/{folder}/file.rs"),
            &format!("use crate::{other}::Thing;"),
            &format!("src/{folder}/file.rs:1: "),
            &format!("names `{other}`"),
        );
    }
}

#[test]
fn only_hot_names_rocksdb() {
    assert_allowed("src/hot/tier.rs", "use rocksdb::DB;");
    for path in [
        "src/store/write.rs",
        "src/model/error.rs",
        "src/import/csv.rs",
        "src/lib.rs",
    ] {
        let place = format!("{path}:2: ");
        assert_refused(path, "\nfn f(e: rocksdb::Error) {}", &place, "only src/hot");
    }
}

#[test]
fn one_file_names_bincode() {
    let row = (
        "src/hot/row.rs",
        "#[derive(bincode::Encode)] struct Row; use bincode::config;",
    );
    assert!(check(&[row]).is_empty());
    let found = check(&[row, ("src/store/manifest.rs", "\nuse bincode::Decode;")]);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(
        found[0].starts_with("src/hot/row.rs:1: names `bincode`"),
        "{found:#?}"
    );
    assert!(
        found[1].starts_with("src/store/manifest.rs:2: names `bincode`"),
        "{found:#?}"
    );
}

#[test]
fn tests_comments_and_strings_do_not_count() {
    assert_allowed(
        "src/codec/list.rs",
        "//! See [`crate::store`].\n\
         // use crate::store;\n\
         const S: &str = \"crate::store::X rocksdb\";\n\
         #[cfg(test)] use crate::{store::X, hot};\n\
         #[cfg(all(test, unix))] pub(crate) fn f<A, B>(a: A) -> B { crate::store::f(a) }\n\
         #[cfg(test)]\n#[path = \"x.rs\"]\nmod tests { use crate::store; use rocksdb::DB; }\n",
    );
    assert_allowed("src/codec/list/tests.rs", "use crate::store::X;");
    assert_allowed(
        "src/codec/fixtures.rs",
        "#![cfg(test)]\nuse crate::store::X;",
    );
}

#[test]
fn what_follows_something_for_tests_counts() {
    let store = "names `store`";
    let path = "src/codec/list.rs";
    let place = "src/codec/list.rs:2: ";
    assert_refused(
        path,
        "#[cfg(test)] mod tests;\nuse crate::store::X;",
        place,
        store,
    );
    assert_refused(
        path,
        "#[cfg(test)] mod tests {}\nuse crate::store::X;",
        place,
        store,
    );
    assert_refused(
        path,
        "struct S { #[cfg(test)] pub a: A,\n b: crate::store::X }",
        place,
        store,
    );
    assert_refused(
        path,
        "#[cfg(not(test))]\nuse crate::store::X;",
        place,
        store,
    );
}

#[test]
fn a_file_without_a_rank_is_refused() {
    let path = "src/util.rs";
    assert_refused(path, "fn f() {}", "src/util.rs: ", "`util` has no rank");
    assert_refused(
        "src/misc/a.rs",
        "use crate::api;",
        "src/misc/a.rs: ",
        "`misc` has no rank",
    );
}

#[test]
fn the_crate_root_names_every_folder() {
    assert_allowed(
        "src/lib.rs",
        "pub mod api; mod hot; pub use crate::api::Store;",
    );
}

#[test]
fn a_circle_is_named_with_its_files_lines_and_names() {
    let found = circles(&sources(&[
        ("src/store/mod.rs", "mod engine;\nmod worker;\nmod write;"),
        (
            "src/store/engine.rs",
            "//! Parts.\n\nuse super::worker::{self, Wake};\npub struct Engine(Wake);",
        ),
        (
            "src/store/worker.rs",
            "pub struct Wake;\nfn run(engine: &crate::store::engine::Engine) {}",
        ),
        ("src/store/write.rs", "use super::engine::Engine;"),
    ]))
    .unwrap();
    let [circle] = found.as_slice() else {
        panic!("expected one circle, found {found:#?}")
    };
    assert_eq!(circle.files, ["src/store/engine.rs", "src/store/worker.rs"]);
    assert_eq!(
        circle.imports,
        [
            "src/store/engine.rs:3 imports src/store/worker.rs by `super::worker`",
            "src/store/worker.rs:2 imports src/store/engine.rs by `crate::store::engine::Engine`",
        ]
    );
}

#[test]
fn a_circle_over_several_files_is_one() {
    let files = [
        ("src/io/a.rs", "use super::b::B; pub struct A;"),
        ("src/io/b.rs", "use super::c::C; pub struct B;"),
        ("src/io/c.rs", "use super::a::A; pub struct C;"),
        ("src/io/d.rs", "use super::e::E; pub struct D;"),
        ("src/io/e.rs", "fn f() { super::d::D }\n pub struct E;"),
        ("src/io/f.rs", "use super::{a::A, e::E};"),
    ];
    let want = [
        vec!["src/io/a.rs", "src/io/b.rs", "src/io/c.rs"],
        vec!["src/io/d.rs", "src/io/e.rs"],
    ];
    assert_eq!(circled(&files), want);
}

#[test]
fn a_name_is_followed_to_the_file_that_defines_it() {
    // Over re-exports with other names, globs, and a module that was imported.
    for names_b in [
        "use super::B;",
        "use crate::codec::Other as B;",
        "use super::*;\nfn f() -> B {}",
        "use super::b;\nfn f() -> b::B {}",
        "use crate::codec;\nfn f() -> codec::B {}",
    ] {
        let files = [
            ("src/lib.rs", "mod codec; pub use codec::B;"),
            (
                "src/codec/mod.rs",
                "mod a; mod b; pub use b::{B, B as Other};",
            ),
            ("src/codec/a.rs", &*format!("{names_b}\npub struct A;")),
            ("src/codec/b.rs", "use super::a::A; pub struct B;"),
        ];
        let want = [["src/codec/a.rs", "src/codec/b.rs"]];
        assert_eq!(circled(&files), want, "{names_b}");
    }
}

#[test]
fn a_reexport_is_no_import_but_its_use_is() {
    let child = (
        "src/hot/rocks/open.rs",
        "use super::RocksLog; pub struct Mended;",
    );
    let parent = "mod open; pub(crate) use open::Mended; pub struct RocksLog;";
    assert_no_circle(&[("src/hot/rocks.rs", parent), child]);
    let uses_it = format!("{parent} fn f() -> Mended {{}}");
    assert_eq!(
        circled(&[("src/hot/rocks.rs", &uses_it), child]),
        [["src/hot/rocks.rs", "src/hot/rocks/open.rs"]]
    );
    let by_path = "mod open; fn f() { open::start() } pub struct RocksLog;";
    let child = (
        "src/hot/rocks/open.rs",
        "use super::RocksLog; fn start() {}",
    );
    assert_eq!(
        circled(&[("src/hot/rocks.rs", by_path), child]),
        [["src/hot/rocks.rs", "src/hot/rocks/open.rs"]]
    );
}

#[test]
fn a_module_in_braces_belongs_to_its_file() {
    let inner = "mod inner { use super::super::b::B; } pub struct A;";
    let files = [
        ("src/io/a.rs", inner),
        ("src/io/b.rs", "use super::a::A; pub struct B;"),
    ];
    assert_eq!(circled(&files), [["src/io/a.rs", "src/io/b.rs"]]);
    // `super` of a module in braces is its file.
    assert_no_circle(&[("src/io/a.rs", "mod inner { use super::A; } pub struct A;")]);
}

#[test]
fn tests_are_part_of_no_circle() {
    let a = "#[cfg(test)] use super::b::B;\n#[cfg(test)] mod tests { use super::super::b::B; }\n\
             pub struct A;";
    let b = ("src/io/b.rs", "use super::a::A; pub struct B;");
    assert_no_circle(&[("src/io/a.rs", a), b]);
    // Nor are files of tests, by their name or by how they are declared.
    assert_no_circle(&[
        ("src/io/mod.rs", "mod b; mod c; #[cfg(test)] mod a;"),
        ("src/io/a.rs", "use super::b::B; pub struct A;"),
        b,
        ("src/io/c.rs", "#[cfg(test)] mod tests; pub struct C;"),
        ("src/io/c/tests/d.rs", "use super::super::C; pub struct D;"),
    ]);
}

#[test]
fn other_crates_and_a_visibility_are_no_imports() {
    assert_no_circle(&[
        (
            "src/export/mod.rs",
            "mod csv; mod read; pub struct E; fn f() { csv::g() }",
        ),
        ("src/export/csv.rs", "use super::read::R; pub fn g() {}"),
        (
            "src/export/read.rs",
            "use ::csv::Writer; pub(in crate::export) struct R; fn h() { csv::Reader::new() }",
        ),
    ]);
}
