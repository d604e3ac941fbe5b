//! Blocks on several threads, taken back in their order.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use parking_lot::{Condvar, Mutex};

use super::block::BlockReport;
use crate::api::{BulkImport, ImportBatch};

/// A block on its way.
pub(super) struct Block {
    /// CSV records.
    pub(super) bytes: Vec<u8>,
    /// Their rows.
    pub(super) batch: ImportBatch,
    /// What is known of them; `None` when something is wrong with the block.
    pub(super) report: Option<BlockReport>,
}

impl Block {
    /// An empty one, for rows of an import.
    pub(super) fn of(import: &BulkImport) -> Self {
        Self {
            bytes: Vec::new(),
            batch: import.batch(),
            report: None,
        }
    }
}

/// Turns a block's bytes into rows.
pub(super) trait Work: Fn(&mut Block) + Sync {}

impl<F: Fn(&mut Block) + Sync> Work for F {}

enum State {
    Waiting(Block),
    Taken,
    Done(Block),
    /// The thread that took it has panicked.
    Lost,
}

struct Slot {
    state: Mutex<State>,
    done: Condvar,
}

impl Slot {
    /// Does the work unless another thread has taken it.
    fn work(&self, work: &impl Work) {
        let mut block = {
            let mut state = self.state.lock();
            match std::mem::replace(&mut *state, State::Taken) {
                State::Waiting(block) => block,
                other => {
                    *state = other;
                    return;
                }
            }
        };
        let ended = Ended {
            slot: self,
            state: State::Lost,
        };
        work(&mut block);
        ended.with(State::Done(block));
    }

    fn is_done(&self) -> bool {
        matches!(*self.state.lock(), State::Done(_) | State::Lost)
    }

    /// Waits for the block; `None` when it was lost.
    fn take(&self) -> Option<Block> {
        let mut state = self.state.lock();
        loop {
            match std::mem::replace(&mut *state, State::Lost) {
                State::Done(block) | State::Waiting(block) => return Some(block),
                State::Lost => return None,
                State::Taken => {
                    *state = State::Taken;
                    self.done.wait(&mut state);
                }
            }
        }
    }
}

/// Says how work ended, also when it panicked: nobody may wait for it for ever.
struct Ended<'a> {
    slot: &'a Slot,
    state: State,
}

impl Ended<'_> {
    fn with(mut self, state: State) {
        self.state = state;
    }
}

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        *self.slot.state.lock() = std::mem::replace(&mut self.state, State::Lost);
        self.slot.done.notify_all();
    }
}

/// Blocks that are worked on, in the order in which they were put.
pub(super) struct Pipeline<'a, W> {
    slots: VecDeque<Arc<Slot>>,
    send: Sender<Arc<Slot>>,
    work: &'a W,
}

impl<W: Work> Pipeline<'_, W> {
    /// Blocks on their way.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Puts a block behind the others.
    pub(super) fn put(&mut self, block: Block) {
        let slot = Arc::new(Slot {
            state: Mutex::new(State::Waiting(block)),
            done: Condvar::new(),
        });
        // Without other threads there is nobody to receive it: this one will do the work.
        let _ = self.send.send(slot.clone());
        self.slots.push_back(slot);
    }

    /// The first block, its work done; the calling thread works too instead of waiting. `None` when
    /// there are no blocks or the thread that had it panicked.
    pub(super) fn take(&mut self) -> Option<Block> {
        let first = self.slots.pop_front()?;
        first.work(self.work);
        for slot in &self.slots {
            if first.is_done() {
                break;
            }
            slot.work(self.work);
        }
        first.take()
    }
}

/// Calls `run` with a pipeline that works on `threads` threads, the caller's included.
pub(super) fn with_pipeline<W: Work, T>(
    threads: usize,
    work: &W,
    run: impl FnOnce(&mut Pipeline<'_, W>) -> T,
) -> T {
    let (send, receive) = channel();
    let receive = Mutex::new(receive);
    std::thread::scope(|scope| {
        for _ in 1..threads {
            let receive = &receive;
            // Without a further thread the others do its work.
            let _ = std::thread::Builder::new().spawn_scoped(scope, move || worker(receive, work));
        }
        run(&mut Pipeline {
            slots: VecDeque::new(),
            send,
            work,
        })
    })
}

/// Works until the pipeline is gone.
fn worker(receive: &Mutex<Receiver<Arc<Slot>>>, work: &impl Work) {
    loop {
        let Ok(slot) = receive.lock().recv() else {
            return;
        };
        slot.work(work);
    }
}
