//! PutEvents requests against the contract, and on to what the engine takes.

use std::borrow::Cow;

use super::{RowScratch, Validator, rules, shown};
use crate::model::{
    Error, Interaction, Limits, PutEvent, PutEvents, Result, Role, SessionBatch, SessionEvent,
    Value, lifting,
};

/// What to do about a name that is not known, in a host and on the command line.
pub(super) const IGNORE_UNKNOWN: &str =
    "correct the name, or let unknown fields be ignored (--ignore-unknown)";

/// What a check of lengths counts, and the limit that says how many there may be.
type Limit = (Option<usize>, &'static str);

impl Validator {
    /// Checks a request as [`Store::put_events`](crate::Store::put_events) does.
    ///
    /// # Errors
    /// `InvalidInput`, naming event, field, value and rule.
    pub fn check_events(&self, request: &PutEvents<'_>) -> Result<()> {
        self.checked_events(request).map(drop)
    }

    /// Checks a request against every rule of the contract, and gives what the engine takes, and the
    /// positions of the events that it does not take: where unknown names are ignored, those
    /// without an item.
    ///
    /// Costs a few allocations an event.
    ///
    /// # Errors
    /// `InvalidInput`, naming the event by its position (from 0) and id, the field, the value and
    /// the rule.
    pub(crate) fn checked_events(
        &self,
        request: &PutEvents<'_>,
    ) -> Result<(SessionBatch, Vec<usize>)> {
        if let Some(tracking_id) = &request.tracking_id {
            check_chars("trackingId", tracking_id, self.id_limit())?;
        }
        if let Some(user_id) = &request.user_id {
            check_chars("userId", user_id, self.id_limit())?;
        }
        check_chars("sessionId", &request.session_id, self.id_limit())?;
        self.check_ids(request)?;
        self.check_known(request.ignore_unknown, &request.unknown)?;
        let limits = &self.limits;
        let limit = (limits.max_request_events, "max_request_events");
        check_count("eventList", "event", request.events.len(), limit)?;
        let mut scratch = RowScratch::default();
        let mut events = Vec::with_capacity(request.events.len());
        let mut skipped = Vec::new();
        for (position, event) in request.events.iter().enumerate() {
            let checked = self.session_event(request, event, &mut scratch);
            let place = || place_of_event(position, event.event_id.as_deref());
            match checked.map_err(|error| error.within(place()))? {
                Some(event) => events.push(event),
                None => skipped.push(position),
            }
        }
        let batch = SessionBatch {
            session: request.session_id.to_string(),
            user: request.user_id.as_deref().map(str::to_owned),
            events,
        };
        Ok((batch, skipped))
    }

    /// Refuses ids that stand for none, where they are refused.
    fn check_ids(&self, request: &PutEvents<'_>) -> Result<()> {
        let session = ("sessionId", &request.session_id);
        let user = request.user_id.iter().map(|user| ("userId", user));
        for (name, id) in std::iter::once(session).chain(user) {
            if self.is_refused_id(id) {
                let rule = rules::placeholder_id();
                return Err(Error::of_field(
                    name,
                    format!("value {}: {rule}", shown(id)),
                ));
            }
        }
        Ok(())
    }

    /// A parameter's text; an empty one is none where its field may be null, or there is no field.
    fn text_given<'e>(&self, role: Role, text: &'e Option<Cow<'_, str>>) -> Option<&'e str> {
        let field = self.schema.position_of(role);
        let field = field.and_then(|id| self.schema.fields().get(id));
        let may_be_null = field.is_none_or(|field| field.nullable);
        let text = text.as_deref();
        text.filter(|text| !(may_be_null && text.is_empty()))
    }

    fn id_limit(&self) -> Limit {
        (self.limits.max_id_chars, "max_id_chars")
    }

    /// An event as the engine takes it; `None` for one to pass over.
    fn session_event(
        &self,
        request: &PutEvents<'_>,
        event: &PutEvent<'_>,
        scratch: &mut RowScratch,
    ) -> Result<Option<SessionEvent>> {
        self.check_parameters(event)?;
        self.check_known(request.ignore_unknown, &event.unknown)?;
        let properties = self.properties(event, request.ignore_unknown)?;
        let item = match properties.item {
            Some(item) => item,
            None if request.ignore_unknown => return Ok(None),
            None => {
                let rule = "is missing; give it in the event or in its properties, or let events \
                            without an item be passed over (--ignore-unknown)";
                return Err(Error::of_field("itemId", rule));
            }
        };
        check_chars("itemId", &item, self.id_limit())?;
        let user = request.user_id.as_ref().unwrap_or(&request.session_id);
        let mut interaction = Interaction {
            user_id: user.to_string(),
            item_id: item.into_owned(),
            timestamp: event.sent_at,
            fields: properties.fields,
        };
        self.add_parameters(event, properties.event_value, &mut interaction);
        self.check_complete(&interaction)?;
        self.with_row(&interaction, scratch, |_| Ok(()))?;
        Ok(Some(SessionEvent {
            event_id: event.event_id.as_deref().map(str::to_owned),
            recommendation: self
                .text_given(Role::RecommendationId, &event.recommendation_id)
                .map(str::to_owned),
            interaction,
        }))
    }

    /// Refuses names that the contract and the schema do not know.
    fn check_known(&self, ignore_unknown: bool, unknown: &[Cow<'_, str>]) -> Result<()> {
        let Some(name) = unknown.first().filter(|_| !ignore_unknown) else {
            return Ok(());
        };
        Err(match name.strip_prefix("properties.") {
            Some(property) => self.unknown_property(property),
            None => {
                let rule = format!("a PutEvents request has no such field; {IGNORE_UNKNOWN}");
                Error::of_field(name, rule)
            }
        })
    }

    fn check_parameters(&self, event: &PutEvent<'_>) -> Result<()> {
        let limits = &self.limits;
        if let Some(event_id) = &event.event_id {
            check_chars("eventId", event_id, self.id_limit())?;
        }
        let limit = (limits.max_event_type_chars, "max_event_type_chars");
        check_chars("eventType", &event.event_type, limit)?;
        if event.sent_at < 0 {
            let value = shown(&event.sent_at.to_string());
            let rule = rules::NEGATIVE_TIMESTAMP;
            return Err(Error::of_field("sentAt", format!("value {value}: {rule}")));
        }
        if !event.impression.is_empty() {
            let limit = (limits.max_impression_items, "max_impression_items");
            check_count("impression", "item", event.impression.len(), limit)?;
        }
        for item in &event.impression {
            check_chars("impression", item, self.id_limit())?;
            if item.contains('|') {
                let value = shown(item);
                let rule = "must not hold a bar, which separates the items of an impression; correct \
                            the id";
                return Err(Error::of_field(
                    "impression",
                    format!("value {value}: {rule}"),
                ));
            }
        }
        let recommendation = self.text_given(Role::RecommendationId, &event.recommendation_id);
        if let Some(id) = recommendation {
            let limit = limits.max_recommendation_id_chars;
            check_chars(
                "recommendationId",
                id,
                (limit, "max_recommendation_id_chars"),
            )?;
        }
        let source = self.text_given(Role::AttributionSource, &event.attribution_source);
        if let Some(source) = source {
            check_source("eventAttributionSource", source, limits)?;
        }
        if event.properties_bytes_at_most() > limits.max_properties_chars.unwrap_or(usize::MAX) {
            check_properties_chars(event.properties_chars(), limits)?;
        }
        if event.json_bytes_at_most() > limits.max_event_bytes.unwrap_or(usize::MAX) {
            check_event_bytes(event.json_bytes(), limits)?;
        }
        Ok(())
    }

    /// Sets the fields that parameters of the event stand for, as far as the schema has them.
    fn add_parameters(
        &self,
        event: &PutEvent<'_>,
        event_value: Option<f64>,
        interaction: &mut Interaction,
    ) {
        let text = |text: &Cow<'_, str>| Value::String(text.to_string());
        for (field, (name, role)) in self.schema.fields().iter().filter_map(|field| {
            let mut reserved = Role::RESERVED.iter();
            Some((field, reserved.find(|(_, role)| *role == field.role)?))
        }) {
            let value = match role {
                Role::EventType => Some(text(&event.event_type)),
                Role::EventValue => event_value.map(Value::Double),
                Role::Impression if !event.impression.is_empty() => Some(Value::Items(
                    event.impression.iter().map(Cow::to_string).collect(),
                )),
                Role::RecommendationId => event.recommendation_id.as_ref().map(text),
                Role::AttributionSource => event.attribution_source.as_ref().map(text),
                _ => None,
            };
            debug_assert_eq!(*name, field.name);
            if let Some(value) = value {
                interaction.fields.push((Cow::Borrowed(name), value));
            }
        }
    }

    /// Says how to give what the schema requires and the event lacks.
    fn check_complete(&self, interaction: &Interaction) -> Result<()> {
        let is_set = |name: &str| {
            let mut fields = interaction.fields.iter();
            fields.any(|(set, value)| set == name && *value != Value::Null)
        };
        let missing = self.schema.fields().iter().find(|field| {
            let apart = matches!(field.role, Role::User | Role::Item | Role::Timestamp);
            !field.nullable && !apart && !is_set(&field.name)
        });
        let Some(field) = missing else { return Ok(()) };
        let what = match field.role {
            Role::EventValue => "eventValue in the event or in its properties",
            Role::Impression => "impression in the event",
            Role::RecommendationId => "recommendationId in the event",
            Role::AttributionSource => "metricAttribution in the event",
            _ => &format!("{} in the event's properties", camel_case(&field.name)),
        };
        let rule = format!("is missing, and the field is not nullable; give {what}");
        Err(Error::of_field(&field.name, rule))
    }
}

/// Where an event of a request stands, for messages.
pub(crate) fn place_of_event(position: usize, event_id: Option<&str>) -> String {
    match event_id {
        Some(id) => format!("eventList[{position}] (eventId {})", shown(id)),
        None => format!("eventList[{position}]"),
    }
}

/// Checks the characters of an event's properties as JSON.
pub(crate) fn check_properties_chars(chars: usize, limits: &Limits) -> Result<()> {
    match limits.max_properties_chars.filter(|max| chars > *max) {
        None => Ok(()),
        Some(max) => Err(Error::of_field(
            "properties",
            format!(
                "{chars} characters of JSON; shorten them to {max} or {}",
                lifting("max_properties_chars")
            ),
        )),
    }
}

/// Checks the bytes of an event as JSON.
pub(crate) fn check_event_bytes(bytes: usize, limits: &Limits) -> Result<()> {
    match limits.max_event_bytes.filter(|max| bytes > *max) {
        None => Ok(()),
        Some(max) => Err(Error::invalid(format!(
            "the event takes {bytes} bytes of JSON; shorten it to {max} or {}",
            lifting("max_event_bytes")
        ))),
    }
}

/// Checks the length of a parameter: 1 character to the limit.
fn check_chars(name: &str, text: &str, (max, limit): Limit) -> Result<()> {
    if text.is_empty() {
        return Err(Error::of_field(
            name,
            "value \"\": must not be empty; give a value, or leave it out where it is optional",
        ));
    }
    let (max, count, what) = match max {
        Some(max) if text.len() > max => (max, text.chars().count(), "characters"),
        _ => (Limits::MAX_CELL_BYTES, text.len(), "bytes"),
    };
    if count <= max {
        return Ok(());
    }
    let rule = match what {
        "bytes" => format!("{count} bytes; a store holds at most {max} in one value"),
        _ => format!(
            "{count} characters; shorten it to {max} or {}",
            lifting(limit)
        ),
    };
    Err(Error::of_field(
        name,
        format!("value {}: {rule}", shown(text)),
    ))
}

/// Checks an attribution source: its length, and where that is limited, that it is printable ASCII and
/// not blank.
pub(super) fn check_source(name: &str, source: &str, limits: &Limits) -> Result<()> {
    let max = limits.max_attribution_source_chars;
    check_chars(name, source, (max, "max_attribution_source_chars"))?;
    let printable = |c: char| c == ' ' || c.is_ascii_graphic();
    let rule = match max {
        Some(_) if !source.chars().all(printable) => {
            "must be printable ASCII; spell it without other characters"
        }
        Some(_) if source.trim().is_empty() => "must not be blank; give a source, or leave it out",
        _ => return Ok(()),
    };
    Err(Error::of_field(
        name,
        format!("value {}: {rule}", shown(source)),
    ))
}

fn check_count(name: &str, what: &str, count: usize, (max, limit): Limit) -> Result<()> {
    let most = max.unwrap_or(usize::MAX);
    if (1..=most).contains(&count) {
        return Ok(());
    }
    let rule = match max {
        _ if count == 0 => format!("holds no {what}; give 1 or more"),
        Some(max) => format!(
            "holds {count} {what}s; give 1 to {max} or {}",
            lifting(limit)
        ),
        None => return Ok(()),
    };
    Err(Error::of_field(name, rule))
}

/// A field's name as clients spell it in properties: `numRatings` for `NUM_RATINGS`.
fn camel_case(name: &str) -> String {
    let mut words = name.split('_').filter(|word| !word.is_empty());
    let mut camel = words.next().unwrap_or_default().to_ascii_lowercase();
    for word in words {
        let (first, rest) = word.split_at(1);
        camel.push_str(&first.to_ascii_uppercase());
        camel.push_str(&rest.to_ascii_lowercase());
    }
    camel
}
