use std::fmt;
use std::str::FromStr;

use crate::mix::{mix, permuted};
use crate::names::{push_item_id, push_user_id};
use crate::slugs::push_slug;

/// What ids look like, and how many rows a user and an item have.
///
/// The rows themselves, by number, depend on the numbers of users and items alone: two shapes with the same ones
/// differ in nothing but texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Short ids of one width, a letter and a number (`u0001234`, `i00123`); 50 rows a user, 200 an item.
    #[default]
    Even,
    /// Users are UUIDs, items ten capital letters and digits (`7K0Q2MZX4B`); 10 rows a user, 8 an item.
    Shop,
    /// Users are decimal numbers, items slugs of 20 to 60 bytes that share words; 30 rows a user, 200 an item.
    News,
    /// The ids of [`Shape::Even`]; 10 rows a user, 4 an item.
    Tail,
}

/// Letters and digits of a shop's items.
const SYMBOLS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const SHOP_ITEM: usize = 10;
/// 36^10, what a shop's items can number.
const SHOP_ITEMS: u64 = 3_656_158_440_062_976;
/// Bits that hold it.
const SHOP_BITS: u32 = 52;

/// Numbers from one user of a news site to the next, the gaps that deleted accounts leave included.
const NEWS_STEP: u64 = 3;

impl Shape {
    /// All of them.
    pub const ALL: [Shape; 4] = [Shape::Even, Shape::Shop, Shape::News, Shape::Tail];

    /// The name that [`FromStr`] reads.
    pub fn name(self) -> &'static str {
        match self {
            Shape::Even => "even",
            Shape::Shop => "shop",
            Shape::News => "news",
            Shape::Tail => "tail",
        }
    }

    /// Rows for each user that may appear. The lightest stay unseen, so those that do appear have more.
    pub fn rows_per_user(self) -> u64 {
        match self {
            Shape::Even => 50,
            Shape::News => 30,
            Shape::Shop | Shape::Tail => 10,
        }
    }

    /// Rows for each item that may appear. The rarest stay unseen, so those that do appear have more.
    pub fn rows_per_item(self) -> u64 {
        match self {
            Shape::Even | Shape::News => 200,
            Shape::Shop => 8,
            Shape::Tail => 4,
        }
    }

    /// USER_ID of a user's number, unlike that of any other.
    pub fn user_id(self, user: u32) -> String {
        let mut id = String::new();
        self.push_user_id(&mut id, user);
        id
    }

    /// ITEM_ID of an item's number, unlike that of any other.
    pub fn item_id(self, item: u32) -> String {
        let mut id = String::new();
        self.push_item_id(&mut id, item);
        id
    }

    /// Appends [`Shape::user_id`] without allocating for it.
    pub fn push_user_id(self, out: &mut String, user: u32) {
        match self {
            Shape::Even | Shape::Tail => push_user_id(out, user),
            Shape::Shop => push_uuid(out, user),
            Shape::News => {
                let number = u64::from(user);
                let id = 1 + number * NEWS_STEP + mix(number) % NEWS_STEP;
                out.push_str(itoa::Buffer::new().format(id));
            }
        }
    }

    /// Appends [`Shape::item_id`] without allocating for it.
    pub fn push_item_id(self, out: &mut String, item: u32) {
        match self {
            Shape::Even | Shape::Tail => push_item_id(out, item),
            Shape::Shop => push_code(out, item),
            Shape::News => push_slug(out, item),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Shape {
    type Err = UnknownShape;

    fn from_str(name: &str) -> Result<Self, UnknownShape> {
        let found = Shape::ALL.into_iter().find(|shape| shape.name() == name);
        found.ok_or_else(|| UnknownShape {
            given: name.to_owned(),
        })
    }
}

/// A name that no [`Shape`] has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownShape {
    given: String,
}

impl fmt::Display for UnknownShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Shape::ALL.map(Shape::name).join(", ");
        write!(f, "shape is {:?}; give one of {names}", self.given)
    }
}

impl std::error::Error for UnknownShape {}

/// A UUID of version 4.
fn push_uuid(out: &mut String, user: u32) {
    let number = 2 * u64::from(user);
    let (high, low) = (mix(number), mix(number + 1));
    let high = high & !0xf000 | 0x4000;
    let low = low & !(0b11 << 62) | 0b10 << 62;
    let groups = [
        (high >> 32, 8),
        (high >> 16, 4),
        (high, 4),
        (low >> 48, 4),
        (low, 12),
    ];
    for (at, (bits, digits)) in groups.into_iter().enumerate() {
        if at > 0 {
            out.push('-');
        }
        for digit in (0..digits).rev() {
            let value = (bits >> (4 * digit)) as u32 & 0xf;
            out.push(char::from_digit(value, 16).unwrap_or_default());
        }
    }
}

fn push_code(out: &mut String, item: u32) {
    let mut number = permuted(item.into(), SHOP_BITS);
    // A permutation of more numbers than there are: it is followed until it comes back into them.
    while number >= SHOP_ITEMS {
        number = permuted(number, SHOP_BITS);
    }
    for _ in 0..SHOP_ITEM {
        let symbol = SYMBOLS.get((number % 36) as usize);
        out.push(symbol.copied().map_or('0', char::from));
        number /= 36;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_name_is_read_back() {
        for shape in Shape::ALL {
            assert_eq!(shape.name().parse(), Ok(shape));
        }
        let error = "Shop".parse::<Shape>().map_err(|error| error.to_string());
        let text = "shape is \"Shop\"; give one of even, shop, news, tail";
        assert_eq!(error, Err(text.to_owned()));
    }

    #[test]
    fn ids_are_what_the_shape_says() {
        let is_uuid = |id: &str| {
            let lengths: Vec<usize> = id.split('-').map(str::len).collect();
            let digits = id.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit());
            lengths == [8, 4, 4, 4, 12] && digits && id.as_bytes()[14] == b'4'
        };
        let is_code = |id: &str| {
            let fits = |b: u8| b.is_ascii_digit() || b.is_ascii_uppercase();
            id.len() == 10 && id.bytes().all(fits)
        };
        for number in 0..20_000 {
            assert!(is_uuid(&Shape::Shop.user_id(number)));
            assert!(is_code(&Shape::Shop.item_id(number)));
            assert!(Shape::News.user_id(number).parse::<u64>().is_ok());
            assert_eq!(Shape::Tail.user_id(number).len(), 8);
        }
    }

    #[test]
    fn no_two_numbers_have_one_id() {
        for shape in Shape::ALL {
            let users: HashSet<String> = (0..100_000).map(|user| shape.user_id(user)).collect();
            let items: HashSet<String> = (0..100_000).map(|item| shape.item_id(item)).collect();
            assert_eq!((users.len(), items.len()), (100_000, 100_000), "{shape}");
        }
    }
}
