//! What people see, and what keys do.

mod common;

use common::{at, feeds, incident, press, screen, seen, update};
use kubecause_live::{Feed, FeedState};
use kubecause_model::{Lang, Severity};
use kubecause_watch::screen::{Action, Looked};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

fn three() -> Vec<kubecause_model::Incident> {
    vec![
        incident("cart", Severity::Critical),
        incident("checkout", Severity::Error),
        incident("mail", Severity::Warning),
    ]
}

#[test]
fn incidents_with_the_chosen_one_below() {
    let mut s = screen(Lang::En);
    s.update(update(0, three(), &[]));
    insta::assert_snapshot!("three", seen(&mut s, 100, 24));
    let mut s = screen(Lang::Zh);
    s.update(update(0, three(), &[]));
    insta::assert_snapshot!("three-zh", seen(&mut s, 100, 24));
}

#[test]
fn healthy_and_nothing_yet() {
    let mut s = screen(Lang::En);
    let waiting = Feed { name: "pods".to_owned(), objects: 0, state: FeedState::Waiting };
    s.tick(at(0), vec![feeds(&[])[0].clone(), waiting]);
    insta::assert_snapshot!("nothing-yet", seen(&mut s, 80, 10));
    s.update(update(1, Vec::new(), &[]));
    insta::assert_snapshot!("healthy", seen(&mut s, 80, 10));
}

#[test]
fn what_is_not_up_to_date_is_said_and_nothing_is_called_healthy() {
    let mut s = screen(Lang::En);
    s.update(update(0, three(), &[]));
    s.update(update(5, Vec::new(), &["pods", "events"]));
    let shown = seen(&mut s, 100, 14);
    assert!(!shown.contains("healthy"), "{shown}");
    assert!(shown.contains("out of sight") && !shown.contains("cleared"), "{shown}");
    insta::assert_snapshot!("behind", shown);
    s.update(update(9, Vec::new(), &[]));
    let shown = seen(&mut s, 100, 14);
    assert!(shown.contains("healthy") && shown.contains("cleared"), "{shown}");
    insta::assert_snapshot!("cleared", shown);
}

#[test]
fn small_terminals() {
    let mut s = screen(Lang::En);
    s.update(update(0, three(), &[]));
    insta::assert_snapshot!("small", seen(&mut s, 44, 9));
    insta::assert_snapshot!("tiny", seen(&mut s, 24, 3));
    for (columns, rows) in [(1, 1), (30, 6), (31, 7), (200, 4), (3, 60)] {
        seen(&mut s, columns, rows);
    }
}

#[test]
fn forty_incidents_scroll_with_the_chosen_one() {
    let mut s = screen(Lang::En);
    let many = (0..40).map(|n| incident(&format!("app-{n:02}"), Severity::Error)).collect();
    s.update(update(0, many, &[]));
    insta::assert_snapshot!("forty", seen(&mut s, 80, 24));
    press(&mut s, &"j".repeat(25));
    let shown = seen(&mut s, 80, 24);
    assert!(shown.contains("app-25") && !shown.contains("app-00"), "{shown}");
    press(&mut s, "G");
    assert!(seen(&mut s, 80, 24).contains("app-39"));
    press(&mut s, "jjkkk");
    assert!(seen(&mut s, 80, 24).contains("app-36: killed"));
}

#[test]
fn pages_of_the_chosen_incident() {
    let mut s = screen(Lang::En);
    s.update(update(0, three(), &[]));
    press(&mut s, "j\n");
    insta::assert_snapshot!("detail", seen(&mut s, 80, 24));
    press(&mut s, "e");
    insta::assert_snapshot!("evidence", seen(&mut s, 80, 14));
    press(&mut s, "f");
    insta::assert_snapshot!("fixes", seen(&mut s, 80, 18));
    press(&mut s, "g");
    assert!(seen(&mut s, 80, 14).contains("secrets"));
    press(&mut s, "n");
    assert!(seen(&mut s, 80, 14).contains("nothing"));
    press(&mut s, "?");
    insta::assert_snapshot!("help", seen(&mut s, 80, 18));
    press(&mut s, "\u{1b}");
    let shown = seen(&mut s, 80, 24);
    assert!(shown.contains("cart: killed") && shown.contains("mail: killed"), "{shown}");
}

#[test]
fn a_page_scrolls_no_further_than_its_end() {
    let mut s = screen(Lang::En);
    s.update(update(0, three(), &[]));
    press(&mut s, "f");
    let top = seen(&mut s, 80, 8);
    press(&mut s, &" ".repeat(20));
    let end = seen(&mut s, 80, 8);
    assert_ne!(top, end);
    press(&mut s, "k");
    assert_ne!(seen(&mut s, 80, 8), end, "one line back is one line back");
}

#[test]
fn a_filter_leaves_what_holds_its_text() {
    let mut s = screen(Lang::En);
    s.update(update(0, three(), &[]));
    press(&mut s, "/MAIx\u{8}");
    let shown = seen(&mut s, 80, 12);
    assert!(shown.contains("mail: killed") && !shown.contains("cart: killed"), "{shown}");
    assert!(shown.contains("/MAI█"), "{shown}");
    press(&mut s, "\n\n");
    assert!(seen(&mut s, 80, 24).contains("mail-7d9-x2x"), "what is left is what is chosen");
    press(&mut s, "\u{1b}\u{1b}");
    assert!(seen(&mut s, 80, 24).contains("cart: killed"));
    press(&mut s, "/zzz\n");
    assert!(seen(&mut s, 80, 12).contains("no incident holds"));
}

#[test]
fn the_chosen_incident_stays_chosen_and_its_page_goes_with_it() {
    let mut s = screen(Lang::En);
    s.update(update(0, three(), &[]));
    press(&mut s, "jj\n");
    let mut more = three();
    more.insert(0, incident("api", Severity::Critical));
    s.update(update(5, more, &[]));
    assert!(seen(&mut s, 80, 20).contains("mail-7d9-x2x"));
    s.update(update(2000, three(), &[]));
    assert!(seen(&mut s, 80, 20).contains("mail-7d9-x2x"));
}

#[test]
fn looking_closer_is_asked_for_once_and_shown() {
    let mut s = screen(Lang::En);
    s.update(update(0, three(), &[]));
    assert_eq!(press(&mut s, "l"), Some(Action::Look("id-cart".to_owned())));
    assert_eq!(press(&mut s, "l"), Some(Action::Draw), "one at a time");
    assert!(seen(&mut s, 80, 24).contains("looking closer"));
    let mut surer = incident("cart", Severity::Critical);
    surer.root.title.en = "cart: the log says more".to_owned();
    let diagnosis = update(3, vec![surer], &[]).diagnosis;
    let explained = "looks: 1, 12 B in all\n".to_owned();
    s.looked(Looked { id: "id-cart".to_owned(), at: at(3), diagnosis, explained });
    press(&mut s, "\n");
    let shown = seen(&mut s, 80, 24);
    assert!(shown.contains("the log says more") && shown.contains("looks: 1"), "{shown}");
}

#[test]
fn keys_that_end() {
    let mut s = screen(Lang::En);
    assert_eq!(press(&mut s, "q"), Some(Action::Quit));
    assert_eq!(s.key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)), Action::Quit);
    assert_eq!(press(&mut s, "l"), Some(Action::Draw), "nothing is chosen");
    assert_eq!(
        press(&mut s, "\nefgn?jk \u{1b}"),
        Some(Action::Draw),
        "keys do no harm where nothing is known"
    );
    press(&mut s, "/");
    assert_eq!(press(&mut s, "q"), Some(Action::Draw), "a letter of the filter");
}
