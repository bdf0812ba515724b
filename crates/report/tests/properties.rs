//! What holds for every diagnosis: nothing is too wide, nothing breaks the terminal, nothing panics.
mod common;

use kubecause_model::{Diagnosis, Lang, Scope, Severity, Subject, Verdict};
use kubecause_report::{Format, TextOptions, exit_code, filter, page, render, text};
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr as _;

/// Commands are never broken, so their lines may be as wide as they are.
fn commands(d: &Diagnosis) -> Vec<String> {
    let mut out: Vec<&str> = Vec::new();
    for i in &d.incidents {
        out.extend(i.looks.iter().map(|l| l.run.as_str()));
        out.extend(i.alternatives.iter().filter_map(|a| a.look.as_ref()).map(|l| l.run.as_str()));
        for s in i.fixes.iter().flat_map(|f| &f.steps) {
            out.push(&s.run);
            out.extend([&s.verify, &s.undo].into_iter().flatten().map(String::as_str));
        }
    }
    out.into_iter().flat_map(str::lines).map(|l| l.trim().to_owned()).filter(|l| !l.is_empty()).collect()
}

/// The same with short commands and references, so that no line has an excuse.
fn tame(mut d: Diagnosis) -> Diagnosis {
    for i in &mut d.incidents {
        let looks = i.alternatives.iter_mut().filter_map(|a| a.look.as_mut());
        for l in i.looks.iter_mut().chain(looks) {
            "ls".clone_into(&mut l.run);
        }
        for s in i.fixes.iter_mut().flat_map(|f| &mut f.steps) {
            "ls".clone_into(&mut s.run);
            (s.verify, s.undo) = (Some("ls".to_owned()), None);
        }
        for c in &mut i.evidence {
            "@".clone_into(&mut c.reference);
        }
    }
    d
}

fn fits(d: &Diagnosis, width: usize, wide: bool) {
    let commands = commands(d);
    let refs: Vec<&str> =
        d.incidents.iter().flat_map(|i| &i.evidence).map(|c| c.reference.as_str()).collect();
    for lang in [Lang::En, Lang::Zh] {
        let scope = Scope {
            namespace: Some("a-namespace-with-a-long-name".to_owned()),
            objects: vec![Subject::node("n")],
        };
        let options = TextOptions { lang, width, wide, scope, name: Some("lab".to_owned()), color: false };
        for line in text(d, &options).lines().filter(|l| l.width() > width.max(40)) {
            let command = commands.iter().any(|c| c.len() > 2 && line.trim().ends_with(c.as_str()));
            let reference = wide && refs.iter().any(|r| r.len() > 1 && line.contains(r));
            assert!(command || reference, "{} columns of {width}: {line}", line.width());
        }
    }
}

#[test]
fn lines_fit_the_terminal() {
    for width in [0, 40, 60, 61, 79, 80, 100, 132, 200] {
        for d in [
            common::healthy(),
            common::unknown(),
            common::one(),
            common::three(),
            common::many(40),
            common::many(2000),
        ] {
            fits(&d, width, false);
        }
        fits(&common::three(), width, true);
    }
}

#[test]
fn the_first_screen_is_a_screen() {
    for n in [4, 25, 100, 2000] {
        let shown = text(&common::many(n), &TextOptions::default());
        assert!(shown.lines().count() <= 66, "{n}: {} lines", shown.lines().count());
    }
}

#[test]
fn exit_codes() {
    let three = common::three();
    assert_eq!(exit_code(&three, Severity::Critical), 1);
    let mild = filter(Diagnosis { incidents: vec![common::small(1999)], ..common::three() }, Severity::Info);
    assert_eq!(exit_code(&mild, Severity::Error), 0);
    assert_eq!(exit_code(&mild, Severity::Warning), 1);
    assert_eq!(exit_code(&common::healthy(), Severity::Info), 0);
    assert_eq!(exit_code(&common::unknown(), Severity::Critical), 2);
    let none = filter(mild, Severity::Error);
    assert_eq!((none.incidents.len(), none.verdict), (0, Verdict::Faults));
    assert!(text(&none, &TextOptions::default()).contains("milder"));
}

#[test]
fn formats_have_names() {
    for format in Format::ALL {
        assert_eq!(Format::from_name(format.as_str()), Some(format));
    }
    assert_eq!(Format::from_name("yaml"), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_borne(evil in "\\PC{0,40}|[\\x00-\\x7f\u{202e}中文（，。{}<>`*#\\[\\]|]{0,60}|( [a-z]{1,30}){0,20}", width in 0_usize..220, wide: bool) {
        let d = common::replaced(&evil);
        fits(&tame(d.clone()), width, wide);
        for format in Format::ALL {
            let out = render(format, &d, &TextOptions { width, wide, ..TextOptions::default() });
            prop_assert!(out.ends_with('\n'));
            let turned = out.contains('\u{202e}') && format != Format::Json;
            prop_assert!(!turned && !out.contains(['\u{1b}', '\u{7}']), "{}", out);
        }
    }

    #[test]
    fn any_page_is_borne(md in "([-#>*`|0-9. a-z中，\\[\\]()]{0,30}\n){0,12}", width in 0_usize..220) {
        let out = page(&md, false, width);
        prop_assert!(out.ends_with('\n'));
        prop_assert_eq!(&out, &page(&md, false, width));
        let code = md.contains("```") || md.contains("~~~");
        prop_assert!(code || out.lines().all(|l| l.width() <= width.clamp(40, 100)), "{}", out);
    }
}
