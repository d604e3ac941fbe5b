//! Which event types, from which value on, and what they count.

use annals::export::EventRule;
use clap::Args;

/// Which event types, with thresholds and weights.
#[derive(Args)]
pub struct EventRules {
    /// Only these event types, in any case of letters, separated by commas; may be given several
    /// times. `buy>=2` takes those with an EVENT_VALUE from 2 on, `buy:0.5` adds a column WEIGHT with 0.5
    /// for them. A type that holds a comma, or ends so itself, stands in double quotes
    #[arg(
        long = "event-type",
        value_name = "T[>=VALUE][:WEIGHT],...",
        allow_hyphen_values = true,
        value_parser = rules
    )]
    lists: Vec<Rules>,
}

/// One list of them.
#[derive(Clone)]
struct Rules(Vec<EventRule>);

impl EventRules {
    /// All that were given; none for all event types.
    pub fn rules(&self) -> Vec<EventRule> {
        let lists = self.lists.iter();
        lists.flat_map(|Rules(rules)| rules.clone()).collect()
    }

    /// Their names.
    pub fn names(&self) -> Vec<String> {
        self.rules()
            .into_iter()
            .map(|rule| rule.event_type)
            .collect()
    }
}

fn rules(text: &str) -> Result<Rules, String> {
    let parts = parts(text);
    if text.contains('\n') || parts.iter().any(|part| part.is_empty()) {
        return Err("write event types with commas between them, such as view,click".to_owned());
    }
    let rules = parts.into_iter().map(EventRule::parse);
    let rules: Result<Vec<EventRule>, annals::Error> = rules.collect();
    rules.map(Rules).map_err(|error| error.message().to_owned())
}

/// What stands between commas that are not in double quotes.
fn parts(text: &str) -> Vec<&str> {
    let mut quoted = false;
    let separates = |letter: char| {
        quoted ^= letter == '"';
        letter == ',' && !quoted
    };
    text.split(separates).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_separate_and_quotes_keep_them() {
        let names = |text| {
            let rules = rules(text).map(|Rules(rules)| rules);
            rules.map(|rules| {
                rules
                    .into_iter()
                    .map(|rule| rule.event_type)
                    .collect::<Vec<_>>()
            })
        };
        assert_eq!(names("view").unwrap(), ["view"]);
        assert_eq!(names("view,add to cart").unwrap(), ["view", "add to cart"]);
        assert_eq!(names("\"a,b\">=2:1,\"c\"\"d\"").unwrap(), ["a,b", "c\"d"]);
        for text in ["", ",view", "view,", "view\nclick", "view,buy>=much"] {
            assert!(rules(text).is_err(), "{text:?}");
        }
    }
}
