//! CSV records as a strict reader has them, written down from what Python's `csv` module does.

type Record = (u64, Vec<Vec<u8>>);

#[derive(Clone, Copy, PartialEq)]
enum State {
    StartRecord,
    StartField,
    InField,
    InQuotedField,
    QuoteInQuotedField,
    EatLineEnd,
}

/// The lines, their ends included.
pub(crate) fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let end = match rest.iter().position(|byte| b"\r\n".contains(byte)) {
            Some(at) if rest[at..].starts_with(b"\r\n") => at + 2,
            Some(at) => at + 1,
            None => rest.len(),
        };
        let (line, after) = rest.split_at(end);
        lines.push(line);
        rest = after;
    }
    lines
}

/// The records and the lines on which they begin, blank lines left out; `None` where one is broken.
pub(crate) fn records(bytes: &[u8]) -> Option<Vec<Record>> {
    let mut records = Vec::new();
    let mut fields: Vec<Vec<u8>> = Vec::new();
    let mut field: Vec<u8> = Vec::new();
    let mut state = State::StartRecord;
    let mut begin = 1;
    for (line, bytes) in (1..).zip(lines(bytes)) {
        if state == State::StartRecord {
            begin = line;
        }
        // The end of a line is a character of its own, behind the line's characters.
        for byte in bytes.iter().copied().map(Some).chain([None]) {
            let line_end = matches!(byte, None | Some(b'\r' | b'\n'));
            let behind_end = match byte {
                None => State::StartRecord,
                Some(_) => State::EatLineEnd,
            };
            if state == State::StartRecord {
                if line_end {
                    state = behind_end;
                    continue;
                }
                state = State::StartField;
            }
            state = match (state, byte) {
                (State::EatLineEnd, _) if line_end => behind_end,
                (State::InQuotedField, None) => State::InQuotedField,
                (State::InQuotedField, Some(b'"')) => State::QuoteInQuotedField,
                (State::InQuotedField, Some(byte)) => {
                    field.push(byte);
                    State::InQuotedField
                }
                (State::QuoteInQuotedField, Some(b'"')) => {
                    field.push(b'"');
                    State::InQuotedField
                }
                (State::StartField, Some(b'"')) => State::InQuotedField,
                (State::StartField | State::InField | State::QuoteInQuotedField, _) if line_end => {
                    fields.push(std::mem::take(&mut field));
                    behind_end
                }
                (_, Some(b',')) => {
                    fields.push(std::mem::take(&mut field));
                    State::StartField
                }
                (State::StartField | State::InField, Some(byte)) => {
                    field.push(byte);
                    State::InField
                }
                _ => return None,
            };
        }
        if state == State::StartRecord && !fields.is_empty() {
            records.push((begin, std::mem::take(&mut fields)));
        }
    }
    (state != State::InQuotedField).then_some(records)
}
