//! A string that lies in place when it is short.

/// A string. Ids are mostly short: those lie in place, so that resolving a code costs one access
/// to memory, not two, and no allocation.
pub(in crate::hot) enum Text {
    Short { len: u8, bytes: [u8; Text::SHORT] },
    Long(Box<str>),
}

impl Text {
    /// Bytes of the longest string that lies in place: what a slot of 24 bytes has room for.
    pub(in crate::hot) const SHORT: usize = 22;

    pub(in crate::hot) fn bytes(&self) -> &[u8] {
        match self {
            Self::Short { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or(bytes),
            Self::Long(text) => text.as_bytes(),
        }
    }

    /// Bytes that it takes beside its slot.
    pub(super) fn allocated_bytes(&self) -> usize {
        match self {
            Self::Short { .. } => 0,
            Self::Long(text) => text.len() + 16,
        }
    }

    pub(in crate::hot) fn get(&self) -> &str {
        match self {
            // It was made of a string, so this holds.
            Self::Short { .. } => std::str::from_utf8(self.bytes()).unwrap_or_default(),
            Self::Long(text) => text,
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        let mut bytes = [0; Self::SHORT];
        match bytes.get_mut(..text.len()) {
            Some(place) => {
                place.copy_from_slice(text.as_bytes());
                Self::Short {
                    len: text.len() as u8,
                    bytes,
                }
            }
            None => Self::Long(text.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_takes_24_bytes() {
        assert_eq!(size_of::<Text>(), 24);
    }

    #[test]
    fn strings_of_any_length_read_back() {
        let long = "\u{e9}abc".repeat(10);
        let ends: Vec<usize> = (0..long.len())
            .filter(|at| long.is_char_boundary(*at))
            .collect();
        for end in &ends {
            let text = Text::from(&long[..*end]);
            assert_eq!(text.get(), &long[..*end]);
            assert_eq!(text.bytes(), &long.as_bytes()[..*end]);
        }
    }
}
