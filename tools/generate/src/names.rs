const USER_DIGITS: usize = 7;
const ITEM_DIGITS: usize = 5;
const LOCATION_DIGITS: usize = 3;

/// USER_ID of a user's number: `u0001234`, 8 bytes.
pub fn user_id(user: u32) -> String {
    let mut id = String::with_capacity(1 + USER_DIGITS);
    push_user_id(&mut id, user);
    id
}

/// ITEM_ID of an item's number: `i00123`, 6 bytes, or more digits where five do not suffice.
pub fn item_id(item: u32) -> String {
    let mut id = String::with_capacity(1 + ITEM_DIGITS);
    push_item_id(&mut id, item);
    id
}

/// LOCATION of a location's code: `L017`.
pub fn location(code: u16) -> String {
    let mut name = String::with_capacity(1 + LOCATION_DIGITS);
    push_location(&mut name, code);
    name
}

/// Appends [`user_id`] without allocating for it.
pub fn push_user_id(out: &mut String, user: u32) {
    push_id(out, 'u', USER_DIGITS, user);
}

/// Appends [`item_id`] without allocating for it.
pub fn push_item_id(out: &mut String, item: u32) {
    push_id(out, 'i', ITEM_DIGITS, item);
}

/// Appends [`location`] without allocating for it.
pub fn push_location(out: &mut String, code: u16) {
    push_id(out, 'L', LOCATION_DIGITS, code.into());
}

fn push_id(out: &mut String, letter: char, digits: usize, number: u32) {
    let mut buffer = itoa::Buffer::new();
    let text = buffer.format(number);
    out.push(letter);
    for _ in text.len()..digits {
        out.push('0');
    }
    out.push_str(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_padded_and_never_cut() {
        assert_eq!(user_id(1234), "u0001234");
        assert_eq!(user_id(9_999_999), "u9999999");
        assert_eq!(item_id(123), "i00123");
        assert_eq!(item_id(1_234_567), "i1234567");
        assert_eq!(location(17), "L017");
        assert_eq!(location(u16::MAX), "L65535");
    }
}
