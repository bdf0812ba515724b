//! The terminal: taken over, given back whatever happens, and its keys brought to the main thread.

use crate::work::Message;
use ratatui::crossterm::event::{self, Event};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

/// How often it is asked whether the end has come.
const PATIENCE: Duration = Duration::from_millis(250);

/// A terminal that is taken over. It is given back when this value goes, and when a thread panics.
pub struct Terminal {
    terminal: ratatui::DefaultTerminal,
    ended: Arc<AtomicBool>,
}

impl Terminal {
    /// Takes the terminal over, and brings its keys to `tell`.
    ///
    /// # Errors
    /// Where it is none.
    pub fn open(tell: Sender<Message>) -> std::io::Result<Self> {
        let terminal = ratatui::try_init()?;
        let ended = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ended);
        std::thread::spawn(move || {
            while !end.load(Ordering::Relaxed) {
                let message = match event::poll(PATIENCE) {
                    Ok(false) => continue,
                    Ok(true) => event::read(),
                    Err(error) => Err(error),
                };
                let message = match message {
                    Ok(Event::Key(key)) => Message::Key(key),
                    Ok(Event::Resize(..)) => Message::Resized,
                    Ok(_) => continue,
                    // A terminal that went away.
                    Err(_) => Message::Stop,
                };
                let last = matches!(message, Message::Stop);
                if tell.send(message).is_err() || last {
                    return;
                }
            }
        });
        Ok(Self { terminal, ended })
    }

    /// Draws anew.
    ///
    /// # Errors
    /// Where the terminal cannot be written to.
    pub fn draw(&mut self, draw: impl FnOnce(&mut ratatui::Frame<'_>)) -> std::io::Result<()> {
        self.terminal.draw(draw).map(|_| ())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        ratatui::restore();
    }
}

/// Signals that ask for an end bring `tell` to the main thread; a second one ends at once.
#[cfg(unix)]
pub fn signals(tell: Sender<Message>, screen: bool) -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::spawn(move || {
        for (n, signal) in signals.forever().enumerate() {
            let told = tell.send(Message::Stop);
            if n > 0 || told.is_err() {
                if screen {
                    ratatui::restore();
                }
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            }
        }
    });
    Ok(())
}

/// Elsewhere the terminal's own key is all there is.
#[cfg(not(unix))]
pub fn signals(_: Sender<Message>, _: bool) -> std::io::Result<()> {
    Ok(())
}
