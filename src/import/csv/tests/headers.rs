//! Headers.

use super::{HEADER, behind_quote, import};
use crate::model::Limits;

#[test]
fn columns_may_stand_in_any_order() {
    let text = "TAG,TIMESTAMP,IMPRESSION,EVENT_TYPE,USER_ID,EVENT_VALUE,ITEM_ID\r\n\
                t,5,,view,u,,i\r\n";
    let expected = ["u 5: - i - view - - t".to_owned()];
    assert_eq!(import(text.as_bytes()).unwrap(), expected);
    let marked = format!("\u{feff}{}", text.trim_end());
    assert_eq!(import(marked.as_bytes()).unwrap(), expected);
}

#[test]
fn refused_headers_name_column_and_rule() {
    let all = "USER_ID, ITEM_ID, TIMESTAMP, EVENT_TYPE, EVENT_VALUE, IMPRESSION, TAG";
    let none = "line 1: the file is empty; \
                the first line must name the columns after the schema's fields";
    for (header, message) in [
        ("", none.to_owned()),
        ("\u{feff}\r\n", none.to_owned()),
        (
            "USER_ID,ITEM_ID,EVENT_TYPE\n",
            format!(
                "line 1: the header lacks TIMESTAMP; it must name every field of the schema that may not be null; the \
                 fields are {all}"
            ),
        ),
        (
            "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,IMPRESSION,TAG,COLOR\n",
            "line 1: the schema has no column \"COLOR\"; add --map USER_ID=USER_ID to the import, which \
             leaves out other columns, or rename columns"
                .to_owned(),
        ),
        (
            "userId, ITEM_ID,when,EVENT_TYPE,EVENT_VALUE,IMPRESSION,event-type\n",
            format!(
                "line 1: the schema has no column \"userId\" (did you mean USER_ID?), \" ITEM_ID\" (did \
                 you mean ITEM_ID?), \"when\", \"event-type\"; the header lacks TIMESTAMP, TAG; say \
                 which columns to take (--map FIELD=COLUMN), or rename or remove columns so that their names are those of the schema's fields: {all}"
            ),
        ),
        (
            "USER_ID;ITEM_ID;TIMESTAMP\n",
            "line 1: semicolons separate the columns; say so (--delimiter ';'), or separate them by commas"
                .to_owned(),
        ),
        (
            "user_id\titem_id\ttitle, year\n",
            "line 1: tabs separate the columns; say so (--delimiter tab), or separate them by commas"
                .to_owned(),
        ),
        (
            "196\t242\t3\t881250949\n",
            "line 1: tabs separate the columns, and the file has no header: its first line holds \
             values, such as \"196\"; say so (--delimiter tab), and name its columns (--columns \
             USER_ID,_,ITEM_ID, where _ passes one over)"
                .to_owned(),
        ),
        (
            "u1,2014-04-07T10:51:09.277Z,u1,\n",
            "line 1: the file has no header: its first line holds values, such as \
             \"2014-04-07T10:51:09.277Z\"; name its columns (--columns USER_ID,_,ITEM_ID, where _ \
             passes one over), or put a line above it that does"
                .to_owned(),
        ),
        (
            "USER_ID,ITEM_ID,USER_ID\n",
            "line 1, column USER_ID: the header names it twice; keep one".to_owned(),
        ),
        (
            "\n\nUSER_ID,,ITEM_ID\n",
            "line 3, column 2: the name is empty; name every column after a schema field, or choose \
             columns (--map)"
                .to_owned(),
        ),
        (
            "\"USER_ID\" ,ITEM_ID\n",
            format!(
                "line 1, column 1: value \"USER_ID\": {}",
                behind_quote(1, 10)
            ),
        ),
    ] {
        let found = import(header.as_bytes()).unwrap_err();
        assert_eq!(found, format!("file.csv: {message}"), "{header:?}");
    }
    assert_eq!(
        import(b"USER_ID,\xff\n").unwrap_err(),
        "file.csv: line 1, column 2: the name is not valid UTF-8; save the file as UTF-8"
    );
    let packed = import(b"\x1f\x8b\x08\0\n").unwrap_err();
    assert!(
        packed.contains("the file is compressed by gzip"),
        "{packed}"
    );
    let wide = vec!["A"; Limits::MAX_FIELDS + 1].join(",");
    assert_eq!(
        import(wide.as_bytes()).unwrap_err(),
        "file.csv: line 1: the header has 513 columns; a store holds at most 512 fields"
    );
}

#[test]
fn a_quoted_header_is_taken() {
    let header = HEADER.replace("TIMESTAMP", "\"TIMESTAMP\"");
    let text = format!("{header}\nu,i,5,view,,,t\n");
    assert_eq!(import(text.as_bytes()).unwrap(), ["u 5: - i - view - - t"]);
}
