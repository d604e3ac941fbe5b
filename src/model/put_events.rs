//! A request of the PutEvents form, as a host hands it over.

use std::borrow::Cow;

use super::Value;

/// Events of one session, recorded together by [`Store::put_events`](crate::Store::put_events).
///
/// The fields are those of the service's request; text borrows where it can. A request in JSON is
/// read by [`import::put_events_of_json`](crate::import::put_events_of_json).
///
/// ```
/// use annals::events::{PutEvent, PutEvents};
///
/// let request = PutEvents::new("session 1").user_id("ada").event(
///     PutEvent::new("view", 1_700_000_000)
///         .item_id("tea")
///         .property("numRatings", 13),
/// );
/// # assert_eq!(request.events.len(), 1);
/// ```
///
/// The figures are those of [`Limits::personalize`](crate::Limits::personalize); what a store's limits do not allow is
/// an `InvalidInput` error that names event, field and rule. Source of every rule: the part of the interactions dataset
/// contract on real-time events.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct PutEvents<'a> {
    /// `trackingId`.
    pub tracking_id: Option<Cow<'a, str>>,
    /// `userId`; without it the session stands in as the user.
    pub user_id: Option<Cow<'a, str>>,
    /// `sessionId`.
    pub session_id: Cow<'a, str>,
    /// `eventList`, in the order of arrival.
    pub events: Vec<PutEvent<'a>>,
    /// Names in the JSON of the request that the contract does not know. They are refused, unless
    /// `ignore_unknown` is set.
    pub unknown: Vec<Cow<'a, str>>,
    /// Whether what neither contract nor schema know is passed over, rather than refused.
    pub ignore_unknown: bool,
}

impl<'a> PutEvents<'a> {
    /// A request of a session, 1 to 256 characters, without events.
    pub fn new(session_id: impl Into<Cow<'a, str>>) -> Self {
        Self {
            session_id: session_id.into(),
            ..Self::default()
        }
    }

    /// `trackingId`, 1 to 256 characters. It is checked and not kept: a store is its own tracker. Default: none.
    #[must_use]
    pub fn tracking_id(mut self, id: impl Into<Cow<'a, str>>) -> Self {
        self.tracking_id = Some(id.into());
        self
    }

    /// `userId`, 1 to 256 characters. Default: none; the session stands in as the user.
    #[must_use]
    pub fn user_id(mut self, id: impl Into<Cow<'a, str>>) -> Self {
        self.user_id = Some(id.into());
        self
    }

    /// One more event, in the order of their arrival. A request has 1 to 10.
    #[must_use]
    pub fn event(mut self, event: PutEvent<'a>) -> Self {
        self.events.push(event);
        self
    }

    /// All events, in the order of their arrival, 1 to 10, in place of those that were given. Default: none, which is
    /// refused.
    #[must_use]
    pub fn events(mut self, events: impl IntoIterator<Item = PutEvent<'a>>) -> Self {
        self.events = events.into_iter().collect();
        self
    }

    /// Whether names and properties that neither contract nor schema know are passed over, rather than refused, and
    /// events without an item, too ([`EventsCommit::skipped`](crate::events::EventsCommit::skipped) names those). Default:
    /// false.
    #[must_use]
    pub fn ignore_unknown(mut self, ignore: bool) -> Self {
        self.ignore_unknown = ignore;
        self
    }
}

/// One event of a [`PutEvents`] request. Where the schema has no field for a parameter, the
/// parameter is checked and not kept.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct PutEvent<'a> {
    /// `eventId`.
    pub event_id: Option<Cow<'a, str>>,
    /// `eventType`.
    pub event_type: Cow<'a, str>,
    /// `eventValue`.
    pub event_value: Option<f64>,
    /// `itemId`.
    pub item_id: Option<Cow<'a, str>>,
    /// `impression`; empty for none.
    pub impression: Vec<Cow<'a, str>>,
    /// `recommendationId`: what the event follows.
    pub recommendation_id: Option<Cow<'a, str>>,
    /// `metricAttribution.eventAttributionSource`.
    pub attribution_source: Option<Cow<'a, str>>,
    /// `sentAt`, in Unix epoch seconds.
    pub sent_at: i64,
    /// `properties`, by name. Numbers may be text.
    pub properties: Vec<(Cow<'a, str>, Value)>,
    /// As [`PutEvents::unknown`]. A property that holds a list or an object, and that the schema does
    /// not know, is here as `properties.NAME`.
    pub unknown: Vec<Cow<'a, str>>,
}

impl<'a> PutEvent<'a> {
    /// An event of a type, 1 to 256 characters, at `sent_at`, in Unix epoch seconds, from 0.
    pub fn new(event_type: impl Into<Cow<'a, str>>, sent_at: i64) -> Self {
        Self {
            event_type: event_type.into(),
            sent_at,
            ..Self::default()
        }
    }

    /// `eventId`, 1 to 256 characters. The first event with an id counts. Default: none; the event counts always.
    #[must_use]
    pub fn event_id(mut self, id: impl Into<Cow<'a, str>>) -> Self {
        self.event_id = Some(id.into());
        self
    }

    /// `eventValue`, finite; it may stand in the properties instead. Default: none.
    #[must_use]
    pub fn event_value(mut self, value: impl Into<Option<f64>>) -> Self {
        self.event_value = value.into();
        self
    }

    /// `itemId`, 1 to 256 characters. Required, here or in the properties.
    #[must_use]
    pub fn item_id(mut self, id: impl Into<Cow<'a, str>>) -> Self {
        self.item_id = Some(id.into());
        self
    }

    /// `impression`, 1 to 25 item ids of 1 to 256 characters; it wins over the items of the recommendation. Default:
    /// none.
    #[must_use]
    pub fn impression<S: Into<Cow<'a, str>>>(mut self, items: impl IntoIterator<Item = S>) -> Self {
        self.impression = items.into_iter().map(Into::into).collect();
        self
    }

    /// `recommendationId`, 1 to 40 characters: what the event follows. The items of the recommendation are the
    /// event's impressions, and its source is that of the event. Default: none.
    #[must_use]
    pub fn recommendation_id(mut self, id: impl Into<Cow<'a, str>>) -> Self {
        self.recommendation_id = Some(id.into());
        self
    }

    /// `metricAttribution.eventAttributionSource`, up to 1,024 printable ASCII characters. It wins over the
    /// recommendation's. Default: none.
    #[must_use]
    pub fn attribution_source(mut self, source: impl Into<Cow<'a, str>>) -> Self {
        self.attribution_source = Some(source.into());
        self
    }

    /// One more of the `properties`: a metadata field of the schema by its name in camel case (`numRatings` for
    /// `NUM_RATINGS`) or as the schema spells it, `itemId` or `eventValue`. All together are at most 1,024 characters
    /// of compact JSON.
    #[must_use]
    pub fn property(mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Value>) -> Self {
        self.properties.push((name.into(), value.into()));
        self
    }
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
