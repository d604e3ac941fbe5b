//! A PutEvents request in JSON.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::syntax_of;
use super::json_tree::{Entries, EntriesByKey, Json};
use super::other_forms::no_events;
use crate::check::{Validator, check_event_bytes, check_properties_chars, place_of_event};
use crate::model::{Decimal, Error, Limits, PutEvent, PutEvents, Result, Value, shown};

const REQUEST_KEYS: [&str; 4] = ["trackingId", "userId", "sessionId", "eventList"];

const EVENT_KEYS: [&str; 9] = [
    "eventId",
    "eventType",
    "eventValue",
    "itemId",
    "impression",
    "recommendationId",
    "metricAttribution",
    "sentAt",
    "properties",
];

/// The request that a JSON object stands for: the body of the service's PutEvents call, or the
/// arguments that its client libraries take.
///
/// `sentAt` is a number or a string of Unix epoch seconds, of which a fraction is cut off, never rounded;
/// `eventValue` a number or a string. `properties` is an object, or a string that holds one. Null
/// is the same as an absent key. Text is borrowed from `json` where it has no escapes. Memory: at most
/// 64 times the text, for a text that is no request; otherwise about the text.
///
/// What the request is checked for here is its form; the rules on values, and on names that the
/// contract does not know, are those of [`Store::put_events`](crate::Store::put_events).
///
/// # Errors
/// `InvalidInput`, naming the event by its position (from 0) and id, the field, the value and the
/// rule.
pub fn put_events_of_json<'a>(json: &'a str, validator: &Validator) -> Result<PutEvents<'a>> {
    let limits = validator.limits();
    let entries = parse(json)?.into_entries("request")?;
    let EntriesByKey { values, unknown } = EntriesByKey::of(entries, REQUEST_KEYS)?;
    let [tracking_id, user_id, session_id, events] = values;
    if events.is_none()
        && let Some(error) = no_events(unknown.iter().map(|name| &**name))
    {
        return Err(error);
    }
    let rounded = matches!(&events, Some(Json::List(events)) if events.iter().any(may_be_rounded));
    let mut request = PutEvents {
        tracking_id: optional_text(tracking_id, "trackingId")?,
        user_id: optional_text(user_id, "userId")?,
        session_id: required("sessionId", session_id)?.into_text("sessionId")?,
        events: required("eventList", events)?
            .into_list("eventList")?
            .into_iter()
            .enumerate()
            .map(|(position, event)| event_at(position, event, validator))
            .collect::<Result<_>>()?,
        unknown,
        ignore_unknown: false,
    };
    if rounded {
        cut_times(json, &mut request)?;
    }
    check_sizes(json, &request, limits)?;
    Ok(request)
}

/// Whether the parser may have rounded the time of an event up to a whole number.
fn may_be_rounded(event: &Json<'_>) -> bool {
    let Json::Object(entries) = event else {
        return false;
    };
    let mut times = entries.iter().filter(|(key, _)| key == "sentAt");
    times.any(|(_, value)| matches!(value, Json::Number(number) if number.fract() == 0.0))
}

/// Reads the times of all events again, without rounding.
fn cut_times(json: &str, request: &mut PutEvents<'_>) -> Result<()> {
    #[derive(Deserialize)]
    struct Times<'a> {
        #[serde(borrow, rename = "eventList")]
        events: Vec<Time<'a>>,
    }
    #[derive(Deserialize)]
    struct Time<'a> {
        #[serde(borrow, rename = "sentAt")]
        sent_at: &'a RawValue,
    }
    let times: Times<'_> = serde_json::from_str(json).map_err(|error| not_json(json, &error))?;
    for (event, time) in request.events.iter_mut().zip(&times.events) {
        if let Some(number) = Decimal::parse(time.sent_at.get()) {
            event.sent_at = number.floor().unwrap_or(event.sent_at);
        }
    }
    Ok(())
}

/// A text that holds one JSON value.
pub(super) fn parse(json: &str) -> Result<Json<'_>> {
    serde_json::from_str(json).map_err(|error| not_json(json, &error))
}

fn not_json(json: &str, error: &serde_json::Error) -> Error {
    let (column, what) = syntax_of(json, error);
    Error::invalid(format!("{column}not valid JSON ({what}); write one object"))
}

fn event_at<'a>(position: usize, event: Json<'a>, validator: &Validator) -> Result<PutEvent<'a>> {
    let entries = match event {
        Json::Object(entries) => entries,
        other => {
            let name = format!("eventList[{position}]");
            return Err(other.is_not(&name, "an object: an event"));
        }
    };
    // Known before anything can be wrong.
    let event_id = entries.iter().find_map(|entry| match entry {
        (key, Json::Text(id)) if key == "eventId" => Some(id.clone()),
        _ => None,
    });
    event_of(entries, validator)
        .map_err(|error| error.within(place_of_event(position, event_id.as_deref())))
}

fn event_of<'a>(entries: Entries<'a>, validator: &Validator) -> Result<PutEvent<'a>> {
    let EntriesByKey { values, unknown } = EntriesByKey::of(entries, EVENT_KEYS)?;
    let [
        event_id,
        event_type,
        event_value,
        item_id,
        impression,
        recommendation_id,
        attribution,
        sent_at,
        properties,
    ] = values;
    let mut event = PutEvent {
        event_id: optional_text(event_id, "eventId")?,
        event_type: required("eventType", event_type)?.into_text("eventType")?,
        event_value: event_value.filter(is_given).map(number).transpose()?,
        item_id: optional_text(item_id, "itemId")?,
        impression: impression.map(items).transpose()?.unwrap_or_default(),
        recommendation_id: optional_text(recommendation_id, "recommendationId")?,
        attribution_source: None,
        sent_at: seconds(required("sentAt", sent_at)?)?,
        properties: Vec::new(),
        unknown,
    };
    if let Some(properties) = properties {
        let found = properties_of(properties, validator)?;
        event.properties = found.values;
        event.unknown.extend(found.unknown);
    }
    if let Some(attribution) = attribution {
        let entries = attribution.into_entries("metricAttribution")?;
        let known = EntriesByKey::of(entries, ["eventAttributionSource"])?;
        let [source] = known.values;
        let source = required("eventAttributionSource", source)?;
        event.attribution_source = Some(source.into_text("eventAttributionSource")?);
        event.unknown.extend(known.unknown);
    }
    Ok(event)
}

fn required<'a>(name: &str, value: Option<Json<'a>>) -> Result<Json<'a>> {
    value.ok_or_else(|| Error::of_field(name, "is missing or null; give a value"))
}

fn optional_text<'a>(value: Option<Json<'a>>, name: &str) -> Result<Option<Cow<'a, str>>> {
    value.map(|value| value.into_text(name)).transpose()
}

/// Empty text is no value, as in a CSV cell.
fn is_given(value: &Json<'_>) -> bool {
    !matches!(value, Json::Text(text) if text.is_empty())
}

fn number(value: Json<'_>) -> Result<f64> {
    let number = match &value {
        Json::Whole(number) => Some(*number as f64),
        Json::Number(number) => Some(*number),
        Json::Text(text) => text.parse().ok(),
        _ => None,
    };
    let number = number.ok_or_else(|| value.is_not("eventValue", "a number; write digits"))?;
    match number.is_finite() {
        true => Ok(number),
        // Here it is still known as it was sent.
        false => Err(value.is_not("eventValue", FINITE)),
    }
}

const FINITE: &str = "a finite number within the range of float; NaN and infinity are none; write a number, or \
                      leave it out";

fn items(value: Json<'_>) -> Result<Vec<Cow<'_, str>>> {
    let items = value.into_list("impression")?;
    if items.is_empty() {
        return Err(Error::of_field(
            "impression",
            "holds no item; give 1 or more, or leave it out",
        ));
    }
    let items = items.into_iter().map(|item| item.into_text("impression"));
    items.collect()
}

/// Whole seconds; clients that send a date as a number may send fractions, too.
fn seconds(value: Json<'_>) -> Result<i64> {
    const END: f64 = i64::MAX as f64;
    let whole = |number: f64| (-END..END).contains(&number).then(|| number.floor() as i64);
    let seconds = match &value {
        Json::Whole(number) => Some(*number),
        Json::Number(number) => whole(*number),
        Json::Text(text) => Decimal::parse(text).and_then(Decimal::floor),
        _ => None,
    };
    match seconds {
        // Said here, where the value is as it was sent.
        Some(seconds) if seconds < 0 => {
            Err(value.is_not("sentAt", "0 or more; write Unix epoch seconds"))
        }
        Some(seconds) => Ok(seconds),
        None => Err(value.is_not(
            "sentAt",
            "a number of seconds; write dates as Unix epoch seconds",
        )),
    }
}

/// The properties of an event.
#[derive(Default)]
struct Properties<'a> {
    values: Vec<(Cow<'a, str>, Value)>,
    /// Those that hold a list or an object, and that no field has the name of.
    unknown: Vec<Cow<'a, str>>,
}

fn properties_of<'a>(value: Json<'a>, validator: &Validator) -> Result<Properties<'a>> {
    let limits = validator.limits();
    let text = match value {
        Json::Text(text) => text,
        object => return values_of(object.into_entries("properties")?, validator),
    };
    if text.len() > limits.max_properties_chars.unwrap_or(usize::MAX) {
        check_properties_chars(text.chars().count(), limits)?;
    }
    let object: Json<'_> = serde_json::from_str(&text).map_err(|error| {
        let (column, what) = syntax_of(&text, &error);
        let value = shown(&text);
        let rule = "write an object in JSON, as text";
        Error::of_field(
            "properties",
            format!("value {value}: {column}{what}; {rule}"),
        )
    })?;
    if matches!(object, Json::Text(_)) {
        let value = shown(&text);
        let rule = "is text in JSON that is encoded twice; encode the object once";
        return Err(Error::of_field(
            "properties",
            format!("value {value}: {rule}"),
        ));
    }
    let found = values_of(object.into_entries("properties")?, validator)?;
    // The text may be a copy that ends here.
    let owned = |name: Cow<'_, str>| Cow::Owned(name.into_owned());
    let values = found.values.into_iter();
    Ok(Properties {
        values: values.map(|(name, value)| (owned(name), value)).collect(),
        unknown: found.unknown.into_iter().map(owned).collect(),
    })
}

fn values_of<'a>(entries: Entries<'a>, validator: &Validator) -> Result<Properties<'a>> {
    let mut found = Properties::default();
    for (name, value) in entries {
        let nested = matches!(value, Json::List(_) | Json::Object(_));
        if nested && !validator.knows_property(&name) {
            found.unknown.push(format!("properties.{name}").into());
            continue;
        }
        let value = match nested {
            true => value.into_value(&format!("properties.{name}"))?,
            false => value.into_value(&name)?,
        };
        found.values.push((name, value));
    }
    Ok(found)
}

/// Checks the bytes that each event takes in the request. Most requests are so short that no event
/// can have too many.
fn check_sizes(json: &str, request: &PutEvents<'_>, limits: &Limits) -> Result<()> {
    if json.len() <= limits.max_event_bytes.unwrap_or(usize::MAX) {
        return Ok(());
    }
    #[derive(Deserialize)]
    struct Sizes<'a> {
        #[serde(borrow, rename = "eventList")]
        events: Vec<&'a RawValue>,
    }
    let sizes: Sizes<'_> = serde_json::from_str(json).map_err(|error| not_json(json, &error))?;
    for (position, (event, text)) in request.events.iter().zip(&sizes.events).enumerate() {
        check_event_bytes(text.get().len(), limits)
            .map_err(|error| error.within(place_of_event(position, event.event_id.as_deref())))?;
    }
    Ok(())
}
