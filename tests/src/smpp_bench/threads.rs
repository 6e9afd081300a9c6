//! A runtime on threads of its own, whose CPU time can be told from all others'.

use std::io;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};

use super::cpu;

/// Dropped, its tasks end where they are.
pub struct Threads {
    name: &'static str,
    runtime: Option<Runtime>,
}

impl Threads {
    pub fn start(name: &'static str, count: usize) -> io::Result<Self> {
        let runtime =
            Builder::new_multi_thread().worker_threads(count).thread_name(name).enable_all().build()?;
        Ok(Self { name, runtime: Some(runtime) })
    }

    /// # Panics
    /// Never: the runtime is there until this is dropped.
    pub fn handle(&self) -> &Handle {
        self.runtime.as_ref().map(Runtime::handle).expect("not dropped")
    }

    pub fn cpu(&self) -> io::Result<Duration> {
        cpu::of_threads(self.name)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
