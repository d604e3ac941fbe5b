//! Quotas as named options.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::{Error, Result};

/// The quotas that schemas and data are held to; `None` lifts one.
///
/// The default is [`Limits::personalize`], the figures of the interactions dataset contract. Each field has a method
/// of its name, which sets it and tells its unit and the contract's figure; `None` lifts it. Any figure is taken. What
/// exceeds one is an `InvalidInput` error that names it, where the method does not tell of a warning.
///
/// ```
/// use annals::Limits;
///
/// let limits = Limits::personalize().max_metadata_fields(20).max_id_chars(None);
/// assert_eq!(limits.max_metadata_fields, Some(20));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Limits {
    /// Characters of a schema document.
    pub max_schema_chars: Option<usize>,
    /// Metadata fields.
    pub max_metadata_fields: Option<usize>,
    /// Optional metadata fields (EVENT_TYPE and EVENT_VALUE count) plus distinct event types in the data.
    pub max_metadata_fields_and_event_types: Option<usize>,
    /// Characters of a user, item, session, tracking or event id.
    pub max_id_chars: Option<usize>,
    /// Characters of an event type.
    pub max_event_type_chars: Option<usize>,
    /// Characters of any other string value.
    pub max_string_chars: Option<usize>,
    /// Characters of an impression list joined by bars, the bars included.
    pub max_impression_chars: Option<usize>,
    /// Characters of a filter expression.
    pub max_filter_chars: Option<usize>,
    /// Distinct dataset fields of a filter.
    pub max_filter_fields: Option<usize>,
    /// Interactions of one user and event type, the most recent, that a filter considers.
    pub max_filter_interactions_per_event_type: Option<usize>,
    /// Distinct parameters of a filter.
    pub max_filter_parameters: Option<usize>,
    /// Characters of the name of a filter's parameter.
    pub max_filter_parameter_name_chars: Option<usize>,
    /// Characters of the values of a filter's parameter, quotes and commas included.
    pub max_filter_parameter_value_chars: Option<usize>,
    /// Whether a reserved field name may not stand as a value.
    pub refuse_reserved_values: bool,
    /// Whether `null`, `undefined`, `None` and `NaN`, in any case of letters, are refused as ids of users and
    /// sessions.
    pub refuse_placeholder_ids: bool,
    /// Fewer rows than this in one bulk import give a warning.
    pub min_import_rows: u64,
    /// Events of one PutEvents request.
    pub max_request_events: Option<usize>,
    /// Bytes of one event of a PutEvents request, as JSON.
    pub max_event_bytes: Option<usize>,
    /// Characters of an event's properties, as JSON.
    pub max_properties_chars: Option<usize>,
    /// Items of an event's impression.
    pub max_impression_items: Option<usize>,
    /// Characters of a recommendation's id.
    pub max_recommendation_id_chars: Option<usize>,
    /// Characters of an attribution source.
    pub max_attribution_source_chars: Option<usize>,
}

impl Limits {
    /// Bytes of one string cell that no option lifts: what the formats can hold.
    pub const MAX_CELL_BYTES: usize = 1 << 20;

    /// Schema fields that no option lifts: what the formats can hold.
    pub const MAX_FIELDS: usize = 512;

    /// The service's figures.
    pub fn personalize() -> Self {
        Self {
            max_schema_chars: Some(20_000),
            max_metadata_fields: Some(5),
            max_metadata_fields_and_event_types: Some(10),
            max_id_chars: Some(256),
            max_event_type_chars: Some(256),
            max_string_chars: Some(1000),
            max_impression_chars: Some(1000),
            max_filter_chars: Some(2500),
            max_filter_fields: Some(10),
            max_filter_interactions_per_event_type: Some(100),
            max_filter_parameters: Some(25),
            max_filter_parameter_name_chars: Some(50),
            max_filter_parameter_value_chars: Some(1000),
            refuse_reserved_values: true,
            refuse_placeholder_ids: false,
            min_import_rows: 1000,
            max_request_events: Some(10),
            max_event_bytes: Some(10 << 10),
            max_properties_chars: Some(1024),
            max_impression_items: Some(25),
            max_recommendation_id_chars: Some(40),
            max_attribution_source_chars: Some(1024),
        }
    }

    /// Every quota lifted; only [`Limits::MAX_CELL_BYTES`] and [`Limits::MAX_FIELDS`] remain.
    pub fn unlimited() -> Self {
        Self {
            max_schema_chars: None,
            max_metadata_fields: None,
            max_metadata_fields_and_event_types: None,
            max_id_chars: None,
            max_event_type_chars: None,
            max_string_chars: None,
            max_impression_chars: None,
            max_filter_chars: None,
            max_filter_fields: None,
            max_filter_interactions_per_event_type: None,
            max_filter_parameters: None,
            max_filter_parameter_name_chars: None,
            max_filter_parameter_value_chars: None,
            refuse_reserved_values: false,
            refuse_placeholder_ids: false,
            min_import_rows: 0,
            max_request_events: None,
            max_event_bytes: None,
            max_properties_chars: None,
            max_impression_items: None,
            max_recommendation_id_chars: None,
            max_attribution_source_chars: None,
        }
    }
}

impl Limits {
    /// Characters of a schema document. Default 20,000.
    #[must_use]
    pub fn max_schema_chars(mut self, most: impl Into<Option<usize>>) -> Self {
        self.max_schema_chars = most.into();
        self
    }

    /// Metadata fields: those with no reserved name. Default 5.
    #[must_use]
    pub fn max_metadata_fields(mut self, most: impl Into<Option<usize>>) -> Self {
        self.max_metadata_fields = most.into();
        self
    }

    /// Optional metadata fields (EVENT_TYPE and EVENT_VALUE count) plus distinct event types in the data.
    /// Default 10.
    #[must_use]
    pub fn max_metadata_fields_and_event_types(mut self, most: impl Into<Option<usize>>) -> Self {
        self.max_metadata_fields_and_event_types = most.into();
        self
    }

    /// Characters of a user, item, session, tracking or event id. Default 256.
    #[must_use]
    pub fn max_id_chars(mut self, most: impl Into<Option<usize>>) -> Self {
        self.max_id_chars = most.into();
        self
    }

    /// Characters of an event type. Default 256.
    #[must_use]
    pub fn max_event_type_chars(mut self, most: impl Into<Option<usize>>) -> Self {
        self.max_event_type_chars = most.into();
        self
    }

    /// Characters of any other string value; more are kept, with a warning. Default 1,000.
    #[must_use]
    pub fn max_string_chars(mut self, most: impl Into<Option<usize>>) -> Self {
        self.max_string_chars = most.into();
        self
    }

    /// Characters of an impression list joined by bars, the bars included; more are kept, with a warning.
    /// Default 1,000.
    #[must_use]
    pub fn max_impression_chars(mut self, most: impl Into<Option<usize>>) -> Self {
        self.max_impression_chars = most.into();
        self
    }

    /// Characters of a filter expression. Default 2,500.
    #[must_use]
    pub fn max_filter_chars(mut self, most: impl Into<Option<usize>>) -> Self {
        self.max_filter_chars = most.into();
        self
    }

    /// Distinct dataset fields of a filter. Default 10.
    #[must_use]
    pub fn max_filter_fields(mut self, most: impl Into<Option<usize>>) -> Self {
        self.max_filter_fields = most.into();
        self
    }

    /// Interactions of one user and event type, the most recent, that a filter considers. Default 100.
    #[must_use]
    pub fn max_filter_interactions_per_event_type(
        mut self,
        most: impl Into<Option<usize>>,
    ) -> Self {
        self.max_filter_interactions_per_event_type = most.into();
        self
    }

    /// Distinct parameters of a filter. Default 25.
    #[must_use]
    pub fn max_filter_parameters(mut self, most: impl Into<Option<usize>>) -> Self {
        self.max_filter_parameters = most.into();
        self
    }

    /// Characters of the name of a filter's parameter. Default 50.
    #[must_use]
    pub fn max_filter_parameter_name_chars(mut self, most: impl Into<Option<usize>>) -> Self {
        self.max_filter_parameter_name_chars = most.into();
        self
    }

    /// Characters of the values of a filter's parameter, quotes and commas included. Default 1,000.
    #[must_use]
    pub fn max_filter_parameter_value_chars(mut self, most: impl Into<Option<usize>>) -> Self {
        self.max_filter_parameter_value_chars = most.into();
        self
    }

    /// Whether a reserved field name may not stand as a value. Default true.
    #[must_use]
    pub fn refuse_reserved_values(mut self, refuse: bool) -> Self {
        self.refuse_reserved_values = refuse;
        self
    }

    /// Whether `null`, `undefined`, `None` and `NaN`, in any case of letters, are refused as ids of users and
    /// sessions; otherwise the tool warns of them. Default false. May be changed either way.
    #[must_use]
    pub fn refuse_placeholder_ids(mut self, refuse: bool) -> Self {
        self.refuse_placeholder_ids = refuse;
        self
    }

    /// Fewer rows than this in one bulk import give a warning. Default 1,000.
    #[must_use]
    pub fn min_import_rows(mut self, rows: u64) -> Self {
        self.min_import_rows = rows;
        self
    }

    /// Events of one PutEvents request. Default 10.
    #[must_use]
    pub fn max_request_events(mut self, most: impl Into<Option<usize>>) -> Self {
        self.max_request_events = most.into();
        self
    }

    /// Bytes of one event of a PutEvents request, as JSON. Default 10,240.
    #[must_use]
    pub fn max_event_bytes(mut self, most: impl Into<Option<usize>>) -> Self {
        self.max_event_bytes = most.into();
        self
    }

    /// Characters of an event's properties, as JSON. Default 1,024.
    #[must_use]
    pub fn max_properties_chars(mut self, most: impl Into<Option<usize>>) -> Self {
        self.max_properties_chars = most.into();
        self
    }

    /// Items of an event's impression. Default 25.
    #[must_use]
    pub fn max_impression_items(mut self, most: impl Into<Option<usize>>) -> Self {
        self.max_impression_items = most.into();
        self
    }

    /// Characters of a recommendation's id. Default 40.
    #[must_use]
    pub fn max_recommendation_id_chars(mut self, most: impl Into<Option<usize>>) -> Self {
        self.max_recommendation_id_chars = most.into();
        self
    }

    /// Characters of an attribution source; where it is limited, those of events and recommendations are
    /// printable ASCII. Default 1,024.
    #[must_use]
    pub fn max_attribution_source_chars(mut self, most: impl Into<Option<usize>>) -> Self {
        self.max_attribution_source_chars = most.into();
        self
    }
}

impl Limits {
    /// Checks that these allow all that `old` allow.
    ///
    /// # Errors
    /// `InvalidInput`, naming the limits that would be lower.
    pub(crate) fn check_raises(&self, old: &Self) -> Result<()> {
        let lowered: Vec<String> = values(old)?
            .iter()
            .zip(&values(self)?)
            .filter(|((name, old), (_, new))| {
                name.as_str() != "refuse_placeholder_ids" && allows(name, new) < allows(name, old)
            })
            .map(|((name, old), (_, new))| format!("{name} is {old}, not {new}"))
            .collect();
        match lowered.is_empty() {
            true => Ok(()),
            false => Err(Error::invalid(format!(
                "the limits of a store can be raised, not lowered, since what it holds may exceed lower \
                 ones; {}",
                lowered.join(", ")
            ))),
        }
    }
}

/// The values by name, in the same order for all limits.
fn values(limits: &Limits) -> Result<Map<String, Json>> {
    match serde_json::to_value(limits) {
        Ok(Json::Object(values)) => Ok(values),
        _ => Err(Error::internal("limits that are no object")),
    }
}

/// How much a limit of this name lets through: more is more.
fn allows(name: &str, value: &Json) -> i128 {
    match value {
        Json::Null => i128::MAX,
        Json::Bool(refuses) => i128::from(!refuses),
        value => {
            let number = i128::from(value.as_u64().unwrap_or(0));
            // What is below a minimum is let through with a warning.
            if name.starts_with("min_") {
                -number
            } else {
                number
            }
        }
    }
}

/// How to lift a limit, for messages: by its name in a host, and on the command line.
pub(crate) fn lifting(limit: &str) -> String {
    let value = match limit.starts_with("max_") {
        true => "NUMBER",
        false => "false",
    };
    format!(
        "lift the limit {limit} (annals limits STORE --set {limit}={value}, or --set at annals init)"
    )
}

impl Default for Limits {
    fn default() -> Self {
        Self::personalize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_raised_and_not_lowered() {
        let old = Limits::personalize();
        let strict = Limits {
            refuse_placeholder_ids: true,
            ..old.clone()
        };
        strict.check_raises(&old).unwrap();
        old.check_raises(&strict).unwrap();
        Limits::unlimited().check_raises(&old).unwrap();
        old.check_raises(&old).unwrap();
        let error = old.check_raises(&Limits::unlimited()).unwrap_err();
        assert!(
            error
                .message()
                .contains("max_schema_chars is null, not 20000")
        );
        assert!(
            error
                .message()
                .contains("refuse_reserved_values is false, not true")
        );
        assert!(error.message().contains("min_import_rows is 0, not 1000"));
        let more = Limits {
            max_metadata_fields: Some(6),
            ..Limits::personalize()
        };
        more.check_raises(&old).unwrap();
        let fewer = Limits {
            max_metadata_fields: Some(4),
            max_id_chars: None,
            ..Limits::personalize()
        };
        assert_eq!(
            fewer.check_raises(&old).unwrap_err().message(),
            "the limits of a store can be raised, not lowered, since what it holds may exceed lower ones; \
             max_metadata_fields is 5, not 4"
        );
    }
}
