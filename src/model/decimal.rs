//! Numbers in decimal notation, without rounding.

/// What a text such as `-12.50e1` says about whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    /// The number without its fraction; `None` beyond 64 bits.
    pub(crate) whole: Option<i64>,
    /// Whether there is a fraction other than 0.
    pub(crate) has_fraction: bool,
    pub(crate) negative: bool,
}

impl Decimal {
    /// Reads digits with an optional sign, point and exponent; `None` for any other text.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.as_bytes().first() {
            Some(b'-') => (true, text.get(1..)?),
            Some(b'+') => (false, text.get(1..)?),
            _ => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent_of(exponent)?),
            None => (unsigned, 0),
        };
        let (before, behind) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let is_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
        if before.len() + behind.len() == 0 || !is_digits(before) || !is_digits(behind) {
            return None;
        }
        // Of all digits, so many stand before the point.
        let before_point = i64::try_from(before.len()).ok()?.saturating_add(exponent);
        let digits = before.bytes().chain(behind.bytes()).zip(0i64..);
        let is_zero = |part: &dyn Fn(i64) -> bool| {
            let mut part = digits.clone().filter(|(_, at)| part(*at));
            part.all(|(digit, _)| digit == b'0')
        };
        let has_fraction = !is_zero(&|at| at >= before_point);
        let whole = match is_zero(&|at| at < before_point) {
            true => Some(0),
            false => {
                let digits = digits.take_while(|(_, at)| *at < before_point);
                whole_of(digits.map(|(digit, _)| digit), before_point, negative)
            }
        };
        Some(Self {
            whole,
            has_fraction,
            negative,
        })
    }

    /// The whole number that it is; `None` where it has a fraction or is beyond 64 bits.
    pub(crate) fn exactly(self) -> Option<i64> {
        self.whole.filter(|_| !self.has_fraction)
    }

    /// The largest whole number that is not above it.
    pub(crate) fn floor(self) -> Option<i64> {
        let below = self.negative && self.has_fraction;
        self.whole?.checked_sub(i64::from(below))
    }
}

/// An exponent; one beyond 64 bits is as good as the largest.
fn exponent_of(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let huge = match text.starts_with('-') {
        true => i64::MIN,
        false => i64::MAX,
    };
    Some(text.parse().unwrap_or(huge))
}

/// The whole number of so many digits, those that are missing at its end being 0; it is not 0.
fn whole_of(digits: impl Iterator<Item = u8>, len: i64, negative: bool) -> Option<i64> {
    let sign = if negative { -1 } else { 1 };
    let push = |whole: i64, digit: u8| {
        let digit = i64::from(digit - b'0') * sign;
        whole.checked_mul(10)?.checked_add(digit)
    };
    let mut whole = 0i64;
    let mut missing = len;
    for digit in digits {
        whole = push(whole, digit)?;
        missing -= 1;
    }
    for _ in 0..missing {
        // Ends soon: it is not 0 and grows tenfold.
        whole = push(whole, b'0')?;
    }
    Some(whole)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn exactly(text: &str) -> Option<i64> {
        Decimal::parse(text)?.exactly()
    }

    #[test]
    fn one_number_in_all_its_spellings() {
        for text in [
            "3", "+3", "3.", "3.0", "03.00", "3e0", "3E+0", "0.3e1", ".3e1", "300e-2", "0.0003e4",
        ] {
            assert_eq!(exactly(text), Some(3), "{text}");
        }
        for text in ["0", "-0", "0.0", "0e99999999999999999999", ".0", "0e-5"] {
            assert_eq!(exactly(text), Some(0), "{text}");
        }
        for text in [
            "", "+", "-", ".", "e1", "1e", "1e+", "--1", "1.2.3", "0x1", "NaN", "inf", " 1",
        ] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_fraction_is_cut_and_never_rounded() {
        for (text, whole, floor) in [
            (
                "1704164645.999999999",
                Some(1_704_164_645),
                Some(1_704_164_645),
            ),
            (
                "1704164645999999999e-9",
                Some(1_704_164_645),
                Some(1_704_164_645),
            ),
            ("-0.5", Some(0), Some(-1)),
            ("1e-400", Some(0), Some(0)),
            ("9223372036854775807.9", Some(i64::MAX), Some(i64::MAX)),
            ("9223372036854775808", None, None),
            ("-9223372036854775808", Some(i64::MIN), Some(i64::MIN)),
            ("1e400", None, None),
            ("1e9223372036854775807", None, None),
        ] {
            let found = Decimal::parse(text).unwrap();
            assert_eq!((found.whole, found.floor()), (whole, floor), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whole_numbers_are_what_they_are(number: i64, zeros in 0usize..4) {
            let zeros = "0".repeat(zeros);
            prop_assert_eq!(exactly(&format!("{number}.{zeros}")), Some(number));
            prop_assert_eq!(exactly(&format!("{number}{zeros}e-{}", zeros.len())), Some(number));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[-+0-9.eE]{0,12}") {
            let read = Decimal::parse(&text);
            prop_assert_eq!(read.is_some(), text.parse::<f64>().is_ok(), "{}", text);
        }
    }
}
