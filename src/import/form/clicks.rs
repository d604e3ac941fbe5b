//! Labelled items that were shown, to a row each that was clicked.

use super::list::{ListSeparator, push_item};
use super::scratch::{Scratch, Texts};
use crate::model::{Error, FieldId, Result, shown};

/// The fields that items go to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clicks {
    pub(super) item: FieldId,
    pub(super) impression: FieldId,
    pub(super) separator: ListSeparator,
}

impl Clicks {
    /// Hands out the texts once for each item that was clicked. Items of an impression are held to the
    /// rules of items, so that all of these rows are taken or none.
    pub(super) fn rows_of(
        self,
        texts: &mut Texts,
        scratch: &mut Scratch,
        each: &mut impl FnMut(&Texts, &mut Scratch) -> Result<()>,
    ) -> Result<()> {
        let labelled = texts.get(self.impression).to_owned();
        let mut clicked = std::mem::take(&mut scratch.clicked);
        clicked.clear();
        let start = texts.text.len();
        let mut add = |labelled: &str| {
            let (item, was_clicked) = unlabelled(labelled)?;
            push_item(&mut texts.text, start, item);
            if was_clicked {
                let end = texts.text.len();
                clicked.push(end - item.len()..end);
            }
            Ok(())
        };
        let read = match labelled.is_empty() {
            true => Ok(()),
            false => self.separator.items(&labelled, &mut add),
        };
        texts.set_from(self.impression, start);
        scratch.told.without_click += u64::from(read.is_ok() && clicked.is_empty());
        let done = read
            .map_err(|error| Error::of_field("IMPRESSION", error.message()))
            .and_then(|()| {
                clicked.iter().try_for_each(|item| {
                    texts.set_range(self.item, item.clone());
                    each(texts, scratch)
                })
            });
        scratch.clicked = clicked;
        done
    }
}

fn unlabelled(item: &str) -> Result<(&str, bool)> {
    match item.rsplit_once('-') {
        Some((item, "1")) => Ok((item, true)),
        Some((item, "0")) => Ok((item, false)),
        _ => Err(Error::invalid(format!(
            "the item {} has no label; write item-1 where it was clicked and item-0 where it was not",
            shown(item)
        ))),
    }
}
