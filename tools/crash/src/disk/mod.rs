//! A disk that forgets: from what a process did below a folder to what may be there after power loss.

mod contents;
mod history;
mod image;
mod loss;
#[cfg(test)]
mod tests;
mod trace;

pub use history::History;
pub use image::Image;
pub use loss::{Loss, Style};
pub use trace::failed_calls;
