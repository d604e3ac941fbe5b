//! A recommendation in JSON.

use std::borrow::Cow;

use super::events::parse;
use super::json_tree::{EntriesByKey, Json};
use crate::model::{Error, Recommendation, Result};

const KEYS: [&str; 5] = [
    "recommendationId",
    "items",
    "itemList",
    "personalizedRanking",
    "source",
];

/// What clients add to an answer about the call itself.
const METADATA: [&str; 2] = ["ResponseMetadata", "$metadata"];

/// The recommendation that a JSON object stands for: `recommendationId`, `items` (a list of item
/// ids), and, where it is known, `source`.
///
/// The answers of the service's GetRecommendations and GetPersonalizedRanking calls are taken as
/// client libraries give them, too: an `itemList` or a `personalizedRanking` of objects with an
/// `itemId` stands for `items`; scores, reasons and what else stands beside an id are passed over, and
/// so are `ResponseMetadata` and `$metadata`. Null is the same as an absent key. The rules on values are
/// those of [`Store::record_recommendation`](crate::Store::record_recommendation).
///
/// # Errors
/// `InvalidInput`, naming the field, the value and the rule.
pub fn recommendation_of_json(json: &str) -> Result<Recommendation> {
    let entries = parse(json)?.into_entries("recommendation")?;
    let EntriesByKey { values, unknown } = EntriesByKey::of(entries, KEYS)?;
    check_known(&unknown)?;
    let [id, items, item_list, ranking, source] = values;
    let id = id.ok_or_else(|| missing("recommendationId"))?;
    let items = shown([
        ("items", items),
        ("itemList", item_list),
        ("personalizedRanking", ranking),
    ])?;
    let source = source
        .map(|source| source.into_text("source"))
        .transpose()?;
    Ok(Recommendation {
        id: id.into_text("recommendationId")?.into_owned(),
        items,
        source: source.map(|source| source.into_owned()),
    })
}

fn check_known(unknown: &[Cow<'_, str>]) -> Result<()> {
    let mut names = unknown.iter().map(|name| &**name);
    match names.find(|name| !METADATA.contains(name)) {
        None => Ok(()),
        Some(name) => Err(Error::of_field(
            name,
            "a recommendation has no such field; it may have recommendationId, items, itemList, \
             personalizedRanking and source",
        )),
    }
}

/// The items that were shown, out of the only one of these lists that is given.
fn shown(lists: [(&str, Option<Json<'_>>); 3]) -> Result<Vec<String>> {
    let mut given = lists
        .into_iter()
        .filter_map(|(name, list)| Some((name, list?)));
    let (name, list) = given.next().ok_or_else(|| missing("items"))?;
    if let Some((other, _)) = given.next() {
        let rule = format!("is given beside {name}; give one of the two");
        return Err(Error::of_field(other, rule));
    }
    let list = list.into_list(name)?;
    match name {
        "items" => texts(list, name),
        _ => items_of(list, name),
    }
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

/// The item ids of a list of objects; what else it says of an item, such as a score, is not looked at.
fn items_of(list: Vec<Json<'_>>, name: &str) -> Result<Vec<String>> {
    let ids = list.into_iter().map(|item| {
        let known = EntriesByKey::of(item.into_entries(name)?, ["itemId"])?;
        let [id] = known.values;
        id.ok_or_else(|| missing("itemId"))
    });
    texts(ids.collect::<Result<_>>()?, "itemId")
}
