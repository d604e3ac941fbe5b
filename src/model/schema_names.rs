//! Names that a schema does not have, and what they were probably meant for.

use super::{Error, Field, FieldId, Result, Schema, shown};

impl Schema {
    /// The position of the field with this exact name, or an error that lists the names.
    ///
    /// # Errors
    /// `InvalidInput` when the schema has no such field.
    pub fn require(&self, name: &str) -> Result<FieldId> {
        self.position(name)
            .ok_or_else(|| self.unknown_names(&[name]))
    }

    /// As [`Schema::require`], for names that come in the order of the fields: they are sought from
    /// the position `first` on.
    pub(crate) fn require_from(&self, first: FieldId, name: &str) -> Result<FieldId> {
        let rest = self.fields.get(first..).unwrap_or_default();
        match rest.iter().position(|field| field.name == name) {
            Some(at) => Ok(first + at),
            None => self.require(name),
        }
    }

    /// The error of names that are no fields, all in one.
    pub(crate) fn unknown_names(&self, names: &[&str]) -> Error {
        let [first, others @ ..] = names else {
            return Error::invalid("the schema has no such field");
        };
        let hint = |name: &str| match self.meant_by(name) {
            Some(field) => format!(" (did you mean {}?)", field.name),
            None => String::new(),
        };
        let mut rule = format!("the schema has no such field{}", hint(first));
        for other in others {
            rule += &format!(", and no {}{}", shown(other), hint(other));
        }
        Error::of_field(first, format!("{rule}; it has {}", self.names()))
    }

    /// The field whose name is equal but for case and what is neither letter nor digit.
    pub(crate) fn meant_by(&self, name: &str) -> Option<&Field> {
        let mut fields = self.fields.iter();
        fields.find(|field| letters(&field.name).eq(letters(name)))
    }

    /// The names of the fields, for messages.
    pub(crate) fn names(&self) -> String {
        let names: Vec<&str> = self.fields.iter().map(Field::name).collect();
        names.join(", ")
    }
}

/// What a name consists of beside case and separators.
fn letters(name: &str) -> impl Iterator<Item = char> {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.map(|c| c.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::super::Limits;
    use super::*;

    #[test]
    fn all_unknown_names_come_in_one_message() {
        let json = r#"{"type": "record", "name": "Interactions", "fields": [
            {"name": "USER_ID", "type": "string"}, {"name": "ITEM_ID", "type": "string"},
            {"name": "TIMESTAMP", "type": "long"}]}"#;
        let schema = Schema::parse(json, &Limits::personalize()).unwrap();
        let error = schema.unknown_names(&["user_id", "Item-ID", "when"]);
        assert_eq!(
            error.message(),
            "field user_id: the schema has no such field (did you mean USER_ID?), and no \"Item-ID\" \
             (did you mean ITEM_ID?), and no \"when\"; it has USER_ID, ITEM_ID, TIMESTAMP"
        );
        assert_eq!(error.field(), Some("user_id"));
        assert_eq!(schema.require("ITEM_ID").unwrap(), 1);
    }
}
