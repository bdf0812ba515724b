//! Waiting for conditions. A fixed sleep proves nothing; only what was seen counts.

use anyhow::{Result, bail};
use std::time::{Duration, Instant};

/// Asks again and again until the answer is there; the last error tells what was missing at the deadline.
pub fn until<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let began = Instant::now();
    let mut pause = Duration::from_millis(100);
    loop {
        let seen = look();
        if let Ok(Some(found)) = seen {
            return Ok(found);
        }
        if began.elapsed() > limit {
            match seen {
                Err(why) => bail!("waited {} s for {what}: {why:#}", limit.as_secs()),
                Ok(_) => bail!("waited {} s for {what}", limit.as_secs()),
            }
        }
        std::thread::sleep(pause);
        pause = (pause * 3 / 2).min(Duration::from_secs(1));
    }
}

/// What an answer should take, from the symptom on.
pub const SOON: Duration = Duration::from_secs(5);
