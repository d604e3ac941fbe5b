//! Reads what the recorder wrote (shim/recorder.c).

use crate::Outcome;

const HEAD_BYTES: usize = 32;

/// A recorded call. Paths begin behind the folder that is watched, with a slash; that of the folder
/// itself is empty.
#[derive(Debug, PartialEq, Eq)]
pub enum Call<'a> {
    Open {
        fd: i32,
        path: &'a str,
        is_new: bool,
        truncates: bool,
    },
    Close {
        fd: i32,
    },
    Write {
        fd: i32,
        offset: u64,
        data: &'a [u8],
    },
    /// Cut or grown to a length.
    Resize {
        fd: i32,
        length: u64,
    },
    /// Grown to a length, where it was shorter.
    Grow {
        fd: i32,
        length: u64,
    },
    BeginSync {
        fd: i32,
        id: u64,
    },
    EndSync {
        id: u64,
    },
    Rename {
        from: &'a str,
        to: &'a str,
    },
    Unlink {
        path: &'a str,
    },
    Link {
        from: &'a str,
        to: &'a str,
    },
    MakeFolder {
        path: &'a str,
    },
    RemoveFolder {
        path: &'a str,
    },
    /// Written to standard output.
    Say {
        text: &'a str,
    },
    /// Made to fail.
    Fail {
        name: &'a str,
        path: &'a str,
    },
}

/// The calls of a trace. A last record that is cut short is left out: the process was killed.
pub fn calls(trace: &[u8]) -> Outcome<Vec<Call<'_>>> {
    let mut calls = Vec::new();
    let mut rest = trace;
    while let Some((call, behind)) = next(rest)? {
        calls.push(call);
        rest = behind;
    }
    Ok(calls)
}

/// Names and paths of the calls that were made to fail.
pub fn failed_calls(trace: &[u8]) -> Outcome<Vec<String>> {
    let failed = |call: &Call<'_>| match call {
        Call::Fail { name, path } => Some(format!("{name} {path}")),
        _ => None,
    };
    Ok(calls(trace)?.iter().filter_map(failed).collect())
}

fn next(rest: &[u8]) -> Outcome<Option<(Call<'_>, &[u8])>> {
    let Some((head, body)) = rest.split_at_checked(HEAD_BYTES) else {
        return Ok(None);
    };
    let word = |at: usize| -> u32 {
        let bytes = head.get(at..).and_then(|bytes| bytes.first_chunk());
        bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes))
    };
    let long = |at: usize| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
    let (first, second) = (word(24) as usize, word(28) as usize);
    let Some((first, body)) = body.split_at_checked(first) else {
        return Ok(None);
    };
    let Some((second, behind)) = body.split_at_checked(second) else {
        return Ok(None);
    };
    let (fd, a, b) = (word(4).cast_signed(), long(8), long(16));
    let path = || std::str::from_utf8(first);
    let other = || std::str::from_utf8(second);
    let call = match word(0) {
        1 => Call::Open {
            fd,
            path: path()?,
            is_new: a == 1,
            truncates: b == 1,
        },
        2 => Call::Close { fd },
        3 => Call::Write {
            fd,
            offset: a,
            data: first,
        },
        4 => Call::Resize { fd, length: a },
        5 => Call::Grow { fd, length: a },
        6 => Call::BeginSync { fd, id: a },
        7 => Call::EndSync { id: a },
        8 => Call::Rename {
            from: path()?,
            to: other()?,
        },
        9 => Call::Unlink { path: path()? },
        10 => Call::Link {
            from: path()?,
            to: other()?,
        },
        11 => Call::MakeFolder { path: path()? },
        12 => Call::RemoveFolder { path: path()? },
        13 => Call::Say { text: path()? },
        14 => Call::Fail {
            name: path()?,
            path: other()?,
        },
        kind => return Err(format!("the trace has a record of unknown kind {kind}").into()),
    };
    Ok(Some((call, behind)))
}
