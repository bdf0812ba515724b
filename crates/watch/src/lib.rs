//! `kubecause watch`: the incidents of a live cluster as they open, change and clear, on a screen or line by line.
//!
//! The cluster is followed by `live`, and diagnosed by a function that is given, on a thread of its own. What is shown comes
//! from [`Board`] alone, which knows incidents by their ids and never calls one cleared, nor a cluster healthy, while
//! some kind is not up to date.
//!
//! Knows nothing about how causes are found, and reads no configuration.

#![allow(
    clippy::disallowed_methods,
    reason = "this crate shows time going by; what is wrong at a time is said elsewhere"
)]

pub mod board;
pub mod lines;
pub mod screen;
mod terminal;
mod words;
mod work;

pub use board::{Board, Update};
pub use lines::Form;
pub use screen::{Look, Screen};
pub use work::{Check, Diagnose, Watched};

use kubecause_model::{Diagnosis, Severity, Verdict};
use screen::Action;
use std::io::Write;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};
use terminal::Terminal;
use work::Message;

/// How it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// On a screen, with keys.
    Screen,
    /// A line a change.
    Lines(Form),
}

/// When it ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// When the cluster is healthy.
    Healthy,
    /// When there is an incident at least that severe.
    Incident(Severity),
}

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Want {
    /// How it is shown.
    pub show: Show,
    /// How the screen looks.
    pub look: Look,
    /// When it ends by itself.
    pub until: Option<Until>,
    /// After how long it ends in any case.
    pub within: Option<Duration>,
}

/// How it ended.
#[derive(Debug)]
pub enum Ended {
    /// With this as the last answer, if there was one.
    With(Option<Box<Diagnosis>>),
    /// What was asked about is not there.
    Refused(String),
}

const PANICKED: &str = "diagnosing ended in a panic";
/// The screen shows the time.
const TICK: Duration = Duration::from_secs(1);

impl Until {
    fn is_reached(self, update: &Update) -> bool {
        match self {
            Self::Healthy => update.diagnosis.verdict == Verdict::Healthy,
            Self::Incident(least) => update.diagnosis.incidents.iter().any(|i| i.severity >= least),
        }
    }
}

/// Watches until somebody wants an end.
///
/// # Errors
/// Where the terminal cannot be used, or diagnosing itself ended.
pub fn run(watched: &Watched, check: Check, want: &Want) -> anyhow::Result<Ended> {
    let (tell, told) = channel();
    terminal::signals(tell.clone(), want.show == Show::Screen)?;
    let (worker, to) = (watched.clone(), tell.clone());
    std::thread::spawn(move || worker.work(check, to));
    let end = End { until: want.until, at: want.within.map(|within| Instant::now() + within) };
    let ended = match want.show {
        Show::Screen => on_screen(watched, want, &tell, &told, &end),
        Show::Lines(form) => in_lines(want, form, &told, &end),
    };
    watched.follower.stop();
    ended
}

/// When it ends by itself.
struct End {
    until: Option<Until>,
    at: Option<Instant>,
}

impl End {
    /// The next message, at most that much later. `Err` where the time is over.
    fn next(&self, told: &Receiver<Message>, patience: Duration) -> Result<Option<Message>, ()> {
        let left = self.at.map(|at| at.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Err(());
        }
        match told.recv_timeout(left.unwrap_or(patience).min(patience)) {
            Ok(message) => Ok(Some(message)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(()),
        }
    }

    fn is_reached(&self, update: &Update) -> bool {
        self.until.is_some_and(|until| until.is_reached(update))
    }
}

fn in_lines(want: &Want, form: Form, told: &Receiver<Message>, end: &End) -> anyhow::Result<Ended> {
    let mut board = Board::default();
    let mut out = std::io::stdout();
    while let Ok(message) = end.next(told, TICK) {
        match message {
            Some(Message::Update(update)) => {
                let mut text = String::new();
                for change in board.take((*update).clone()) {
                    text.push_str(&lines::line(&change, &update, form, want.look.lang));
                    text.push('\n');
                }
                // A reader that went away (`| head`) wants no more.
                if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err()
                    || end.is_reached(&update)
                {
                    break;
                }
            }
            Some(Message::Refused(why)) => return Ok(Ended::Refused(why)),
            Some(Message::Failed) => anyhow::bail!(PANICKED),
            Some(Message::Stop) => break,
            _ => {}
        }
    }
    Ok(ended(&board))
}

fn on_screen(
    watched: &Watched,
    want: &Want,
    tell: &Sender<Message>,
    told: &Receiver<Message>,
    end: &End,
) -> anyhow::Result<Ended> {
    let mut terminal = Terminal::open(tell.clone())?;
    let mut screen = Screen::new(want.look.clone(), watched.follower.now());
    terminal.draw(|frame| screen.draw(frame))?;
    'shown: while let Ok(first) = end.next(told, TICK) {
        screen.tick(watched.follower.now(), watched.follower.feeds());
        for message in first.into_iter().chain(told.try_iter()) {
            match message {
                Message::Update(update) => {
                    let reached = end.is_reached(&update);
                    screen.update(*update);
                    if reached {
                        break 'shown;
                    }
                }
                Message::Looked(looked) => screen.looked(*looked),
                Message::Refused(why) => return Ok(Ended::Refused(why)),
                Message::Key(key) => match screen.key(key) {
                    Action::Quit => break 'shown,
                    Action::Draw => {}
                    Action::Look(id) => {
                        if let Some(entry) = screen.board().get(&id) {
                            watched.look(id, &entry.incident, tell);
                        }
                    }
                },
                Message::Failed => anyhow::bail!(PANICKED),
                Message::Stop => break 'shown,
                Message::Resized => {}
            }
        }
        terminal.draw(|frame| screen.draw(frame))?;
    }
    drop(terminal);
    Ok(ended(screen.board()))
}

fn ended(board: &Board) -> Ended {
    Ended::With(board.last().map(|update| Box::new(update.diagnosis.clone())))
}
