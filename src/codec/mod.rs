//! Slices in, slices and columns out: how integers and lists become few bytes. Rank 3; no file is seen here.
//!
//! Every column becomes one or more *streams* of unsigned integers. [`encode`] estimates what
//! each encoding would take and writes the smallest; a [`Stream`] reads any range of rows back,
//! touching only the blocks that hold them. FORMAT.md section 6 specifies the bytes.

mod bitmap;
mod bits;
mod choose;
mod classes;
mod delta;
mod dispatch;
mod group;
mod kernel;
mod lanes;
mod list;
mod packed;
mod places;
mod runs;
mod source;
mod sparse;
mod spell;
mod spelling;
mod stream;
#[cfg(target_arch = "x86_64")]
mod vectors;
mod widths;
mod wire;
mod word;

#[cfg(test)]
mod tests;

pub use choose::{encode, encode_packed};
pub use list::{Flags, ListEncoder, ListEncoding, ListReader, ListSources};
#[cfg(any(test, feature = "fuzzing"))]
pub use source::SliceSource;
pub use source::Source;
pub use spell::spell;
pub use spelling::Spelling;
pub use stream::{Descriptor, Encoding, Stream};
pub use wire::{WireReader, WireWriter};
pub use word::{Word, add_to_each};

/// Values of one block of the class-coded encodings.
pub const BLOCK: usize = 128;
