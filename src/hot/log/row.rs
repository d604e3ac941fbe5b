//! The value of a hot row: a format byte, then the cells in bincode. FORMAT.md section 7.3 has the
//! bytes.

use bincode::BorrowDecode;
use bincode::config::{Configuration, Limit, LittleEndian, Varint};

use crate::model::{Cell, DataType, Error, ErrorKind, Field, Limits, Result, Role, Schema};

/// The only format so far. A change of the bytes takes a new number and keeps reading this one.
pub(crate) const FORMAT: u8 = 1;

/// Bytes of an encoded row, at most.
const MAX_ROW_BYTES: usize = 16 << 20;

const _: () = assert!(MAX_ROW_BYTES > Limits::MAX_CELL_BYTES);

type Frozen = Configuration<LittleEndian, Varint, Limit<MAX_ROW_BYTES>>;

const CONFIGURATION: Frozen = bincode::config::standard()
    .with_little_endian()
    .with_variable_int_encoding()
    .with_limit::<MAX_ROW_BYTES>();

/// A cell as it is stored; the order of the variants is part of the format.
#[derive(Clone, Copy, BorrowDecode)]
#[cfg_attr(test, derive(bincode::Encode))]
enum StoredCell<'a> {
    Null,
    Text(&'a str),
    Bits(u64),
}

impl<'a> From<StoredCell<'a>> for Cell<'a> {
    fn from(cell: StoredCell<'a>) -> Self {
        match cell {
            StoredCell::Null => Self::Null,
            StoredCell::Text(text) => Self::Text(text),
            StoredCell::Bits(bits) => Self::Bits(bits),
        }
    }
}

/// The fields that a value holds: all but the user's and the timestamp's, which the key holds.
fn stored_fields(schema: &Schema) -> impl Iterator<Item = (usize, &Field)> {
    schema
        .fields()
        .iter()
        .enumerate()
        .filter(|(_, field)| !matches!(field.role(), Role::User | Role::Timestamp))
}

/// Checks that a field's values can be this cell; the error says which rule it breaks.
fn check(field: &Field, cell: Cell<'_>) -> std::result::Result<(), String> {
    let fits = match (cell, field.data_type()) {
        (Cell::Null, _) => true,
        (Cell::Text(_), data_type) => data_type == DataType::String,
        (Cell::Bits(bits), DataType::Float) => u32::try_from(bits).is_ok(),
        (Cell::Bits(bits), DataType::Boolean) => bits <= 1,
        (Cell::Bits(_), data_type) => data_type != DataType::String,
    };
    match fits {
        true => Ok(()),
        false => Err(format!(
            "field {}: {cell:?} is not a {}",
            field.name(),
            field.data_type().name()
        )),
    }
}

/// Appends a value to `out`: one cell for each schema field in the schema's order, without the user
/// and the timestamp.
///
/// # Errors
/// `InvalidInput` when a cell does not fit its field, or the row is larger than 16 MiB.
pub(crate) fn encode(schema: &Schema, cells: &[Cell<'_>], out: &mut Vec<u8>) -> Result<()> {
    let start = out.len();
    out.push(FORMAT);
    push_number(stored_fields(schema).count() as u64, out);
    for (id, field) in stored_fields(schema) {
        let cell = cells.get(id).copied();
        let cell =
            cell.ok_or_else(|| Error::internal("a row that lacks cells was taken for whole"))?;
        check(field, cell).map_err(Error::invalid)?;
        push_cell(cell, out);
    }
    if out.len() - start > MAX_ROW_BYTES {
        return Err(Error::invalid(format!(
            "a row of {} bytes; at most {MAX_ROW_BYTES} are stored",
            out.len() - start
        )));
    }
    Ok(())
}

/// Reads a value into `cells`, one for each schema field; its strings borrow from `value`.
///
/// # Errors
/// `Unsupported` for an unknown format, `Corruption` when the bytes are damaged or their cells do
/// not fit the schema.
pub(crate) fn decode<'a>(
    schema: &Schema,
    value: &'a [u8],
    cells: &mut Vec<Cell<'a>>,
) -> Result<()> {
    let mut rest = match value.split_first() {
        None => return Err(Error::corrupt("the value is empty")),
        Some((&FORMAT, rest)) => rest,
        Some((format, _)) => {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("row format {format} is unknown; a newer version wrote it"),
            ));
        }
    };
    if value.len() > MAX_ROW_BYTES {
        return Err(Error::corrupt(format!("a value of {} bytes", value.len())));
    }
    let count: usize = take(&mut rest)?;
    if count != stored_fields(schema).count() {
        return Err(Error::corrupt(format!(
            "{count} cells in a row of a schema with {} fields",
            schema.fields().len()
        )));
    }
    cells.clear();
    cells.resize(schema.fields().len(), Cell::Null);
    for (id, field) in stored_fields(schema) {
        let cell = Cell::from(take::<StoredCell<'a>>(&mut rest)?);
        check(field, cell).map_err(Error::corrupt)?;
        if let Some(slot) = cells.get_mut(id) {
            *slot = cell;
        }
    }
    match rest.len() {
        0 => Ok(()),
        extra => Err(Error::corrupt(format!("{extra} bytes behind the row"))),
    }
}

/// Appends a [`StoredCell`] as bincode does, with a fraction of its instructions.
fn push_cell(cell: Cell<'_>, out: &mut Vec<u8>) {
    match cell {
        Cell::Null => out.push(0),
        Cell::Text(text) => {
            out.push(1);
            push_number(text.len() as u64, out);
            out.extend_from_slice(text.as_bytes());
        }
        Cell::Bits(bits) => {
            out.push(2);
            push_number(bits, out);
        }
    }
}

/// Appends a number in one byte, or behind a byte that says in how many.
fn push_number(number: u64, out: &mut Vec<u8>) {
    match number {
        0..=250 => out.push(number as u8),
        251..=0xFFFF => {
            out.push(251);
            out.extend_from_slice(&(number as u16).to_le_bytes());
        }
        0x1_0000..=0xFFFF_FFFF => {
            out.push(252);
            out.extend_from_slice(&(number as u32).to_le_bytes());
        }
        _ => {
            out.push(253);
            out.extend_from_slice(&number.to_le_bytes());
        }
    }
}

fn take<'a, T: BorrowDecode<'a, ()>>(rest: &mut &'a [u8]) -> Result<T> {
    let (value, read) = bincode::borrow_decode_from_slice(rest, CONFIGURATION)
        .map_err(|error| Error::corrupt("the row does not decode").caused_by(error))?;
    *rest = rest.get(read..).unwrap_or_default();
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hot::tests::events::schema;

    const VALUE: &[u8] = b"\x01\x04\x01\x02i1\x01\x04view\x02\xfc\x00\x00\x80\x3f\x00";

    fn small() -> Schema {
        schema(&[
            ("EVENT_TYPE", r#""string""#),
            ("EVENT_VALUE", r#"["null", "float"]"#),
            ("IMPRESSION", r#"["null", "string"]"#),
        ])
    }

    fn cells() -> Vec<Cell<'static>> {
        vec![
            Cell::Null,
            Cell::Text("i1"),
            Cell::Null,
            Cell::Text("view"),
            Cell::Bits(u64::from(1_f32.to_bits())),
            Cell::Null,
        ]
    }

    #[test]
    fn the_bytes_are_frozen() {
        let mut out = Vec::new();
        encode(&small(), &cells(), &mut out).unwrap();
        assert_eq!(
            out.escape_ascii().to_string(),
            VALUE.escape_ascii().to_string()
        );
        let mut back = Vec::new();
        decode(&small(), VALUE, &mut back).unwrap();
        assert_eq!(back, cells());
    }

    #[test]
    fn cells_are_laid_out_as_bincode_does_it() {
        fn compare(cell: Cell<'_>, stored: StoredCell<'_>) {
            let mut out = Vec::new();
            push_cell(cell, &mut out);
            let want = bincode::encode_to_vec(stored, CONFIGURATION).unwrap();
            assert!(out == want, "{:?}", out.get(..20));
        }
        compare(Cell::Null, StoredCell::Null);
        for edge in [1, 250, 1 << 8, 1 << 16, 1 << 32, 1 << 63, u64::MAX] {
            for bits in [edge - 1, edge, edge.saturating_add(1)] {
                compare(Cell::Bits(bits), StoredCell::Bits(bits));
                if bits <= 1 << 17 {
                    let text = "t".repeat(bits as usize);
                    compare(Cell::Text(&text), StoredCell::Text(&text));
                }
            }
        }
    }

    #[test]
    fn an_unknown_format_is_unsupported() {
        let mut newer = VALUE.to_vec();
        newer[0] = 2;
        let error = decode(&small(), &newer, &mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }

    #[test]
    fn damage_is_corruption_or_another_row_but_never_a_panic() {
        for end in 0..VALUE.len() {
            let error = decode(&small(), &VALUE[..end], &mut Vec::new()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corruption, "cut at {end}");
        }
        let longer = [VALUE, b"\0"].concat();
        assert!(decode(&small(), &longer, &mut Vec::new()).is_err());
        for at in 1..VALUE.len() {
            for byte in 0..=u8::MAX {
                let mut damaged = VALUE.to_vec();
                damaged[at] = byte;
                if let Err(error) = decode(&small(), &damaged, &mut Vec::new()) {
                    assert_eq!(error.kind(), ErrorKind::Corruption);
                }
            }
        }
    }

    #[test]
    fn cells_must_fit_their_fields() {
        let fields = small();
        for (at, cell) in [
            (1, Cell::Bits(1)),
            (4, Cell::Text("1.0")),
            (4, Cell::Bits(1 << 32)),
            (5, Cell::Bits(0)),
        ] {
            let mut wrong = cells();
            wrong[at] = cell;
            let error = encode(&fields, &wrong, &mut Vec::new()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
        let other = schema(&[
            ("EVENT_TYPE", r#""string""#),
            ("EVENT_VALUE", r#"["null", "float"]"#),
            ("DEVICE", r#"["null", "long"]"#),
        ]);
        decode(&other, VALUE, &mut Vec::new()).unwrap();
        let swapped = schema(&[
            ("EVENT_VALUE", r#"["null", "float"]"#),
            ("EVENT_TYPE", r#""string""#),
            ("IMPRESSION", r#"["null", "string"]"#),
        ]);
        let error = decode(&swapped, VALUE, &mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corruption);
        assert!(error.message().contains("EVENT_VALUE"));
    }
}
