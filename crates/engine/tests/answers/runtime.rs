//! A runtime of its own for an engine: it can end like a process that is killed, and its timers
//! can be moved.

use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// How long what blocks may take to end.
const END_LIMIT: Duration = Duration::from_secs(5);

/// A runtime on a thread of its own. When it is dropped, its tasks end between two of their steps.
#[derive(Debug)]
pub(crate) struct Runtime {
    handle: Handle,
    /// Dropped to end it.
    ending: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Runtime {
    pub(crate) fn start() -> Self {
        let join_test = testkit::log::joining();
        let (ending, ended) = oneshot::channel::<()>();
        let (started, handle) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            join_test();
            let runtime = Builder::new_current_thread()
                .on_thread_start(join_test)
                .enable_all()
                .build()
                .unwrap();
            started.send(runtime.handle().clone()).unwrap();
            let _ = runtime.block_on(ended);
            runtime.shutdown_timeout(END_LIMIT);
        });
        Self { handle: handle.recv().unwrap(), ending: Some(ending), thread: Some(thread) }
    }

    /// Does `work` as one of its tasks.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> T {
        self.handle.spawn(work).await.unwrap()
    }

    /// Lets everything on it that waits for a time believe that `step` has passed.
    pub(crate) async fn advance(&self, step: Duration) {
        self.run(async move {
            tokio::time::pause();
            tokio::time::advance(step).await;
            tokio::time::resume();
        })
        .await;
    }

    /// How many of its tasks have not ended.
    pub(crate) fn tasks(&self) -> usize {
        self.handle.metrics().num_alive_tasks()
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        drop(self.ending.take());
        if let Some(thread) = self.thread.take() {
            // One that panicked has failed the test already.
            let _ = thread.join();
        }
    }
}
