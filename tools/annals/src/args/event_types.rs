//! Which event types.

use clap::Args;

/// Which event types.
#[derive(Args)]
pub struct EventTypes {
    /// Only these event types, in any case of letters, separated by commas; may be given several
    /// times. One that holds a comma stands in double quotes
    #[arg(long = "event-type", value_name = "T,...", allow_hyphen_values = true, value_parser = names)]
    lists: Vec<Names>,
}

/// One list of them.
#[derive(Clone)]
struct Names(Vec<String>);

impl EventTypes {
    /// All that were given; none for all event types.
    pub fn names(&self) -> Vec<String> {
        let lists = self.lists.iter();
        lists.flat_map(|Names(names)| names.clone()).collect()
    }
}

/// Names as a line of CSV has them.
fn names(text: &str) -> Result<Names, String> {
    let mut lines = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut records = lines.records();
    let record = records
        .next()
        .transpose()
        .map_err(|error| error.to_string());
    let names: Vec<String> = record?.iter().flatten().map(str::to_owned).collect();
    if records.next().is_some() || names.iter().any(String::is_empty) || names.is_empty() {
        return Err("write event types with commas between them, such as view,click".to_owned());
    }
    Ok(Names(names))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_separate_and_quotes_keep_them() {
        let read = |text| names(text).map(|Names(names)| names);
        assert_eq!(read("view").unwrap(), ["view"]);
        assert_eq!(read("view,add to cart").unwrap(), ["view", "add to cart"]);
        assert_eq!(read("\"a,b\",\"c\"\"d\"").unwrap(), ["a,b", "c\"d"]);
        for text in ["", ",view", "view,", "view\nclick"] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }
}
