//! The files of a new mode, with everything that the lint asks for, ready to be filled in.

use crate::{HEADINGS_EN, HEADINGS_ZH, Mode};

const MODE: &str = r#"# What the fields mean: crates/catalogue/src/mode.rs
kind = "root"
subject = "AREA_SUBJECT"
references = []

[title]
en = "{name}: say what is wrong"
zh = "{name}：说明出了什么问题"

[params]

[when]
required = ["family.signal"]

[[look]]
run = "kubectl describe node {name}"
why = { en = "what each outcome would mean", zh = "每种结果意味着什么" }

[[fix]]
title = { en = "What the fix does", zh = "该修复做什么" }
risk = "read-only"
[[fix.step]]
run = "kubectl get node {name}"
why = { en = "why it is done", zh = "为什么这样做" }
"#;

const EXPECT: &str = r#"{"roots": [], "allowed": [], "says": "the fault in words", "source": "where the evidence comes from"}
"#;

const CAPTURE: &str = r#"{"schema": "plain-capture/v1", "takenAt": "2026-01-01T00:00:00Z", "kinds": {"nodes": "empty", "pods": "empty"}}
"#;

/// The files of a new mode, as paths below its folder and their texts.
///
/// # Errors
/// Where area or id are no lower-case words joined by hyphens.
pub fn scaffold(area: &str, id: &str) -> Result<Vec<(&'static str, String)>, String> {
    for word in [area, id] {
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if word.is_empty() || !word.bytes().all(good) {
            return Err(format!("{word:?}: use lower-case words joined by hyphens"));
        }
    }
    let page =
        |headings: &[&str]| headings.iter().fold(String::new(), |page, h| page + "## " + h + "\n\n…\n\n");
    let subject = match area {
        "node" => "node",
        "pod" => "container",
        "workload" | "scheduling" => "workload",
        _ => "object",
    };
    let files = vec![
        ("mode.toml", MODE.replace("AREA_SUBJECT", subject)),
        ("en.md", page(&HEADINGS_EN)),
        ("zh.md", page(&HEADINGS_ZH)),
        ("cases/positive/expect.json", EXPECT.to_owned()),
        ("cases/positive/capture.json", CAPTURE.to_owned()),
        ("cases/near-miss/expect.json", EXPECT.to_owned()),
        ("cases/near-miss/capture.json", CAPTURE.to_owned()),
    ];
    Mode::parse(area, id, &MODE.replace("AREA_SUBJECT", subject), "", "").map_err(|e| e.to_string())?;
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::scaffold;

    #[test]
    fn what_is_written_is_sound() {
        for area in ["node", "pod", "workload", "shop"] {
            let files = scaffold(area, "new-mode").expect("it parses");
            assert!(files.iter().any(|(path, _)| *path == "mode.toml"));
        }
        assert!(
            scaffold("Node", "x").is_err() && scaffold("node", "").is_err() && scaffold("..", "x").is_err()
        );
    }
}
