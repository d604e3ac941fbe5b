//! Files that are no text, told by their first bytes.

/// Bytes that it takes to tell.
pub(crate) const SIGNATURE_BYTES: usize = 6;

/// What a file is that begins with these bytes, where it is surely not text in UTF-8, and what to do.
pub(crate) fn not_text(bytes: &[u8]) -> Option<&'static str> {
    Some(match bytes {
        [0x1f, 0x8b, ..] => "the file is compressed by gzip; decompress it first: gzip -d",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            "the file is compressed by zstd; decompress it first: zstd -d"
        }
        [b'B', b'Z', b'h', _, b'1', b'A', ..] => {
            "the file is compressed by bzip2; decompress it first: bzip2 -d"
        }
        [0xfd, b'7', b'z', b'X', b'Z', ..] => {
            "the file is compressed by xz; decompress it first: xz -d"
        }
        [0x04, 0x22, 0x4d, 0x18, ..] => {
            "the file is compressed by lz4; decompress it first: lz4 -d"
        }
        [b'P', b'K', 3, 4, ..] => {
            "the file is a zip archive or a spreadsheet; unpack it, or save it as text in UTF-8"
        }
        [b'P', b'A', b'R', b'1', 0x15, ..] => "the file is Parquet; write it as text in UTF-8",
        [b'O', b'b', b'j', 1, ..] => "the file is Avro; write it as text in UTF-8",
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "the file is UTF-16; save it as UTF-8",
        _ => return None,
    })
}
