//! Who looks in the background: at what file events mark, so that others' edits are seen without asking the disk.

use crate::core::chain;
use crate::{Engine, Error};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The background.
pub(crate) struct Looker {
    stop: Arc<AtomicBool>,
    engine: Engine,
    thread: Option<JoinHandle<()>>,
}

/// One save is often several writes: they are waited for this long, and looked at once.
const SETTLE: Duration = Duration::from_millis(4);
/// So often it is seen who has come or gone, and whether a worktree stands on another commit, unless somebody tells.
const ROUND: Duration = Duration::from_secs(1);
/// Who stops waits this long for a look that is under way.
const LEAVE: Duration = Duration::from_secs(1);

impl Looker {
    pub(crate) fn start(engine: Engine) -> Result<Self, Error> {
        let stop = Arc::new(AtomicBool::new(false));
        let (seen, looking) = (Arc::clone(&stop), engine.clone());
        let thread = std::thread::Builder::new().name("looker".into()).spawn(move || {
            let mut last: Option<Instant> = None;
            while !seen.load(Ordering::SeqCst) {
                let is_round = last.is_none_or(|last| last.elapsed() >= ROUND);
                if is_round {
                    last = Some(Instant::now());
                }
                look(&looking, is_round);
                if wait(&looking, ROUND) {
                    std::thread::sleep(SETTLE);
                }
            }
        });
        let thread = thread.map_err(crate::error::io_failed("start to look at worktrees"))?;
        Ok(Self { stop, engine, thread: Some(thread) })
    }
}

impl Drop for Looker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        self.engine.0.seeing.wake();
        self.engine.0.seeing.unread.end();
        // It may be reading a whole repository for the first time: whoever stops need not wait for that.
        let until = Instant::now() + LEAVE;
        let Some(thread) = self.thread.take() else { return };
        while !thread.is_finished() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
        if thread.is_finished() {
            let _ = thread.join();
        }
    }
}

fn look(engine: &Engine, is_round: bool) {
    if is_round {
        engine.meet_sessions();
    }
    engine.hear(false);
    for tree in engine.0.seeing.trees.all() {
        let is_due = tree.is_due();
        if !(is_round || is_due || tree.is_marked()) {
            continue;
        }
        if let Err(error) = engine.look_into(&tree, is_due.then(Instant::now)) {
            // Somebody's folder that cannot be read, or has just gone.
            tracing::debug!(session = %tree.session, error = %chain(&error), "not looked at");
        }
    }
}

/// Whether something was told within `most`.
fn wait(engine: &Engine, most: Duration) -> bool {
    let seeing = &engine.0.seeing;
    let events = seeing.events.as_ref().map(|events| events.as_fd());
    let alarm = seeing.alarm.as_ref().map(|alarm| alarm.as_fd());
    let sources = [events, alarm].into_iter().flatten();
    let mut sources: Vec<PollFd<'_>> =
        sources.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
    if alarm.is_none() {
        // Nobody can wake us: worktrees are few where not even this can be had.
        std::thread::sleep(most.min(Duration::from_millis(50)));
    }
    let most = Timespec { tv_sec: most.as_secs() as i64, tv_nsec: i64::from(most.subsec_nanos()) };
    let told = poll(&mut sources, Some(&most)).is_ok_and(|told| told > 0);
    if let Some(alarm) = &seeing.alarm {
        let _ = rustix::io::read(alarm, &mut [0_u8; 8]);
    }
    told
}
