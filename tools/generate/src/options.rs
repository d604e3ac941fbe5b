use std::fmt;

use crate::shape::Shape;

/// Item ids in every impression; no catalogue may be smaller.
pub const IMPRESSION_ITEMS: usize = 10;

/// The most users there can be: what seven digits can number, so that every user id of [`Shape::Even`] has 8 bytes.
pub const MAX_USERS: u32 = 10_000_000;

/// The most items there can be.
pub const MAX_ITEMS: u32 = 10_000_000;

/// What to generate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Rows in the whole stream, at least 1.
    pub rows: u64,
    /// Users that may appear, 1 to [`MAX_USERS`]. The lightest may stay unseen.
    pub users: u32,
    /// Items that may appear, [`IMPRESSION_ITEMS`] to [`MAX_ITEMS`].
    pub items: u32,
    /// Chooses one of the many streams of this shape.
    pub seed: u64,
    /// Whether all impressions of a session show one list, as a carousel does, instead of a list
    /// drawn afresh for each. Nothing but the impressions depends on it.
    pub carousel: bool,
    /// What ids look like.
    pub shape: Shape,
}

impl Options {
    /// The usual proportions for a number of rows: 50 rows a user and 200 rows an item, within the
    /// limits, seed 1, fresh impressions.
    pub fn new(rows: u64) -> Self {
        Self::of_shape(Shape::Even, rows)
    }

    /// The proportions and ids of a shape for a number of rows, within the limits, seed 1, fresh impressions.
    pub fn of_shape(shape: Shape, rows: u64) -> Self {
        let share = |per: u64, least: u32, most: u32| {
            u32::try_from(rows / per).map_or(most, |n| n.clamp(least, most))
        };
        Options {
            rows,
            users: share(shape.rows_per_user(), 1, MAX_USERS),
            items: share(shape.rows_per_item(), IMPRESSION_ITEMS as u32, MAX_ITEMS),
            seed: 1,
            carousel: false,
            shape,
        }
    }

    /// Checks every option against its range.
    ///
    /// # Errors
    /// The first option that is out of its range.
    pub fn validate(&self) -> Result<(), Error> {
        if self.rows == 0 {
            return Err(Error::Rows);
        }
        if !(1..=MAX_USERS).contains(&self.users) {
            return Err(Error::Users { given: self.users });
        }
        if !(IMPRESSION_ITEMS as u32..=MAX_ITEMS).contains(&self.items) {
            return Err(Error::Items { given: self.items });
        }
        Ok(())
    }
}

impl Default for Options {
    /// [`Options::new`] for a million rows.
    fn default() -> Self {
        Options::new(1_000_000)
    }
}

/// Why there is nothing to generate; each names the option to change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// No rows were asked for.
    Rows,
    /// The number of users is out of range.
    Users {
        /// The number asked for.
        given: u32,
    },
    /// The number of items is out of range.
    Items {
        /// The number asked for.
        given: u32,
    },
    /// The weights of users, items or locations make no distribution.
    Weights(rand_distr::weighted::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Rows => write!(f, "rows is 0; ask for at least 1"),
            Error::Users { given } => {
                write!(f, "users is {given}; give a number from 1 to {MAX_USERS}")
            }
            Error::Items { given } => write!(
                f,
                "items is {given}; give a number from {IMPRESSION_ITEMS} (the items of one \
                 impression) to {MAX_ITEMS}"
            ),
            Error::Weights(source) => write!(f, "weights make no distribution: {source}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Weights(source) => Some(source),
            _ => None,
        }
    }
}

impl From<rand_distr::weighted::Error> for Error {
    fn from(source: rand_distr::weighted::Error) -> Self {
        Error::Weights(source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proportions_follow_the_rows_within_limits() {
        let of = |rows| {
            let options = Options::new(rows);
            assert_eq!(options.validate(), Ok(()));
            (options.users, options.items)
        };
        assert_eq!(of(1), (1, 10));
        assert_eq!(of(10_000_000), (200_000, 50_000));
        assert_eq!(of(u64::MAX), (MAX_USERS, MAX_ITEMS));
        let tail = Options::of_shape(Shape::Tail, 1000);
        assert_eq!((tail.users, tail.items), (100, 250));
    }

    #[test]
    fn an_option_out_of_range_is_named() {
        let refused = |change: fn(&mut Options)| {
            let mut options = Options::default();
            change(&mut options);
            options.validate().map_err(|e| e.to_string())
        };
        assert_eq!(
            refused(|o| o.rows = 0),
            Err("rows is 0; ask for at least 1".into())
        );
        assert_eq!(
            refused(|o| o.users = 0),
            Err("users is 0; give a number from 1 to 10000000".into())
        );
        assert_eq!(
            refused(|o| o.items = 9),
            Err(
                "items is 9; give a number from 10 (the items of one impression) to 10000000"
                    .into()
            )
        );
        assert!(refused(|o| o.users = MAX_USERS + 1).is_err());
        assert!(refused(|o| o.items = MAX_ITEMS + 1).is_err());
    }
}
