//! What is run again and again, and what is counted.

mod beside;
mod child;
mod faults;
mod kill;
mod power;
mod random;
mod recording;
mod replay;
mod scratch;
mod tally;
mod verdict;

pub use beside::Beside;
pub use faults::Faults;
pub use kill::Kill;
pub use power::Power;
pub use random::Random;
pub use replay::Replay;
