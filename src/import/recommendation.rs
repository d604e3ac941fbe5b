//! A recommendation in JSON.

use super::events::parse;
use super::json_tree::{Json, Known};
use crate::types::{Error, Recommendation, Result};

const KEYS: [&str; 4] = ["recommendationId", "items", "itemList", "source"];

/// The recommendation that a JSON object stands for: `recommendationId`, `items` (a list of item
/// ids), and, where it is known, `source`.
///
/// The answer of the service's GetRecommendations call is taken as it is, too: an `itemList` of
/// objects with an `itemId` stands for `items`. Null is the same as an absent key. The rules on values
/// are those of [`Store::record_recommendation`](crate::Store::record_recommendation).
///
/// # Errors
/// `InvalidInput`, naming the field, the value and the rule.
pub fn recommendation_of_json(json: &str) -> Result<Recommendation> {
    let entries = parse(json)?.into_entries("recommendation")?;
    let Known { values, unknown } = Known::of(entries, KEYS)?;
    if let Some(name) = unknown.first() {
        let rule = "a recommendation has no such field; it may have recommendationId, items, \
                    itemList and source";
        return Err(Error::of_field(name, rule));
    }
    let [id, items, item_list, source] = values;
    let id = id.ok_or_else(|| missing("recommendationId"))?;
    let items = match (items, item_list) {
        (Some(items), None) => texts(items.into_list("items")?, "items")?,
        (None, Some(list)) => items_of(list.into_list("itemList")?)?,
        (None, None) => return Err(missing("items")),
        (Some(_), Some(_)) => {
            let rule = "is given beside items; give one of the two";
            return Err(Error::of_field("itemList", rule));
        }
    };
    let source = source
        .map(|source| source.into_text("source"))
        .transpose()?;
    Ok(Recommendation {
        id: id.into_text("recommendationId")?.into_owned(),
        items,
        source: source.map(|source| source.into_owned()),
    })
}

fn missing(name: &str) -> Error {
    Error::of_field(name, "is missing or null; give a value")
}

fn texts(items: Vec<Json<'_>>, name: &str) -> Result<Vec<String>> {
    let texts = items.into_iter().map(|item| item.into_text(name));
    texts
        .map(|text| text.map(|text| text.into_owned()))
        .collect()
}

/// The item ids of an `itemList`; what else it says of an item, such as a score, is not looked at.
fn items_of(list: Vec<Json<'_>>) -> Result<Vec<String>> {
    let ids = list.into_iter().map(|item| {
        let known = Known::of(item.into_entries("itemList")?, ["itemId"])?;
        let [id] = known.values;
        id.ok_or_else(|| missing("itemId"))
    });
    texts(ids.collect::<Result<_>>()?, "itemId")
}
