//! What the tests of the watch share: incidents, moments, and a screen to look at.
#![allow(dead_code, reason = "not every test uses all of it")]

use jiff::Timestamp;
use kubecause_live::{Feed, FeedState};
use kubecause_model::{
    Citation, Confidence, Diagnosis, Fix, FixStep, Gap, Incident, Kind, Lang, Params, Risk, Root, Severity,
    Source, Stats, Subject, Text, Verdict, Why,
};
use kubecause_watch::{Look, Screen, Update};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// So many seconds after the beginning of all tests.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + seconds).expect("a time")
}

/// An incident about a Deployment.
pub fn incident(name: &str, severity: Severity) -> Incident {
    let text = |en: String, zh: String| Text { en, zh };
    let subject = Subject::new(Kind::Deployment, "shop", name);
    Incident {
        id: format!("id-{name}"),
        severity,
        since: Some(at(-240)),
        last_seen: Some(at(0)),
        ongoing: true,
        root: Root {
            mode: "container-oom-killed".to_owned(),
            refines: None,
            confidence: Confidence::Confirmed,
            subject: subject.clone(),
            params: Params::default(),
            title: text(
                format!("{name}: killed for memory, its limit is 64Mi"),
                format!("{name}：内存超过限制 64Mi 被终止"),
            ),
        },
        alternatives: Vec::new(),
        refuted: Vec::new(),
        chain: Vec::new(),
        affected: vec![Subject::new(Kind::Pod, "shop", format!("{name}-7d9-x2x"))],
        evidence: vec![Citation {
            source: Source::Field,
            at: Some(at(-240)),
            reference: format!("pods/shop/{name}-7d9-x2x"),
            text: "lastState.terminated.reason: OOMKilled, exitCode: 137".to_owned(),
        }],
        changes: Vec::new(),
        fixes: vec![Fix {
            title: text("Raise the memory limit".into(), "提高内存限制".into()),
            risk: Risk::Disruptive,
            steps: vec![FixStep {
                run: format!("kubectl -n shop set resources deploy/{name} --limits=memory=128Mi"),
                why: text("The pods are replaced.".into(), "Pod 会被替换。".into()),
                guard: None,
                verify: Some("kubectl -n shop get pods".into()),
                undo: Some(format!("kubectl -n shop rollout undo deploy/{name}")),
            }],
        }],
        looks: Vec::new(),
    }
}

/// A diagnosis with these incidents.
pub fn diagnosis(incidents: Vec<Incident>) -> Diagnosis {
    let verdict = if incidents.is_empty() { Verdict::Healthy } else { Verdict::Faults };
    Diagnosis {
        taken_at: Some(at(0)),
        verdict,
        incidents,
        silenced: Vec::new(),
        idle_silences: Vec::new(),
        notes: Vec::new(),
        unexplained: Vec::new(),
        gaps: vec![Gap::new("secrets", Why::Forbidden, "")],
        stats: Stats {
            version: Some("v1.36.2".into()),
            nodes: 3,
            pods: 120,
            events: 40,
            objects: 500,
            files: 0,
        },
    }
}

/// Kinds that are up to date, and those that are not.
pub fn feeds(behind: &[&str]) -> Vec<Feed> {
    let feed = |name: &str| Feed {
        name: name.to_owned(),
        objects: 3,
        state: if behind.contains(&name) {
            FeedState::Behind {
                since: Some(at(-10)),
                why: Why::Failed,
                says: "429: too many requests, please try again later".to_owned(),
            }
        } else {
            FeedState::Live
        },
    };
    ["nodes", "pods", "events"].into_iter().map(feed).collect()
}

/// What is wrong so many seconds after the beginning.
pub fn update(seconds: i64, incidents: Vec<Incident>, behind: &[&str]) -> Update {
    let diagnosis = Diagnosis { taken_at: Some(at(seconds)), ..diagnosis(incidents) };
    Update { diagnosis, feeds: feeds(behind), at: at(seconds) }.careful()
}

/// A screen without colours.
pub fn screen(lang: Lang) -> Screen {
    Screen::new(Look { lang, color: false, name: "kind-prod".to_owned() }, at(0))
}

/// What is seen on a screen of that size.
pub fn seen(screen: &mut Screen, columns: u16, rows: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a terminal");
    terminal.draw(|frame| screen.draw(frame)).expect("drawn");
    terminal.backend().to_string()
}

/// Presses keys: each character is one; `\n` is Enter, `\u{1b}` Esc.
pub fn press(screen: &mut Screen, keys: &str) -> Option<kubecause_watch::screen::Action> {
    let mut last = None;
    for c in keys.chars() {
        let code = match c {
            '\n' => KeyCode::Enter,
            '\u{1b}' => KeyCode::Esc,
            '\u{8}' => KeyCode::Backspace,
            c => KeyCode::Char(c),
        };
        last = Some(screen.key(KeyEvent::new(code, KeyModifiers::NONE)));
    }
    last
}
