//! The thread that diagnoses, so that keys are answered while it works.

use crate::board::Update;
use crate::screen::Looked;
use kubecause_evidence::Snapshot;
use kubecause_live::{Follower, Moment};
use kubecause_model::{Diagnosis, Scope};
use ratatui::crossterm::event::KeyEvent;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

/// The longest time for looking closer at one incident.
const LOOK_WITHIN: Duration = Duration::from_secs(20);

/// How a snapshot is diagnosed.
pub type Diagnose = Arc<dyn Fn(&Snapshot, &Scope) -> Diagnosis + Send + Sync>;
/// Whether what is asked about can be asked about at all; the words say why not.
pub type Check = Box<dyn FnOnce(&Snapshot) -> Result<(), String> + Send>;

/// What is watched.
#[derive(Clone)]
pub struct Watched {
    /// The cluster.
    pub follower: Arc<Follower>,
    /// How it is diagnosed.
    pub diagnose: Diagnose,
    /// What is asked about.
    pub scope: Scope,
}

/// What the main thread is told.
pub enum Message {
    /// What is wrong now.
    Update(Box<Update>),
    /// What is asked about is not there.
    Refused(String),
    /// What came of looking closer.
    Looked(Box<Looked>),
    /// A key was pressed.
    Key(KeyEvent),
    /// The terminal has another size.
    Resized,
    /// Somebody wants an end: a signal.
    Stop,
    /// Diagnosing ended in a panic.
    Failed,
}

/// Tells that the thread which holds it panicked.
struct Alarm(Sender<Message>);

impl Drop for Alarm {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = self.0.send(Message::Failed);
        }
    }
}

impl Watched {
    /// Diagnoses whenever something has changed, until the follower stops or nobody listens.
    pub fn work(self, check: Check, tell: Sender<Message>) {
        let _alarm = Alarm(tell.clone());
        let mut check = Some(check);
        while let Some(moment) = self.follower.next() {
            // A namespace that is not there is a typing error, provided that namespaces were seen.
            if !moment.is_behind()
                && let Some(Err(why)) = check.take().map(|check| check(&moment.snapshot))
            {
                let _ = tell.send(Message::Refused(why));
                return;
            }
            if tell.send(Message::Update(Box::new(self.update(moment)))).is_err() {
                return;
            }
        }
    }

    fn update(&self, moment: Moment) -> Update {
        let at = moment.snapshot.taken_at.unwrap_or_else(|| self.follower.now());
        let diagnosis = (self.diagnose)(&moment.snapshot, &self.scope);
        Update { diagnosis, feeds: moment.feeds, at }.careful()
    }

    /// Looks closer at one incident, on a thread of its own.
    pub fn look(&self, id: String, incident: &kubecause_model::Incident, tell: &Sender<Message>) {
        let (watched, tell) = (self.clone(), tell.clone());
        let scope = Scope { namespace: None, objects: vec![incident.root.subject.object()] };
        std::thread::spawn(move || {
            let diagnose = Arc::clone(&watched.diagnose);
            let looked = watched.follower.look(LOOK_WITHIN, &mut |s| diagnose(s, &scope));
            let explained = looked.explain();
            let at = watched.follower.now();
            let _ = tell.send(Message::Looked(Box::new(Looked {
                id,
                at,
                diagnosis: looked.diagnosis,
                explained,
            })));
        });
    }
}
