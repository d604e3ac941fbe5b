//! Ids as what they are: strings of one form as numbers of a few bits. FORMAT.md section 6.10 has
//! the bytes.

use super::bits::{BitWriter, MAX_LOAD_BITS, SLACK, load, mask, width_of};
use super::source::{Source, short};
use super::wire::{WireReader, WireWriter};
use crate::model::{Error, Result};
use crate::text::{SPELLED_BYTES, TextRoom};

/// Letters of an alphabet at most: pairs of them fill [`PAIRS`].
pub(super) const MAX_LETTERS: usize = 64;
const PAIRS: usize = MAX_LETTERS * MAX_LETTERS;

/// A word of letters is below this: so any is divided by the square of an alphabet by one exact multiplication.
const WORD_LIMIT: u64 = 1 << 52;

/// Digits of the longest number that is kept as such: those of 64 bits that no other number begins with.
pub(super) const MAX_DIGITS: usize = 19;

/// A number is below this.
const NUMBER_LIMIT: u64 = 10_u64.pow(MAX_DIGITS as u32);

/// How the strings of a dictionary are written as numbers, and read back.
#[derive(Clone, Debug, PartialEq)]
pub struct Spelling {
    form: Form,
    words: Vec<Word>,
    /// Bits of the words of one string.
    bits: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Form {
    /// One text, and behind it a number without zeros before it.
    Number {
        before: [u8; SPELLED_BYTES],
        len: usize,
    },
    /// Letters of one alphabet at some places of a text.
    Letters(Box<Letters>),
}

/// What strings have in common that differ in letters.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Letters {
    /// The first letter of the alphabet where strings differ.
    text: [u8; SPELLED_BYTES],
    len: usize,
    /// A bit for each place where they differ.
    varies: u64,
    /// These places.
    places: [u8; SPELLED_BYTES],
    alphabet: Vec<u8>,
    /// Each letter behind each, the first one being the higher digit.
    pairs: Box<[[u8; 2]; PAIRS]>,
    /// Times the square of the alphabet it is just above 2^64.
    reciprocal: u64,
}

/// A number of which a string has one.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Word {
    base: u64,
    width: u32,
    /// Where it lies among the bits of its string.
    at: usize,
    /// Which of the varying places it tells.
    first: usize,
    end: usize,
    /// It is below this.
    limit: u64,
}

impl Word {
    /// The highest that its bits can say.
    fn most(&self) -> u64 {
        let most = self.base.saturating_add(mask(self.width));
        most.min(self.limit.saturating_sub(1))
    }
}

/// How many letters a word takes.
fn letters_a_word(alphabet: usize) -> usize {
    let size = alphabet as u64;
    let powers = std::iter::successors(Some(size), |power| power.checked_mul(size));
    powers.take_while(|power| *power <= WORD_LIMIT).count()
}

impl Letters {
    /// `None` unless it is what a writer may have written.
    pub(super) fn new(text: &[u8], varies: u64, alphabet: &[u8]) -> Option<Self> {
        let size = alphabet.len();
        let len = text.len();
        let known = (2..=MAX_LETTERS).contains(&size) && (1..=SPELLED_BYTES).contains(&len);
        let rising = alphabet.is_sorted_by(|a, b| a < b) && alphabet.is_ascii();
        let inside = varies != 0 && varies.checked_shr(len as u32).unwrap_or(0) == 0;
        if !known || !rising || !inside {
            return None;
        }
        let first = alphabet.first().copied()?;
        let mut own = [0; SPELLED_BYTES];
        own.get_mut(..len)?.copy_from_slice(text);
        let mut places = [0; SPELLED_BYTES];
        let varying = (0..len as u8).filter(|place| varies >> place & 1 == 1);
        for (slot, place) in places.iter_mut().zip(varying) {
            *own.get_mut(usize::from(place))? = first;
            *slot = place;
        }
        std::str::from_utf8(own.get(..len)?).ok()?;
        let mut pairs = Box::new([[0; 2]; PAIRS]);
        let all = alphabet
            .iter()
            .flat_map(|a| alphabet.iter().map(|b| [*a, *b]));
        pairs
            .iter_mut()
            .zip(all)
            .for_each(|(slot, pair)| *slot = pair);
        Some(Self {
            text: own,
            len,
            varies,
            places,
            alphabet: alphabet.to_vec(),
            pairs,
            reciprocal: u64::MAX / (size * size) as u64 + 1,
        })
    }

    /// The places that each word tells, and what it is below.
    fn words(&self) -> impl Iterator<Item = (usize, usize, u64)> {
        let (step, count) = (
            letters_a_word(self.alphabet.len()),
            self.varies.count_ones() as usize,
        );
        let size = self.alphabet.len() as u64;
        (0..count).step_by(step.max(1)).map(move |first| {
            let end = count.min(first + step);
            (first, end, size.pow((end - first) as u32))
        })
    }

    /// Writes the letters of a word.
    #[inline(always)]
    fn put(&self, word: &Word, mut value: u64, out: &mut [u8; SPELLED_BYTES]) {
        let square = (self.alphabet.len() * self.alphabet.len()) as u64;
        let place = |nth: usize| usize::from(self.places[nth % SPELLED_BYTES]) % SPELLED_BYTES;
        let mut end = word.end;
        while end >= word.first + 2 {
            let rest = ((u128::from(value) * u128::from(self.reciprocal)) >> 64) as u64;
            let [high, low] = self.pairs[(value - rest * square) as usize % PAIRS];
            out[place(end - 2)] = high;
            out[place(end - 1)] = low;
            value = rest;
            end -= 2;
        }
        if end > word.first {
            out[place(end - 1)] = self.pairs[value as usize % PAIRS][1];
        }
    }

    /// The words of strings that differ at the varying places alone, one behind the other.
    pub(super) fn words_of<'a>(&self, strings: impl Iterator<Item = &'a [u8]>) -> Vec<u64> {
        let size = self.alphabet.len() as u64;
        let mut digits = [0u8; 256];
        for (digit, letter) in (0..).zip(&self.alphabet) {
            digits[usize::from(*letter)] = digit;
        }
        let words: Vec<&[u8]> = self
            .words()
            .filter_map(|(first, end, _)| self.places.get(first..end))
            .collect();
        let mut out = Vec::with_capacity(strings.size_hint().0 * words.len());
        for string in strings {
            let digit = |place: &u8| {
                let letter = string.get(usize::from(*place)).copied().unwrap_or(0);
                u64::from(digits[usize::from(letter)])
            };
            for places in &words {
                out.push(
                    places
                        .iter()
                        .fold(0, |word, place| word * size + digit(place)),
                );
            }
        }
        out
    }
}

impl Spelling {
    /// A form, with the lowest and the highest of each of its words.
    pub(super) fn new(form: Form, bounds: &[[u64; 2]]) -> Option<Self> {
        let parts: Vec<(usize, usize, u64)> = match &form {
            Form::Number { .. } => vec![(0, 0, NUMBER_LIMIT)],
            Form::Letters(letters) => letters.words().collect(),
        };
        if parts.len() != bounds.len() {
            return None;
        }
        let (mut words, mut bits) = (Vec::new(), 0);
        for ((first, end, limit), [min, max]) in parts.into_iter().zip(bounds) {
            let width = match width_of(max.checked_sub(*min)?) {
                width if width > MAX_LOAD_BITS => u64::BITS,
                width => width,
            };
            words.push(Word {
                base: *min,
                width,
                at: bits,
                first,
                end,
                limit,
            });
            bits += width as usize;
        }
        (bits > 0).then_some(Self { form, words, bits })
    }

    /// Appends the words of strings, those of each one behind the other.
    pub(super) fn encode(&self, words: &[u64], out: &mut Vec<u8>) {
        let strings = words.chunks_exact(self.words.len().max(1));
        let mut writer = BitWriter::new(out, strings.len() * self.bits);
        for string in strings {
            for (word, value) in self.words.iter().zip(string) {
                writer.put(value.wrapping_sub(word.base), word.width);
            }
        }
        writer.align();
        out.extend_from_slice(&[0; SLACK]);
    }

    /// Bytes that so many strings take.
    pub fn bytes(&self, count: usize) -> Option<usize> {
        let bits = count.checked_mul(self.bits)?;
        bits.div_ceil(8).checked_add(SLACK)
    }

    /// Bytes of the longest string that there may be.
    pub fn max_len(&self) -> usize {
        match &self.form {
            Form::Number { len, .. } => {
                let most = self.words.iter().map(Word::most).max();
                let digits = most.and_then(u64::checked_ilog10).unwrap_or(0) + 1;
                len + digits as usize
            }
            Form::Letters(letters) => letters.len,
        }
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        match self.form {
            Form::Number { .. } => "numbers",
            Form::Letters(_) => "letters",
        }
    }

    /// Where a string's words lie: bits, of the whole.
    #[inline(always)]
    fn place(&self, index: usize) -> (usize, usize) {
        let bit = index.saturating_mul(self.bits);
        let first = bit / 8;
        (first, bit.saturating_add(self.bits) / 8 - first + SLACK)
    }

    /// Says that a string is about to be read.
    #[inline(always)]
    pub fn prefetch<'a>(&self, source: impl Source<'a>, index: usize) {
        let (first, len) = self.place(index);
        source.prefetch(first, len);
    }

    /// Reads the string at a position.
    ///
    /// # Errors
    /// `Corruption` when the bytes are damaged, or no writer wrote such words.
    #[inline]
    pub fn read<'a>(
        &self,
        source: impl Source<'a>,
        index: usize,
        room: &mut TextRoom,
    ) -> Result<()> {
        let (first, len) = self.place(index);
        let bytes = source.get(first, len)?;
        let bit = index.saturating_mul(self.bits) % 8;
        let value = |word: &Word| {
            let bit = bit + word.at;
            let loaded = load(bytes, bit / 8).ok_or_else(short)?;
            let mut value = loaded >> (bit % 8);
            if word.width > MAX_LOAD_BITS && !bit.is_multiple_of(8) {
                let above = bytes.get(bit / 8 + 8).copied().ok_or_else(short)?;
                value |= u64::from(above) << (64 - bit % 8);
            }
            match word.base.checked_add(value & mask(word.width)) {
                Some(value) if value < word.limit => Ok(value),
                _ => Err(no_word()),
            }
        };
        match &self.form {
            Form::Letters(letters) => room.fill(&letters.text, letters.len, |out| {
                for word in &self.words {
                    letters.put(word, value(word)?, out);
                }
                Ok(())
            }),
            Form::Number { before, len } => {
                let [word] = self.words.as_slice() else {
                    return Err(no_word());
                };
                let mut digits = itoa::Buffer::new();
                let digits = digits.format(value(word)?).as_bytes();
                room.fill(before, len + digits.len(), |out| {
                    let out = out.get_mut(*len..len + digits.len());
                    out.ok_or_else(no_word)?.copy_from_slice(digits);
                    Ok(())
                })
            }
        }
    }

    /// Appends what a footer has to say of it.
    pub fn write(&self, wire: &mut WireWriter) {
        match &self.form {
            Form::Number { before, len } => {
                wire.u8(1);
                wire.bytes(before.get(..*len).unwrap_or(before));
            }
            Form::Letters(letters) => {
                wire.u8(2);
                wire.bytes(letters.text.get(..letters.len).unwrap_or(&letters.text));
                wire.u64(letters.varies);
                wire.bytes(&letters.alphabet);
            }
        }
        for word in &self.words {
            wire.varint(word.base);
            wire.varint(word.width.into());
        }
    }

    /// The same back; `None` of what is text.
    ///
    /// # Errors
    /// `Corruption`.
    pub fn open(wire: &mut WireReader<'_>) -> Result<Option<Self>> {
        let form = match wire.u8()? {
            0 => return Ok(None),
            1 => {
                let text = wire.text()?;
                let mut before = [0; SPELLED_BYTES];
                let room = before.get_mut(..text.len());
                let room = room.filter(|_| text.len() + MAX_DIGITS < SPELLED_BYTES);
                room.ok_or_else(no_form)?.copy_from_slice(text.as_bytes());
                Form::Number {
                    before,
                    len: text.len(),
                }
            }
            2 => {
                let (text, varies) = (wire.bytes()?, wire.u64()?);
                let letters = Letters::new(text, varies, wire.bytes()?);
                Form::Letters(Box::new(letters.ok_or_else(no_form)?))
            }
            _ => return Err(no_form()),
        };
        let count = match &form {
            Form::Number { .. } => 1,
            Form::Letters(letters) => letters.words().count(),
        };
        let (mut bounds, mut widths) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let (base, width) = (wire.varint()?, wire.varint()?);
            let most = match width {
                // That of any distance beyond what one load holds.
                64 => u64::MAX,
                0..64 => base.checked_add(mask(width as u32)).ok_or_else(no_form)?,
                _ => return Err(no_form()),
            };
            bounds.push([base, most]);
            widths.push(width);
        }
        let spelling = Self::new(form, &bounds).ok_or_else(no_form)?;
        let own = spelling.words.iter().map(|word| u64::from(word.width));
        match own.eq(widths) {
            true => Ok(Some(spelling)),
            false => Err(no_form()),
        }
    }
}

#[cold]
fn no_word() -> Error {
    Error::corrupt("an id that none of its dictionary can be")
}

#[cold]
fn no_form() -> Error {
    Error::corrupt("ids of an unknown form")
}
