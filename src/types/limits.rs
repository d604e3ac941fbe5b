//! Quotas as named options.

use serde::{Deserialize, Serialize};

/// The quotas that schemas and data are held to; `None` lifts one.
///
/// The default is [`Limits::personalize`], the figures of the interactions dataset contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Characters of a schema document. Default 20,000.
    pub max_schema_chars: Option<usize>,
    /// Metadata fields: those with no reserved name. Default 5.
    pub max_metadata_fields: Option<usize>,
    /// Optional metadata fields (EVENT_TYPE and EVENT_VALUE count) plus distinct event types in the
    /// data. Default 10.
    pub max_metadata_fields_and_event_types: Option<usize>,
    /// Characters of a user, item, session, tracking or event id. Default 256.
    pub max_id_chars: Option<usize>,
    /// Characters of an event type. Default 256.
    pub max_event_type_chars: Option<usize>,
    /// Characters of any other string value; more are kept, with a warning. Default 1,000.
    pub max_string_chars: Option<usize>,
    /// Characters of an impression list joined by bars, the bars included; more are kept, with a
    /// warning. Default 1,000.
    pub max_impression_chars: Option<usize>,
    /// Characters of a filter expression. Default 2,500.
    pub max_filter_chars: Option<usize>,
    /// Distinct dataset fields of a filter. Default 10.
    pub max_filter_fields: Option<usize>,
    /// Interactions of one user and event type, the most recent, that a filter considers. Default
    /// 100.
    pub max_filter_interactions_per_event_type: Option<usize>,
    /// Distinct parameters of a filter. Default 25.
    pub max_filter_parameters: Option<usize>,
    /// Characters of the name of a filter's parameter. Default 50.
    pub max_filter_parameter_name_chars: Option<usize>,
    /// Characters of the values of a filter's parameter, quotes and commas included. Default 1,000.
    pub max_filter_parameter_value_chars: Option<usize>,
    /// Whether a reserved field name may not stand as a value. Default true.
    pub refuse_reserved_values: bool,
    /// Fewer rows than this in one bulk import give a warning. Default 1,000.
    pub min_import_rows: u64,
    /// Events of one PutEvents request. Default 10.
    pub max_request_events: Option<usize>,
    /// Bytes of one event of a PutEvents request, as JSON. Default 10,240.
    pub max_event_bytes: Option<usize>,
    /// Characters of an event's properties, as JSON. Default 1,024.
    pub max_properties_chars: Option<usize>,
    /// Items of an event's impression. Default 25.
    pub max_impression_items: Option<usize>,
    /// Characters of a recommendation's id. Default 40.
    pub max_recommendation_id_chars: Option<usize>,
    /// Characters of an attribution source; where it is limited, those of events and recommendations are
    /// printable ASCII. Default 1,024.
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

/// How to lift a limit, for messages: by its name in a host, and with all others where the tool makes a
/// store.
pub(crate) fn lifting(limit: &str) -> String {
    format!("lift the limit {limit} (annals init --limits unlimited)")
}

impl Default for Limits {
    fn default() -> Self {
        Self::personalize()
    }
}
