//! Markdown and HTML, and what hostile input does to them.
mod common;

use common::{HOSTILE, replaced};
use kubecause_model::Lang;
use kubecause_report::{html, markdown, page};

#[test]
fn markdown_of_one_and_many() {
    insta::assert_snapshot!("markdown_one_en", markdown(&common::one(), Lang::En));
    insta::assert_snapshot!("markdown_three_zh", markdown(&common::three(), Lang::Zh));
    insta::assert_snapshot!("markdown_many_en", markdown(&common::many(40), Lang::En));
    insta::assert_snapshot!("markdown_healthy_en", markdown(&common::healthy(), Lang::En));
}

#[test]
fn documents_tell_what_is_silenced() {
    let markdown = markdown(&common::silenced(), Lang::En);
    insta::assert_snapshot!("markdown_silenced_en", markdown);
    let page = html(&common::silenced(), Lang::Zh);
    assert_eq!(page.matches("<li>已静默至 2026-12-01 00:00:00 UTC：").count(), 2, "{page}");
    assert_eq!(page.matches("不再生效").count(), 1);
}

#[test]
fn html_of_one() {
    let page = html(&common::one(), Lang::En);
    let (_, body) = page.split_once("<body>").unwrap_or_default();
    insta::assert_snapshot!("html_one_en", body);
    assert!(html(&common::one(), Lang::Zh).contains("<html lang=\"zh-CN\">"));
}

#[test]
fn html_stays_small_with_thousands_of_incidents() {
    let page = html(&common::many(2000), Lang::En);
    assert!(page.len() < 400_000, "{} bytes", page.len());
    assert_eq!(page.matches("<details open>").count(), 1);
}

#[test]
fn hostile_text_opens_no_tag_and_ends_no_attribute() {
    let page = html(&replaced(HOSTILE), Lang::En);
    insta::assert_snapshot!("html_hostile_en", page.split_once("<body>").unwrap_or_default().1);
    assert!(!page.contains("<script"));
    assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}') && !page.contains('\u{200b}'));
    let known = [
        "!doctype",
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "h1",
        "h2",
        "h3",
        "h4",
        "span",
        "p",
        "main",
        "article",
        "details",
        "summary",
        "code",
        "div",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "pre",
        "figure",
        "figcaption",
        "svg",
        "path",
        "g",
        "rect",
        "text",
        "section",
    ];
    for tag in page.split('<').skip(1) {
        let name = tag.trim_start_matches('/').split(|c: char| !(c.is_alphanumeric() || c == '!')).next();
        assert!(known.contains(&name.unwrap_or_default()), "<{tag}");
        let inner = tag.split('>').next().unwrap_or_default();
        let bare: String = inner.split('"').step_by(2).collect();
        assert!(bare.chars().all(|c| c.is_ascii_alphanumeric() || " =-/!".contains(c)), "<{tag}");
    }
}

#[test]
fn every_tag_is_closed_in_order() {
    for d in [
        common::healthy(),
        common::unknown(),
        common::three(),
        common::many(300),
        replaced(HOSTILE),
        replaced(""),
    ] {
        let page = html(&d, Lang::Zh);
        let body = page.split_once("</style>").map_or("", |(_, body)| body);
        let mut open: Vec<&str> = vec!["html", "head"];
        for tag in body.split('<').skip(1) {
            let inner = tag.split('>').next().unwrap_or_default();
            let name = inner.trim_start_matches('/').split_whitespace().next().unwrap_or_default();
            match (inner.starts_with('/'), inner.ends_with('/')) {
                (true, _) => assert_eq!(open.pop(), Some(name), "in {inner}"),
                (_, true) => {}
                _ => open.push(name),
            }
        }
        assert!(open.is_empty(), "{open:?}");
    }
}

#[test]
fn hostile_text_is_no_markdown() {
    let note = markdown(&replaced(HOSTILE), Lang::En);
    insta::assert_snapshot!("markdown_hostile_en", note);
    let mut fence: Option<&str> = None;
    for line in note.lines().map(str::trim_start) {
        let marks = line.get(..line.len() - line.trim_start_matches('`').len()).unwrap_or_default();
        match fence {
            Some(f) if line == f => fence = None,
            None if marks.len() >= 3 => fence = Some(marks),
            None => {
                let bare = without_code(line);
                assert!(!bare.contains("<script") && !bare.contains("@all"), "{line}");
            }
            Some(_) => {}
        }
    }
    assert_eq!(fence, None);
}

/// The line without its code spans, as Markdown reads them: closed by as many backticks as opened them.
fn without_code(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('`') {
        let (before, here) = rest.split_at(at);
        out.push_str(before);
        if before.ends_with('\\') {
            rest = &here[1..];
            continue;
        }
        let marks = &here[..here.len() - here.trim_start_matches('`').len()];
        let body = &here[marks.len()..];
        let end =
            body.match_indices(marks).map(|(i, _)| i).find(|i| !body[i + marks.len()..].starts_with('`'));
        rest = end.map_or("", |i| &body[i + marks.len()..]);
    }
    out + rest
}

const PAGE: &str = "## What happens\n\nThe runtime **accepts** calls and does not answer: `crictl ps` hangs, and \
    [the kubelet](https://kubernetes.io/docs) reports PLEG.\n\n| call | says |\n|---|---|\n| `crictl ps` | hangs |\n\n\
    1. Save its stacks.\n   Then go on.\n\n   ```sh\n   kill -USR1 $(pidof containerd) && journalctl -u containerd --since -5m | grep goroutine\n   ```\n\n\
    2. Restart it.\n\n> It costs nothing.\n";

#[test]
fn a_page_of_the_catalogue() {
    insta::assert_snapshot!("page_en", page(PAGE, false, 60));
    insta::assert_snapshot!(
        "page_zh",
        page(
            "## 现象\n\n运行时接受调用但**不返回**：`crictl ps` 卡住，kubelet 报告 PLEG 不健康，节点随后变为未就绪。\n\n- 先保存现场\n  再重启\n",
            false,
            40
        )
    );
}
