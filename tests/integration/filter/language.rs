//! What is an expression, how it is written back, and what is refused with which message.

use annals::Limits;
use annals::filter::{FilterPlan, Subject};

use super::{compile, message, store_of};

/// Each way of writing beside the one form.
#[test]
fn what_people_write_is_read_and_written_in_one_form() {
    let (store, _folder) = store_of(&[]);
    let cases = [
        (
            "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"click\", \"stream\")",
            "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"click\", \"stream\")",
        ),
        (
            "exclude itemId where INTERACTIONS.event_type in('click' ,\n\t'it\"s')",
            "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"click\", 'it\"s')",
        ),
        (
            "Include UserId Where users.Age>=18 and Users.CITY not in (\"Z\u{fc}rich\", \"\")",
            "INCLUDE UserID WHERE Users.Age >= 18 AND Users.CITY NOT IN (\"Z\u{fc}rich\", \"\")",
        ),
        (
            "INCLUDE ItemID WHERE Items.GENRE IN (\"$CATEGORY\", $other, \"$5\", \"a $B\")",
            "INCLUDE ItemID WHERE Items.GENRE IN ($CATEGORY, $other, \"$5\", \"a $B\")",
        ),
        (
            "INCLUDE ItemID WHERE Items.GENRE IN (drama\ncomedy \"sci fi\")",
            "INCLUDE ItemID WHERE Items.GENRE IN (\"drama\", \"comedy\", \"sci fi\")",
        ),
        (
            "INCLUDE ItemID WHERE Items.PRICE<=($MAX) OR Items.PRICE = \"$EXACT\" OR Items.PRICE > -1.50 \
             OR Items.YEAR!=1999",
            "INCLUDE ItemID WHERE Items.PRICE <= $MAX OR Items.PRICE = $EXACT OR Items.PRICE > -1.5 OR \
             Items.YEAR != 1999",
        ),
        (
            "include itemid where Items.PRICE < currentitem.price AND Items.GENRE IN (CurrentItem.GENRE)",
            "INCLUDE ItemID WHERE Items.PRICE < CurrentItem.price AND Items.GENRE IN CurrentItem.GENRE",
        ),
        (
            "EXCLUDE ItemID WHERE Items.A IN ($A) if currentUser.AGE = $AGE And CurrentUser.B IN (\"x\")\
             |INCLUDE ItemID WHERE Interactions.event_type IN (\"*\")",
            "EXCLUDE ItemID WHERE Items.A IN ($A) IF CurrentUser.AGE = $AGE AND CurrentUser.B IN (\"x\") \
             | INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"*\")",
        ),
        (
            "EXCLUDE ItemID WHERE Interactions.position > 10 AND Interactions.Price < 99999999999999999999",
            "EXCLUDE ItemID WHERE Interactions.POSITION > 10 AND Interactions.PRICE < 1e20",
        ),
    ];
    for (written, want) in cases {
        let limits = Limits::unlimited();
        let read = |text| FilterPlan::compile(text, store.schema(), &limits);
        let plan = read(written).unwrap_or_else(|error| panic!("{written}: {error}"));
        assert_eq!(plan.to_string(), want);
        assert_eq!(read(want).unwrap(), plan);
    }
}

#[test]
fn plans_are_equal_where_they_mean_the_same() {
    let (store, _folder) = store_of(&[]);
    let read = |text: &str| compile(&store, text).unwrap();
    let plan = read("EXCLUDE ItemID WHERE Items.GENRE IN (\"a\")");
    assert_eq!(plan, read("exclude  itemid\nwhere items.genre in ('a')"));
    for other in [
        "INCLUDE ItemID WHERE Items.GENRE IN (\"a\")",
        "EXCLUDE ItemID WHERE Items.GENRE NOT IN (\"a\")",
        "EXCLUDE ItemID WHERE Items.GENRES IN (\"a\")",
        "EXCLUDE ItemID WHERE Items.GENRE IN (\"A\")",
        "EXCLUDE ItemID WHERE Items.GENRE IN ($a)",
    ] {
        assert_ne!(plan, read(other), "{other}");
    }
    assert_eq!(plan.subject(), Subject::Items);
    assert_eq!(
        read("EXCLUDE UserID WHERE Users.A > 1").subject(),
        Subject::Users
    );
    let plan = read(
        "EXCLUDE ItemID WHERE Items.A IN ($b, \"$a\", $b) AND Items.B > $B IF CurrentUser.C = $c",
    );
    assert_eq!(plan.parameters(), ["b", "a", "B", "c"]);
}

#[test]
fn what_is_refused_says_where_and_what_was_expected() {
    let (store, _folder) = store_of(&[]);
    let place = |column: usize| format!("filter: line 1, column {column}: ");
    let cases = [
        ("", "filter: the expression is empty".to_owned()),
        (" ", place(2) + "expected INCLUDE or EXCLUDE, found the end"),
        (
            "DROP ItemID",
            place(1) + "expected INCLUDE or EXCLUDE, found \"DROP\"",
        ),
        (
            "INCLUDE Item",
            place(9) + "expected ItemID or UserID, found \"Item\"",
        ),
        (
            "INCLUDE ItemID Items.A",
            place(16) + "expected WHERE, found \"Items\"",
        ),
        (
            "INCLUDE ItemID WHERE Genre IN (\"a\")",
            place(22)
                + "expected a field of Interactions, Items, Users or CurrentUser, such as \
                         Items.GENRE, found \"Genre\"",
        ),
        (
            "INCLUDE ItemID WHERE (Items.A IN (\"a\"))",
            place(22)
                + "expected a field such as Items.GENRE (parentheses do not group \
                         conditions; AND binds tighter than OR), found \"(\"",
        ),
        (
            "INCLUDE ItemID WHERE Items GENRE",
            place(28) + "expected \".\" and a field of Items, found \"GENRE\"",
        ),
        (
            "INCLUDE ItemID WHERE Items.",
            place(28) + "expected a field of Items, found the end",
        ),
        (
            "INCLUDE ItemID WHERE Items.A LIKE \"x\"",
            place(30) + "expected IN, NOT IN, =, !=, <, <=, > or >=, found \"LIKE\"",
        ),
        (
            "INCLUDE ItemID WHERE Items.A NOT \"x\"",
            place(34) + "expected IN, found the string \"x\"",
        ),
        (
            "INCLUDE ItemID WHERE Items.A ! 1",
            place(30) + "expected IN, NOT IN, =, !=, <, <=, > or >=, found \"!\"",
        ),
        (
            "INCLUDE ItemID WHERE Items.A IN \"x\"",
            place(33) + "expected \"(\" or CurrentItem.FIELD, found the string \"x\"",
        ),
        (
            "INCLUDE ItemID WHERE Items.A IN ()",
            place(34) + "expected a string in quotes or a parameter such as $GENRE, found \")\"",
        ),
        (
            "INCLUDE ItemID WHERE Items.A IN (\"a\",)",
            place(38) + "expected a string in quotes or a parameter such as $GENRE, found \")\"",
        ),
        (
            "INCLUDE ItemID WHERE Items.A IN (\"a\"\"b\")",
            place(37) + "expected \",\" or \")\", found the string \"b\"",
        ),
        (
            "INCLUDE ItemID WHERE Items.A IN (\"a\"",
            place(37) + "expected \",\" or \")\", found the end",
        ),
        (
            "INCLUDE ItemID WHERE Items.A IN (\"a, 'b')",
            place(34) + "the string that begins here is not closed; close it with \"",
        ),
        (
            "INCLUDE ItemID WHERE Items.A IN (\\\"a\\\")",
            place(34)
                + "expected a string in quotes or a parameter such as $GENRE, found a \
                         backslash; write quotes without backslashes",
        ),
        (
            "INCLUDE ItemID WHERE Items.A > \u{201c}5\u{201d}",
            place(32)
                + "expected a number or a parameter such as $PRICE, found \u{201c}; write \
                         straight quotes, \" or '",
        ),
        (
            "INCLUDE ItemID WHERE Items.A IN ($)",
            place(35) + "expected the name of a parameter behind \"$\", found \")\"",
        ),
        (
            "INCLUDE ItemID WHERE Items.A IN ($5)",
            place(35) + "expected the name of a parameter behind \"$\", found \"5\"",
        ),
        (
            "INCLUDE ItemID WHERE Items.A > 1e999",
            place(32) + "expected a number or a parameter such as $PRICE, found \"1e999\"",
        ),
        (
            "INCLUDE ItemID WHERE Items.A = \"5\"",
            place(32)
                + "expected a number without quotes or a parameter such as $PRICE (strings \
                         are compared by IN), found the string \"5\"",
        ),
        (
            "INCLUDE ItemID WHERE Items.A > (5",
            place(34) + "expected \")\", found the end",
        ),
        (
            "INCLUDE ItemID WHERE Items.A > 5 5",
            place(34) + "expected AND, OR, IF, \"|\" or the end, found \"5\"",
        ),
        (
            "INCLUDE ItemID WHERE Items.A > 5 |",
            place(35) + "expected INCLUDE or EXCLUDE, found the end",
        ),
        (
            "INCLUDE ItemID WHERE Items.A > 5 IF CurrentUser.B > 1 )",
            place(55) + "expected AND, \"|\" or the end, found \")\"",
        ),
        (
            "INCLUDE ItemID WHERE Items.A > 5 | INCLUDE UserID WHERE Users.A > 5",
            place(44) + "ItemID and UserID in one filter; its expressions must all keep the same",
        ),
        (
            "INCLUDE ItemID WHERE Items.A > 5 AND Interactions.EVENT_TYPE IN (\"x\")",
            place(38)
                + "Interactions.EVENT_TYPE: this expression filters by Items, and an \
                         expression by one dataset; join two expressions by \"|\"",
        ),
        (
            "INCLUDE ItemID WHERE Users.AGE > 5",
            place(22)
                + "Users.AGE: an ItemID expression filters by Interactions or Items; write \
                         IF CurrentUser for the user of the request",
        ),
        (
            "INCLUDE UserID WHERE Items.AGE > 5",
            place(22) + "Items.AGE: a UserID expression filters by Interactions or Users",
        ),
        (
            "INCLUDE ItemID WHERE CurrentUser.AGE > 5",
            place(22) + "CurrentUser.AGE: CurrentUser stands behind IF alone",
        ),
        (
            "INCLUDE ItemID WHERE CurrentItem.AGE > 5",
            place(22) + "CurrentItem.AGE: CurrentItem stands behind IN or a comparison alone",
        ),
        (
            "INCLUDE UserID WHERE Users.A > 5 IF CurrentUser.B > 1",
            place(34) + "IF asks about the user of a request; a UserID expression has none",
        ),
        (
            "INCLUDE ItemID WHERE Items.A > 5 IF Users.B > 1",
            place(37) + "Users.B: IF asks about CurrentUser alone",
        ),
        (
            "INCLUDE ItemID WHERE Items.A > 5 IF CurrentUser.B > 1 OR CurrentUser.C > 1",
            place(55) + "conditions behind IF are joined by AND alone",
        ),
        (
            "INCLUDE ItemID WHERE Items.A > 5 IF CurrentUser.B > 1 IF CurrentUser.C > 1",
            place(55) + "IF stands once in an expression; go on with AND",
        ),
        (
            "EXCLUDE ItemID WHERE Items.A IN (\"*\")",
            place(34)
                + "Items.A: \"*\" stands for every event type, and is for \
                         Interactions.EVENT_TYPE alone",
        ),
        (
            "EXCLUDE ItemID WHERE Interactions.DEVICE IN (\"x\")",
            place(22)
                + "Interactions.DEVICE: the schema has no such field; it has USER_ID, \
                         ITEM_ID, TIMESTAMP, EVENT_TYPE, EVENT_VALUE, IMPRESSION, LOCATION, \
                         POSITION, SESSION, PRICE, MEMBER",
        ),
        (
            "EXCLUDE ItemID WHERE Interactions.member IN (\"true\")",
            place(22)
                + "Interactions.MEMBER: a boolean field, which no filter asks about; use a \
                         string field",
        ),
        (
            "EXCLUDE ItemID WHERE Interactions.PRICE IN (\"5\")",
            place(22)
                + "Interactions.PRICE: IN looks for strings, and the field is double; use \
                         =, !=, <, <=, > or >=",
        ),
        (
            "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE = 5",
            place(22)
                + "Interactions.EVENT_TYPE: = compares numbers, and the field is a string; \
                         use IN or NOT IN",
        ),
    ];
    for (expression, want) in cases {
        assert_eq!(message(compile(&store, expression)), want, "{expression}");
    }
}

#[test]
fn places_count_lines_and_characters() {
    let (store, _folder) = store_of(&[]);
    let text = "EXCLUDE ItemID\r\nWHERE Items.A IN (\"gr\u{fc}n\",\n \"\u{1F600}\" x \"y\" , |)";
    assert_eq!(
        message(compile(&store, text)),
        "filter: line 3, column 14: expected a string in quotes or a parameter such as $GENRE, \
         found \"|\""
    );
}

#[test]
fn limits_are_options() {
    let (store, _folder) = store_of(&[]);
    let read = |text: &str, limits: &Limits| FilterPlan::compile(text, store.schema(), limits);
    let personalize = Limits::personalize();
    let padded = |chars: usize| {
        let text = "EXCLUDE ItemID WHERE Items.GENRE IN (\"\u{fc}\")";
        format!("{text}{}", " ".repeat(chars - text.chars().count()))
    };
    read(&padded(2500), &personalize).unwrap();
    assert_eq!(
        message(read(&padded(2501), &personalize)),
        "filter: the expression has 2501 characters; the limit is 2500; shorten it or lift the \
         limit max_filter_chars (annals limits STORE --set max_filter_chars=NUMBER, or --set at annals init)"
    );
    read(&padded(2501), &Limits::unlimited()).unwrap();

    // The same field again is no other, in whatever case, and neither is that of the current user.
    let five = "EXCLUDE ItemID WHERE Items.A > 1 AND Items.B > 1 AND Items.a < CurrentItem.C \
                IF CurrentUser.A > 1 | INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"x\")";
    let of_five = Limits::personalize().max_filter_fields(5);
    read(five, &of_five).unwrap();
    let six = format!("{five} | EXCLUDE ItemID WHERE Items.D > 1");
    let column = six.find("Items.D").unwrap() + 1;
    assert_eq!(
        message(read(&six, &of_five)),
        format!(
            "filter: line 1, column {column}: Items.D: the filter's field number 6; the limit is \
             5 distinct fields; use fewer or lift the limit max_filter_fields (annals limits STORE \
             --set max_filter_fields=NUMBER, or --set at annals init)"
        )
    );
    read(&six, &Limits::unlimited()).unwrap();
}

#[test]
fn what_is_probably_not_meant_is_warned_about() {
    let (store, _folder) = store_of(&[]);
    let warnings = |text: &str| compile(&store, text).unwrap().warnings().to_vec();
    assert_eq!(
        warnings("EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"click, rating\", \"x\")"),
        [
            "line 1, column 50: \"click, rating\" is one string with a comma in it, and is matched \
             exactly; quote each value for several"
        ]
    );
    assert_eq!(
        warnings("EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (click)"),
        ["line 1, column 50: \"click\" stands without quotes, and is read as a string"]
    );
    assert_eq!(
        warnings("EXCLUDE ItemID WHERE Interactions.EVENT_TYPE NOT IN (\"*\")"),
        ["line 1, column 54: NOT IN (\"*\") matches nothing, since every event type is in it"]
    );
    assert!(warnings("EXCLUDE ItemID WHERE Items.A IN (\"a\", 'b' $C)").is_empty());
}

/// A long expression without limits costs one pass and no stack.
#[test]
fn length_does_no_harm() {
    let (store, _folder) = store_of(&[]);
    let limits = Limits::unlimited();
    let conditions = vec!["Items.A IN ('x')"; 50_000].join(" OR ");
    let chained = vec!["EXCLUDE ItemID WHERE Items.A > 1"; 50_000].join(" | ");
    let open = "(".repeat(1_000_000);
    let read = |text: &str| FilterPlan::compile(text, store.schema(), &limits);
    read(&format!("INCLUDE ItemID WHERE {conditions}")).unwrap();
    read(&chained).unwrap();
    read(&format!("INCLUDE ItemID WHERE {open}")).unwrap_err();
    read(&format!("INCLUDE ItemID WHERE Items.A IN {open}")).unwrap_err();
}

#[test]
fn fields_and_parameters_have_the_limits_of_the_service() {
    let (store, _folder) = store_of(&[]);
    let read = |text: &str, limits: &Limits| FilterPlan::compile(text, store.schema(), limits);
    let [personalize, unlimited] = [Limits::personalize(), Limits::unlimited()];
    let joined = |count: usize, part: &dyn Fn(usize) -> String| {
        let parts: Vec<String> = (0..count).map(part).collect();
        format!("EXCLUDE ItemID WHERE {}", parts.join(" AND "))
    };
    let fields = |count| joined(count, &|n| format!("Items.F{n} > 1"));
    let parameters = |count| joined(count, &|n| format!("Items.A IN ($P{n})"));
    let name = |chars: usize| format!("EXCLUDE ItemID WHERE Items.A > ${}", "n".repeat(chars));
    for (allowed, refused, rule) in [
        (
            fields(10),
            fields(11),
            "Items.F10: the filter's field number 11; the limit is 10 distinct fields; use fewer or lift \
             the limit max_filter_fields (annals limits STORE --set max_filter_fields=NUMBER, or --set at annals init)"
                .to_owned(),
        ),
        (
            parameters(25),
            parameters(26),
            "Items.A: the filter's parameter number 26; the limit is 25; use fewer or lift the limit \
             max_filter_parameters (annals limits STORE --set max_filter_parameters=NUMBER, or --set at annals init)"
                .to_owned(),
        ),
        (
            name(50),
            name(51),
            format!(
                "Items.A: parameter ${}: its name has 51 characters; shorten it to 50 or lift the limit \
                 max_filter_parameter_name_chars (annals limits STORE --set max_filter_parameter_name_chars=NUMBER, or --set at annals init)",
                "n".repeat(51)
            ),
        ),
    ] {
        read(&allowed, &personalize).unwrap();
        read(&refused, &unlimited).unwrap();
        let message = message(read(&refused, &personalize));
        assert!(message.ends_with(&format!(": {rule}")), "{message}");
    }
}
