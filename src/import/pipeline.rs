//! Blocks on several threads, taken back in their order.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use parking_lot::{Condvar, Mutex};

use super::block::BlockReport;
use super::bulk_imports::{BulkImports, RowBatch};

/// A block on its way.
pub(super) struct Block<T> {
    /// Records.
    pub(super) records: T,
    /// Their rows.
    pub(super) batch: RowBatch,
    /// What is known of them; `None` when something is wrong with the block.
    pub(super) report: Option<BlockReport>,
}

impl<T> Block<T> {
    /// Records whose rows go to imports.
    pub(super) fn of(records: T, imports: &BulkImports<'_>) -> Self {
        Self {
            records,
            batch: imports.batch(),
            report: None,
        }
    }
}

/// Turns a block's records into rows.
pub(super) trait Work<T>: Fn(&mut Block<T>) + Sync {}

impl<T, F: Fn(&mut Block<T>) + Sync> Work<T> for F {}

enum BlockState<T> {
    Waiting(Block<T>),
    Taken,
    Done(Block<T>),
    /// The thread that took it has panicked.
    Lost,
}

struct BlockSlot<T> {
    state: Mutex<BlockState<T>>,
    done: Condvar,
}

impl<T> BlockSlot<T> {
    /// Does the work unless another thread has taken it.
    fn work(&self, work: &impl Work<T>) {
        let mut block = {
            let mut state = self.state.lock();
            match std::mem::replace(&mut *state, BlockState::Taken) {
                BlockState::Waiting(block) => block,
                other => {
                    *state = other;
                    return;
                }
            }
        };
        let ended = Ended {
            slot: self,
            state: BlockState::Lost,
        };
        work(&mut block);
        ended.with(BlockState::Done(block));
    }

    fn is_done(&self) -> bool {
        matches!(*self.state.lock(), BlockState::Done(_) | BlockState::Lost)
    }

    /// Waits for the block; `None` when it was lost.
    fn take(&self) -> Option<Block<T>> {
        let mut state = self.state.lock();
        loop {
            match std::mem::replace(&mut *state, BlockState::Lost) {
                BlockState::Done(block) | BlockState::Waiting(block) => return Some(block),
                BlockState::Lost => return None,
                BlockState::Taken => {
                    *state = BlockState::Taken;
                    self.done.wait(&mut state);
                }
            }
        }
    }
}

/// Says how work ended, also when it panicked: nobody may wait for it for ever.
struct Ended<'a, T> {
    slot: &'a BlockSlot<T>,
    state: BlockState<T>,
}

impl<T> Ended<'_, T> {
    fn with(mut self, state: BlockState<T>) {
        self.state = state;
    }
}

impl<T> Drop for Ended<'_, T> {
    fn drop(&mut self) {
        *self.slot.state.lock() = std::mem::replace(&mut self.state, BlockState::Lost);
        self.slot.done.notify_all();
    }
}

/// Blocks that are worked on, in the order in which they were put.
pub(super) struct Pipeline<'a, T, W> {
    slots: VecDeque<Arc<BlockSlot<T>>>,
    send: Sender<Arc<BlockSlot<T>>>,
    work: &'a W,
}

impl<T, W: Work<T>> Pipeline<'_, T, W> {
    /// Blocks on their way.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Puts a block behind the others.
    pub(super) fn put(&mut self, block: Block<T>) {
        let slot = Arc::new(BlockSlot {
            state: Mutex::new(BlockState::Waiting(block)),
            done: Condvar::new(),
        });
        // Without other threads there is nobody to receive it: this one will do the work.
        let _ = self.send.send(slot.clone());
        self.slots.push_back(slot);
    }

    /// The first block, its work done; the calling thread works too instead of waiting. `None` when
    /// there are no blocks or the thread that had it panicked.
    pub(super) fn take(&mut self) -> Option<Block<T>> {
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
pub(super) fn with_pipeline<T: Send, W: Work<T>, R>(
    threads: usize,
    work: &W,
    run: impl FnOnce(&mut Pipeline<'_, T, W>) -> R,
) -> R {
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
fn worker<T>(receive: &Mutex<Receiver<Arc<BlockSlot<T>>>>, work: &impl Work<T>) {
    loop {
        let Ok(slot) = receive.lock().recv() else {
            return;
        };
        slot.work(work);
    }
}
