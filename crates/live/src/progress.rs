//! How far the lists are, on standard error, for people who wait.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A line that says how far it is; nothing where nobody watches.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    objects: AtomicU64,
}

impl Progress {
    /// A line on standard error, or none.
    pub fn new(shown: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        if shown {
            let style = ProgressStyle::with_template("{spinner} {pos} of {len} kinds listed, {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        Self { bar, objects: AtomicU64::new(0) }
    }

    /// So many kinds are to be listed.
    pub fn begin(&self, kinds: usize) {
        self.bar.set_length(kinds as u64);
        self.bar.set_message("asking the API server");
        if !self.bar.is_hidden() {
            self.bar.enable_steady_tick(Duration::from_millis(120));
        }
    }

    /// A page came, and so many objects of that kind are left.
    pub fn page(&self, plural: &str, objects: usize, left: Option<u64>) {
        let total = self.objects.fetch_add(objects as u64, Ordering::Relaxed) + objects as u64;
        match left.filter(|left| *left > 0) {
            Some(left) => self.bar.set_message(format!("{total} objects; {left} more {plural}")),
            None => self.bar.set_message(format!("{total} objects")),
        }
    }

    /// A kind is done.
    pub fn done(&self) {
        self.bar.inc(1);
    }

    /// Says what happens now.
    pub fn say(&self, words: String) {
        self.bar.set_message(words);
    }
}

impl Drop for Progress {
    /// Takes the line away before anything else is printed.
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
