//! A request of the PutEvents form, as a host hands it over.

use std::borrow::Cow;

use super::Value;

/// Events of one session, recorded together by [`Store::put_events`](crate::Store::put_events).
///
/// The fields are those of the service's request; text borrows where it can. A request in JSON is
/// read by [`import::put_events_of_json`](crate::import::put_events_of_json).
///
/// ```
/// use annals::{PutEvent, PutEvents};
///
/// let request = PutEvents {
///     session_id: "session 1".into(),
///     user_id: Some("ada".into()),
///     events: vec![PutEvent {
///         event_type: "view".into(),
///         item_id: Some("tea".into()),
///         sent_at: 1_700_000_000,
///         properties: vec![("numRatings".into(), 13.into())],
///         ..PutEvent::default()
///     }],
///     ..PutEvents::default()
/// };
/// # assert_eq!(request.events.len(), 1);
/// ```
///
/// Source of every rule: the part of the interactions dataset contract on real-time events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PutEvents<'a> {
    /// `trackingId`, 1 to 256 characters. It is checked and not kept: a store is its own tracker,
    /// and so it may be left out.
    pub tracking_id: Option<Cow<'a, str>>,
    /// `userId`, 1 to 256 characters. Without it the session stands in as the user.
    pub user_id: Option<Cow<'a, str>>,
    /// `sessionId`, 1 to 256 characters.
    pub session_id: Cow<'a, str>,
    /// `eventList`, 1 to 10 events, in the order of their arrival.
    pub events: Vec<PutEvent<'a>>,
    /// Names in the JSON of the request that the contract does not know. They are refused, unless
    /// `ignore_unknown` is set.
    pub unknown: Vec<Cow<'a, str>>,
    /// Whether names and properties that neither contract nor schema know are passed over, rather
    /// than refused, and events without an item, too ([`EventsCommit::skipped`] names those). Default
    /// false.
    ///
    /// [`EventsCommit::skipped`]: crate::EventsCommit::skipped
    pub ignore_unknown: bool,
}

/// One event of a [`PutEvents`] request. Where the schema has no field for a parameter, the
/// parameter is checked and not kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PutEvent<'a> {
    /// `eventId`, 1 to 256 characters. The first event with an id counts.
    pub event_id: Option<Cow<'a, str>>,
    /// `eventType`, 1 to 256 characters.
    pub event_type: Cow<'a, str>,
    /// `eventValue`; it may stand in the properties instead.
    pub event_value: Option<f64>,
    /// `itemId`, 1 to 256 characters. Required; it may stand in the properties instead.
    pub item_id: Option<Cow<'a, str>>,
    /// `impression`, 1 to 25 item ids of 1 to 256 characters; empty for none. It wins over the items
    /// of the recommendation.
    pub impression: Vec<Cow<'a, str>>,
    /// `recommendationId`, 1 to 40 characters: what the event follows. The items of the
    /// recommendation are the event's impressions, and its source is that of the event.
    pub recommendation_id: Option<Cow<'a, str>>,
    /// `metricAttribution.eventAttributionSource`. It wins over the recommendation's.
    pub attribution_source: Option<Cow<'a, str>>,
    /// `sentAt`, in Unix epoch seconds, from 0.
    pub sent_at: i64,
    /// `properties`: the schema's metadata fields by their names in camel case (`numRatings` for
    /// `NUM_RATINGS`) or as the schema spells them, and `itemId` and `eventValue`. Numbers may be
    /// text. As compact JSON at most 1,024 characters.
    pub properties: Vec<(Cow<'a, str>, Value)>,
    /// As [`PutEvents::unknown`]. A property that holds a list or an object, and that the schema does
    /// not know, is here as `properties.NAME`.
    pub unknown: Vec<Cow<'a, str>>,
}

impl PutEvent<'_> {
    /// At least the bytes of the event as compact JSON: cheaper to tell than how many they are.
    pub(crate) fn json_bytes_at_most(&self) -> usize {
        /// Names, numbers and punctuation of all parameters.
        const FRAME: usize = 800;
        let texts = [
            &self.event_id,
            &self.item_id,
            &self.recommendation_id,
            &self.attribution_source,
        ];
        let texts = texts.into_iter().flatten().chain([&self.event_type]);
        let texts = texts.chain(&self.impression).map(|text| at_most(text));
        FRAME + texts.sum::<usize>() + self.properties_bytes_at_most()
    }

    /// At least the bytes of the properties as compact JSON.
    pub(crate) fn properties_bytes_at_most(&self) -> usize {
        /// A finite double in decimal notation.
        const NUMBER: usize = 330;
        let entries = self.properties.iter().map(|(name, value)| {
            let value = match value {
                Value::String(text) => at_most(text),
                Value::Items(items) => items.iter().map(|item| at_most(item)).sum(),
                Value::Float(_) | Value::Double(_) => NUMBER,
                _ => 20,
            };
            at_most(name) + 4 + value
        });
        entries.sum::<usize>() + 2
    }

    /// Bytes of the event as compact JSON, its properties as an object.
    pub(crate) fn json_bytes(&self) -> usize {
        let text = |name: &str, text: &str| entry(name.len(), json_text(text, text.len()) + 2);
        let optional = |name: &str, value: &Option<Cow<'_, str>>| {
            value.as_deref().map_or(0, |value| text(name, value))
        };
        let number = |name: &str, digits: String| entry(name.len(), digits.len());
        let items = self.impression.iter();
        let items: usize = items.map(|item| json_text(item, item.len()) + 3).sum();
        let source = match optional("eventAttributionSource", &self.attribution_source) {
            0 => 0,
            source => entry("metricAttribution".len(), source + 1),
        };
        let properties = json_object(&self.properties, str::len);
        1 + optional("eventId", &self.event_id)
            + text("eventType", &self.event_type)
            + optional("itemId", &self.item_id)
            + optional("recommendationId", &self.recommendation_id)
            + self
                .event_value
                .map_or(0, |value| number("eventValue", value.to_string()))
            + number("sentAt", self.sent_at.to_string())
            + if items == 0 {
                0
            } else {
                entry("impression".len(), items + 1)
            }
            + source
            + if self.properties.is_empty() {
                0
            } else {
                entry("properties".len(), properties)
            }
    }

    /// Characters of the properties as compact JSON.
    pub(crate) fn properties_chars(&self) -> usize {
        json_object(&self.properties, |text| text.chars().count())
    }
}

/// At least the bytes of a text in JSON, with quotes and a comma, if every character is escaped.
fn at_most(text: &str) -> usize {
    text.len() * 6 + 3
}

/// The size of an entry of an object: a name in quotes, a colon, a value, and a comma or, behind the
/// last, a brace.
fn entry(name: usize, value: usize) -> usize {
    name + 3 + value + 1
}

fn json_object(entries: &[(Cow<'_, str>, Value)], size: impl Fn(&str) -> usize) -> usize {
    let size_of = |(name, value): &(Cow<'_, str>, Value)| {
        let value = match value {
            Value::String(text) => json_text(text, size(text)) + 2,
            Value::Items(items) => {
                let items = items.iter();
                items
                    .map(|item| json_text(item, size(item)) + 3)
                    .sum::<usize>()
                    + 1
            }
            Value::Null => "null".len(),
            Value::Int(number) => number.to_string().len(),
            Value::Long(number) => number.to_string().len(),
            Value::Float(number) => number.to_string().len(),
            Value::Double(number) => number.to_string().len(),
            Value::Boolean(flag) => flag.to_string().len(),
        };
        entry(json_text(name, size(name)), value)
    };
    entries.iter().map(size_of).sum::<usize>() + 1
}

/// The size of a text in JSON without its quotes, given its size as it is.
fn json_text(text: &str, size: usize) -> usize {
    let escapes = text.bytes().map(|byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 1,
        0..=0x1f => 5,
        _ => 0,
    });
    size + escapes.sum::<usize>()
}
