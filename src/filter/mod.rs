//! The filter expressions of the interactions dataset contract.
//!
//! A [`FilterPlan`] is compiled once from an expression and used for any number of requests:
//! [`Store::filter`](crate::Store::filter) tells which candidates to keep for a user,
//! [`Store::filter_users`](crate::Store::filter_users) which users an expression about `UserID`
//! selects, [`Store::explain`](crate::Store::explain) why one candidate is kept or dropped. What
//! belongs to one request is a [`FilterContext`]: parameters, and, since a store holds interactions
//! alone, the [`Attributes`] of items and users, such as an [`AttributeTable`] out of CSV files.
//!
//! ```
//! use annals::filter::{FilterContext, FilterPlan};
//! # use annals::{Durability, Interaction, Limits, Schema, Store};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let schema = Schema::parse(
//! #     r#"{"type": "record", "name": "Interactions", "fields": [
//! #         {"name": "USER_ID", "type": "string"}, {"name": "ITEM_ID", "type": "string"},
//! #         {"name": "TIMESTAMP", "type": "long"}, {"name": "EVENT_TYPE", "type": "string"}
//! #     ]}"#,
//! #     &Limits::personalize(),
//! # )?;
//! # let store = Store::create(folder.path(), &schema)?;
//! store.write(Interaction::new("ada", "tea", 60).event_type("purchase"), Durability::Synced)?;
//! let plan = FilterPlan::compile(
//!     "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($TYPES)",
//!     store.schema(),
//!     store.limits(),
//! )?;
//! let context = FilterContext::new().parameter("TYPES", r#""purchase","watch""#)?;
//! let kept = store.filter(&plan, "ada", &["tea", "cake"], &context)?;
//! assert_eq!(kept, [1]);
//! # Ok(())
//! # }
//! ```
//!
//! # What is matched
//!
//! An expression about Interactions matches an item where one interaction of the user with it
//! passes all conditions of a group; AND binds tighter than OR. Event types match without regard to
//! case, everything else exactly. A categorical string holds categories joined by bars and is in a
//! list where one of them is; so is an impression. What has no value is in no list, so NOT IN holds
//! for it, and no comparison does, `!=` included. Numbers are rounded to the field's type where that is a float or
//! a double.

mod attributes;
mod bind;
mod compile;
mod cursor;
mod eval;
mod explain;
mod number;
mod parameters;
mod parse;
mod plan;
mod print;
mod rows;
mod table;
mod table_schema;
mod users;

pub use attributes::{Attribute, AttributeField, Attributes, FilterContext};
pub use eval::Filtered;
pub use explain::{ExplainedExpression, Explanation, ExpressionOutcome};
pub use plan::{FilterPlan, Subject};
pub use table::AttributeTable;
pub use table_schema::{AttributeDataset, AttributeSchema, TableField};
