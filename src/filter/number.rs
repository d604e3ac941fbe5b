//! Numbers of expressions, and how they compare with values.

use std::cmp::Ordering;
use std::fmt;

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    /// Longer symbols before those that they begin with.
    pub(super) const ALL: [Self; 6] = [
        Self::NotEqual,
        Self::LessOrEqual,
        Self::GreaterOrEqual,
        Self::Less,
        Self::Greater,
        Self::Equal,
    ];

    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    pub(super) fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// A number as it stands in an expression or a parameter, or as an attribute has it. Finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Integer(i64),
    Real(f64),
}

impl Number {
    /// `-12`, `0.5`, `1e6`; `None` for anything else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        // The parser of the standard library also takes `inf`, `nan` and a plus sign.
        let first = text.trim_start_matches('-').chars().next()?;
        if !(first.is_ascii_digit() || first == '.') {
            return None;
        }
        if let Ok(integer) = text.parse() {
            return Some(Self::Integer(integer));
        }
        let real: f64 = text.parse().ok()?;
        real.is_finite().then_some(Self::Real(real))
    }

    fn as_f64(self) -> f64 {
        match self {
            Self::Integer(integer) => integer as f64,
            Self::Real(real) => real,
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(integer) => write!(f, "{integer}"),
            Self::Real(real) => write!(f, "{real:?}"),
        }
    }
}

/// A value of a number field, as its type holds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Held {
    Integer(i64),
    Float(f32),
    Double(f64),
}

impl Held {
    /// Compares with a number, which is rounded to the field's type where that is a floating point
    /// one: so a float of 0.1 is equal to 0.1. Integers compare exactly. `None` for NaN, which only
    /// a host's own attributes can have.
    pub(super) fn compare(self, with: Number) -> Option<Ordering> {
        match (self, with) {
            (Self::Integer(held), Number::Integer(with)) => Some(held.cmp(&with)),
            (Self::Integer(held), Number::Real(with)) => Some(compare_exactly(held, with)),
            (Self::Float(held), with) => held.partial_cmp(&(with.as_f64() as f32)),
            (Self::Double(held), with) => held.partial_cmp(&with.as_f64()),
        }
    }

    /// The same number as something to compare with; `None` where it is not finite.
    pub(super) fn number(self) -> Option<Number> {
        match self {
            Self::Integer(integer) => Some(Number::Integer(integer)),
            Self::Float(real) => real.is_finite().then_some(Number::Real(real.into())),
            Self::Double(real) => real.is_finite().then_some(Number::Real(real)),
        }
    }
}

/// An integer against a finite real, without rounding either.
fn compare_exactly(integer: i64, real: f64) -> Ordering {
    const ABOVE_ALL: f64 = 9_223_372_036_854_775_808.0;
    if real >= ABOVE_ALL {
        return Ordering::Less;
    }
    if real < -ABOVE_ALL {
        return Ordering::Greater;
    }
    let whole = real.trunc();
    let order = integer.cmp(&(whole as i64));
    order.then_with(|| whole.partial_cmp(&real).unwrap_or(Ordering::Equal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_and_reals_compare_without_rounding() {
        let cases = [
            (5, 5.0, Ordering::Equal),
            (5, 5.5, Ordering::Less),
            (-5, -5.5, Ordering::Greater),
            (i64::MAX, 9_223_372_036_854_775_808.0, Ordering::Less),
            (i64::MIN, -9_223_372_036_854_775_808.0, Ordering::Equal),
            (i64::MIN, -1e300, Ordering::Greater),
            (
                9_007_199_254_740_993,
                9_007_199_254_740_992.0,
                Ordering::Greater,
            ),
        ];
        for (integer, real, want) in cases {
            let found = Held::Integer(integer).compare(Number::Real(real));
            assert_eq!(found, Some(want), "{integer} {real}");
        }
    }

    #[test]
    fn a_float_is_equal_to_what_it_was_written_as() {
        let tenth = Number::parse("0.1").unwrap();
        assert_eq!(Held::Float(0.1).compare(tenth), Some(Ordering::Equal));
        assert_eq!(Held::Double(0.1).compare(tenth), Some(Ordering::Equal));
        let large = Number::parse("1e300").unwrap();
        assert_eq!(Held::Float(f32::MAX).compare(large), Some(Ordering::Less));
    }

    #[test]
    fn only_numbers_parse() {
        for text in [
            "", "-", ".", "inf", "NaN", "+5", "1e999", "0x10", "5a", "--5",
        ] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
        assert_eq!(Number::parse("-0"), Some(Number::Integer(0)));
        assert_eq!(Number::parse(".5"), Some(Number::Real(0.5)));
        assert_eq!(Number::parse("1e3"), Some(Number::Real(1000.0)));
    }
}
