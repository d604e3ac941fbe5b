//! What form the strings of a dictionary have, if it is one that takes fewer bytes than their text.

use super::spelling::{Form, Letters, MAX_DIGITS, Spelling};
use crate::text::SPELLED_BYTES;

/// Bytes that have to be gained: what a footer says of a form takes some, and reading a string some time.
const LEAST_GAIN: usize = 256;

/// The form of strings that take so many bytes as text, and their words; `None` where text is as good. Cost: a
/// few passes over the strings.
pub fn spell<'a>(
    strings: impl ExactSizeIterator<Item = &'a [u8]> + Clone,
    text_bytes: usize,
) -> Option<(Spelling, Vec<u8>)> {
    let count = strings.len();
    let first = strings.clone().next()?;
    let is_alike = strings.clone().all(|string| string.len() == first.len());
    let (form, words) = match is_alike {
        true => letters(first, strings)?,
        false => numbers(first, strings)?,
    };
    let bounds = bounds(&words, words.len() / count.max(1))?;
    let spelling = Spelling::new(form, &bounds)?;
    if spelling.bytes(count)? + LEAST_GAIN > text_bytes {
        return None;
    }
    let mut out = Vec::new();
    spelling.encode(&words, &mut out);
    Some((spelling, out))
}

/// The lowest and the highest of each of `each` words.
fn bounds(words: &[u64], each: usize) -> Option<Vec<[u64; 2]>> {
    let mut strings = words.chunks_exact(each.max(1));
    let mut bounds: Vec<[u64; 2]> = strings.next()?.iter().map(|word| [*word; 2]).collect();
    for string in strings {
        for ([min, max], word) in bounds.iter_mut().zip(string) {
            *min = (*min).min(*word);
            *max = (*max).max(*word);
        }
    }
    Some(bounds)
}

/// Strings that are all as long as the first.
fn letters<'a>(
    first: &[u8],
    strings: impl ExactSizeIterator<Item = &'a [u8]> + Clone,
) -> Option<(Form, Vec<u64>)> {
    let mut differs = [0u8; SPELLED_BYTES];
    let differs = differs.get_mut(..first.len())?;
    for string in strings.clone() {
        for ((differs, own), first) in differs.iter_mut().zip(string).zip(first) {
            *differs |= own ^ first;
        }
    }
    let varying = || (0..).zip(&*differs).filter(|(_, differs)| **differs != 0);
    let varies = varying().fold(0, |varies, (place, _)| varies | 1u64 << place);
    let places: Vec<usize> = varying().map(|(place, _)| place as usize).collect();
    let mut occurs = [false; 256];
    for string in strings.clone() {
        for place in &places {
            occurs[usize::from(string.get(*place).copied().unwrap_or(0))] = true;
        }
    }
    let alphabet = (0..=u8::MAX).filter(|letter| occurs[usize::from(*letter)]);
    let alphabet: Vec<u8> = alphabet.collect();
    let letters = Letters::new(first, varies, &alphabet)?;
    let words = letters.words_of(strings);
    Some((Form::Letters(Box::new(letters)), words))
}

/// Strings of several lengths.
fn numbers<'a>(
    first: &[u8],
    strings: impl Iterator<Item = &'a [u8]> + Clone,
) -> Option<(Form, Vec<u64>)> {
    let mut shared = first;
    for string in strings.clone() {
        let same = shared
            .iter()
            .zip(string)
            .take_while(|(a, b)| a == b)
            .count();
        shared = shared.get(..same)?;
    }
    let digits = shared.iter().rev().take_while(|byte| byte.is_ascii_digit());
    let shared = shared.get(..shared.len() - digits.count())?;
    // What is shared may end within a letter, which no digit follows.
    std::str::from_utf8(shared).ok()?;
    let mut before = [0; SPELLED_BYTES];
    let room = before.get_mut(..shared.len());
    room.filter(|_| shared.len() + MAX_DIGITS < SPELLED_BYTES)?
        .copy_from_slice(shared);
    let words = strings.map(|string| number(string.get(shared.len()..)?));
    let words = words.collect::<Option<Vec<u64>>>()?;
    let len = shared.len();
    Some((Form::Number { before, len }, words))
}

/// The number that is written so, and no other way.
fn number(digits: &[u8]) -> Option<u64> {
    let is_plain = match digits {
        [b'0'] => true,
        [b'0', ..] | [] => false,
        _ => digits.len() <= MAX_DIGITS,
    };
    let digit = |number: u64, digit: &u8| match digit.wrapping_sub(b'0') {
        digit @ 0..=9 => Some(number * 10 + u64::from(digit)),
        _ => None,
    };
    digits
        .iter()
        .filter(|_| is_plain)
        .try_fold(0, digit)
        .filter(|_| is_plain)
}
