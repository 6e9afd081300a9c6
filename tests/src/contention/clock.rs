//! Virtual time: tasks sleep and are woken in the order of their time, and nobody waits for it.
//!
//! Everything happens in one thread and in one order, so that a seed always gives the same history.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// Time since the beginning, and spans of it.
pub type Micros = u64;

type Task = Pin<Box<dyn Future<Output = ()>>>;

#[derive(Default)]
pub struct Clock {
    now: Cell<Micros>,
    /// When, in which order of those at the same time, and whom.
    wakes: RefCell<BinaryHeap<Reverse<(Micros, u64, usize)>>>,
    woken: Cell<u64>,
    tasks: RefCell<Vec<Option<Task>>>,
    free: RefCell<Vec<usize>>,
    running: Cell<usize>,
}

impl Clock {
    pub fn now(&self) -> Micros {
        self.now.get()
    }

    /// Begins a task at the present time, after those that are due before it.
    pub fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        let mut tasks = self.tasks.borrow_mut();
        let place = self.free.borrow_mut().pop().unwrap_or_else(|| {
            tasks.push(None);
            tasks.len() - 1
        });
        tasks[place] = Some(Box::pin(task));
        self.wake(place, self.now());
    }

    pub async fn sleep(&self, span: Micros) {
        let mut asleep = false;
        // A task sleeps once at a time and only its own wake polls it: polled again, it is due.
        poll_fn(|_| {
            if asleep {
                return Poll::Ready(());
            }
            asleep = true;
            self.wake(self.running.get(), self.now() + span);
            Poll::Pending
        })
        .await;
    }

    pub async fn sleep_until(&self, time: Micros) {
        self.sleep(time.saturating_sub(self.now())).await;
    }

    /// Runs until every task has ended.
    pub fn run(&self) {
        let mut context = Context::from_waker(Waker::noop());
        loop {
            let Some(Reverse((time, _, place))) = self.wakes.borrow_mut().pop() else { return };
            self.now.set(time);
            self.running.set(place);
            let mut task = self.tasks.borrow_mut()[place].take().expect("a sleeping task is kept");
            match task.as_mut().poll(&mut context) {
                Poll::Pending => self.tasks.borrow_mut()[place] = Some(task),
                Poll::Ready(()) => self.free.borrow_mut().push(place),
            }
        }
    }

    fn wake(&self, place: usize, time: Micros) {
        let order = self.woken.get();
        self.woken.set(order + 1);
        self.wakes.borrow_mut().push(Reverse((time, order, place)));
    }
}
