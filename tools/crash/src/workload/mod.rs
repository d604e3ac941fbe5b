//! What is done to a store, what it should then hold, and whether it does. The commit with a number
//! is the same in every process: who checks a store needs the number of its commits alone.

mod apply;
mod chain;
mod check;
mod model;
mod plan;
mod read;
mod watch;
mod work;

pub use check::{Check, Refusal, Report};
pub use plan::{Mix, Plan};
pub use watch::{Watch, Watched};
pub use work::Work;
