//! What a person sees in a terminal.
mod common;

use kubecause_model::{Diagnosis, Lang, Scope};
use kubecause_report::{TextOptions, text};

fn show(d: &Diagnosis, lang: Lang, width: usize, wide: bool) -> String {
    let name = Some("lab".to_owned());
    text(d, &TextOptions { lang, width, wide, name, color: false, scope: Scope::default() })
}

#[test]
fn one_incident() {
    insta::assert_snapshot!("one_en", show(&common::one(), Lang::En, 100, false));
    insta::assert_snapshot!("one_zh", show(&common::one(), Lang::Zh, 100, false));
    insta::assert_snapshot!("one_en_narrow", show(&common::one(), Lang::En, 60, false));
    insta::assert_snapshot!("one_zh_narrow", show(&common::one(), Lang::Zh, 60, false));
    insta::assert_snapshot!("one_en_wide", show(&common::one(), Lang::En, 140, true));
    insta::assert_snapshot!("one_zh_wide", show(&common::one(), Lang::Zh, 140, true));
}

#[test]
fn healthy_is_one_line_and_its_remarks() {
    insta::assert_snapshot!("healthy_en", show(&common::healthy(), Lang::En, 100, false));
    insta::assert_snapshot!("healthy_zh", show(&common::healthy(), Lang::Zh, 100, false));
    assert_eq!(show(&common::empty(), Lang::En, 200, false).lines().count(), 1);
}

#[test]
fn unknown_says_why() {
    insta::assert_snapshot!("unknown_en", show(&common::unknown(), Lang::En, 100, false));
    insta::assert_snapshot!("unknown_zh", show(&common::unknown(), Lang::Zh, 100, false));
}

#[test]
fn what_is_silenced_is_told() {
    insta::assert_snapshot!("silenced_en", show(&common::silenced(), Lang::En, 100, false));
    insta::assert_snapshot!("silenced_zh", show(&common::silenced(), Lang::Zh, 100, false));
    let wide = show(&common::silenced(), Lang::En, 100, true);
    assert!(wide.contains("a silence matches nothing: container-oom-killed Deployment/shop/gone"), "{wide}");
}

#[test]
fn several_incidents() {
    insta::assert_snapshot!("three_en", show(&common::three(), Lang::En, 100, false));
    insta::assert_snapshot!("three_zh", show(&common::three(), Lang::Zh, 80, false));
    insta::assert_snapshot!("25_en", show(&common::many(25), Lang::En, 100, false));
    insta::assert_snapshot!("2000_en", show(&common::many(2000), Lang::En, 100, false));
    insta::assert_snapshot!("2000_zh", show(&common::many(2000), Lang::Zh, 80, false));
}

#[test]
fn colour_changes_no_character() {
    let d = common::three();
    let options = TextOptions { color: true, ..TextOptions::default() };
    let coloured = text(&d, &options);
    let bare = text(&d, &TextOptions { color: false, ..options });
    assert!(coloured.contains("\u{1b}[31m") || coloured.contains("\u{1b}[1m\u{1b}[31m"));
    let mut stripped = String::new();
    for (n, part) in coloured.split('\u{1b}').enumerate() {
        stripped.push_str(if n == 0 { part } else { part.split_once('m').map_or("", |(_, rest)| rest) });
    }
    assert_eq!(stripped, bare);
}
