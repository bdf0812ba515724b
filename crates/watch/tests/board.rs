//! Incidents open, change and clear, and nothing clears while something is not up to date.

mod common;

use common::{at, incident, update};
use kubecause_model::{Confidence, Lang, Severity, Verdict};
use kubecause_watch::board::{Change, State};
use kubecause_watch::lines::line;
use kubecause_watch::{Board, Form, Update};

fn names(changes: &[Change]) -> Vec<String> {
    let name = |change: &Change| match change {
        Change::Opened(i) => format!("opened {}", i.id),
        Change::Updated(i) => format!("updated {}", i.id),
        Change::Cleared(i) => format!("cleared {}", i.id),
        Change::Verdict => "verdict".to_owned(),
        Change::Connection => "connection".to_owned(),
    };
    changes.iter().map(name).collect()
}

fn take(board: &mut Board, update: Update) -> Vec<String> {
    names(&board.take(update))
}

fn one() -> Vec<kubecause_model::Incident> {
    vec![incident("cart", Severity::Error)]
}

#[test]
fn an_incident_opens_changes_and_clears() {
    let mut board = Board::default();
    assert_eq!(take(&mut board, update(0, Vec::new(), &[])), ["verdict"]);
    assert_eq!(take(&mut board, update(1, one(), &[])), ["opened id-cart", "verdict"]);
    assert_eq!(board.get("id-cart").map(|e| e.state), Some(State::Opened(at(1))));
    assert!(take(&mut board, update(2, one(), &[])).is_empty());
    let mut surer = one();
    surer[0].root.confidence = Confidence::Probable;
    assert_eq!(take(&mut board, update(3, surer.clone(), &[])), ["updated id-cart"]);
    surer[0].last_seen = Some(at(4));
    assert!(take(&mut board, update(4, surer, &[])).is_empty(), "time alone is no change");
    assert_eq!(take(&mut board, update(5, Vec::new(), &[])), ["cleared id-cart", "verdict"]);
    assert_eq!(board.get("id-cart").map(|e| e.state), Some(State::Cleared(at(5))));
    assert_eq!(take(&mut board, update(6, one(), &[])), ["opened id-cart", "verdict"], "it came back");
    assert_eq!(board.entries().len(), 1);
}

#[test]
fn what_was_there_at_first_is_not_new_and_new_ones_grow_old() {
    let mut board = Board::default();
    take(&mut board, update(0, one(), &[]));
    assert_eq!(board.get("id-cart").map(|e| e.state), Some(State::Open));
    let both = || vec![incident("cart", Severity::Error), incident("mail", Severity::Error)];
    take(&mut board, update(1, both(), &[]));
    assert_eq!(board.get("id-mail").map(|e| e.state), Some(State::Opened(at(1))));
    take(&mut board, update(500, both(), &[]));
    assert_eq!(board.get("id-mail").map(|e| e.state), Some(State::Open));
}

#[test]
fn nothing_clears_and_nothing_is_healthy_while_something_is_behind() {
    let mut board = Board::default();
    take(&mut board, update(0, one(), &[]));
    assert_eq!(take(&mut board, update(1, Vec::new(), &["pods"])), ["verdict", "connection"]);
    assert_eq!(board.last().map(|u| u.diagnosis.verdict), Some(Verdict::Unknown));
    assert_eq!(board.get("id-cart").map(|e| e.state), Some(State::OutOfSight(at(1))));
    assert!(take(&mut board, update(2, Vec::new(), &["pods"])).is_empty());
    assert_eq!(take(&mut board, update(3, one(), &["pods"])), ["verdict"], "seen again");
    take(&mut board, update(4, Vec::new(), &["pods"]));
    assert_eq!(take(&mut board, update(5, Vec::new(), &[])), ["connection", "cleared id-cart", "verdict"]);
}

#[test]
fn what_is_over_is_shown_last_and_forgotten() {
    let mut board = Board::default();
    let named = |names: &[&str]| names.iter().map(|n| incident(n, Severity::Error)).collect::<Vec<_>>();
    take(&mut board, update(0, named(&["a", "b", "c"]), &[]));
    take(&mut board, update(1, named(&["b", "c"]), &[]));
    take(&mut board, update(2, named(&["c"]), &[]));
    let order: Vec<&str> = board.entries().iter().map(|e| e.incident.id.as_str()).collect();
    assert_eq!(order, ["id-c", "id-b", "id-a"]);
    take(&mut board, update(1200, named(&["c"]), &[]));
    assert_eq!(board.entries().len(), 1);
}

#[test]
fn lines_tell_what_changed() {
    let mut board = Board::default();
    let mut lines = |update: Update, form, lang| -> Vec<String> {
        board.take(update.clone()).iter().map(|c| line(c, &update, form, lang)).collect()
    };
    insta::assert_snapshot!(
        "lines",
        [
            lines(update(0, Vec::new(), &[]), Form::Text, Lang::En),
            lines(update(1, one(), &[]), Form::Text, Lang::En),
            lines(update(2, one(), &["pods"]), Form::Text, Lang::En),
            lines(update(3, one(), &[]), Form::Text, Lang::Zh),
            lines(update(4, Vec::new(), &[]), Form::Text, Lang::Zh),
        ]
        .concat()
        .join("\n")
    );
    let json = lines(update(5, one(), &["pods"]), Form::Json, Lang::En);
    let values: Vec<serde_json::Value> =
        json.iter().map(|l| serde_json::from_str(l).expect("one object a line")).collect();
    assert_eq!(values[0]["change"], "opened");
    assert_eq!(values[0]["incident"]["root"]["mode"], "container-oom-killed");
    assert_eq!(values[1]["verdict"], "faults");
    assert_eq!(values[2]["behind"][0]["what"], "pods");
    assert!(json.iter().all(|l| !l.contains('\n')));
}
