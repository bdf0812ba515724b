//! Which kinds a transcript shows all objects of, and which it was refused.

use crate::blocks::Block;
use crate::command::Asked;
use crate::kinds;
use kubecause_evidence::{Gap, Kind, Why};

/// An error that kubectl printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Of which kinds; empty where it says nothing of one.
    pub kinds: Vec<Kind>,
    /// Why.
    pub why: Why,
    /// The words.
    pub words: String,
}

/// The errors in an output. That one named object does not exist is an answer and no error.
pub fn refusals(text: &str) -> Vec<Refusal> {
    const STARTS: [&str; 5] = [
        "Error from server",
        "error: ",
        "Unable to connect to the server",
        "The connection to the server",
        "error from server",
    ];
    let errors = text.lines().map(str::trim_start).filter(|l| STARTS.iter().any(|s| l.starts_with(s)));
    let told = errors
        .filter(|l| !l.contains("(NotFound)") && !l.contains("not found") && !l.contains("Metrics API"));
    told.take(50).map(refusal).collect()
}

fn refusal(line: &str) -> Refusal {
    let lower = line.to_ascii_lowercase();
    let says = |any: &[&str]| any.iter().any(|w| lower.contains(w));
    let why = if says(&["forbidden", "unauthorized", "must be logged in"]) {
        Why::Forbidden
    } else if says(&["timeout", "timed out", "deadline exceeded"]) {
        Why::TimedOut
    } else {
        Why::Failed
    };
    // `pods is forbidden`, `cannot list resource "pods"`, `doesn't have a resource type "hpa"`.
    let quoted = ["cannot list resource \"", "resource type \"", "cannot get resource \""];
    let named = quoted.iter().find_map(|q| line.split_once(q)?.1.split('"').next());
    let plain = || {
        line.split_once(" is forbidden").and_then(|(head, _)| head.rsplit([' ', '"']).find(|w| !w.is_empty()))
    };
    let kinds = named.or_else(plain).and_then(kinds::of).into_iter().collect();
    Refusal { kinds, why, words: line.chars().take(200).collect() }
}

/// Whether kubectl said that there is nothing.
pub fn says_nothing_found(text: &str) -> bool {
    text.lines().any(|l| l.starts_with("No resources found") || l.starts_with("No events found"))
}

/// The namespace that a command asked in: one, or all.
pub fn namespace_of(asked: &Asked, current: &str) -> Option<String> {
    (!asked.everywhere).then(|| asked.namespace.clone().unwrap_or_else(|| current.to_owned()))
}

/// What a transcript shows all of.
#[derive(Debug, Default)]
pub struct Scope {
    pub listed: Vec<(Kind, Option<String>)>,
    pub missing: Vec<(Kind, Why)>,
    pub gaps: Vec<Gap>,
}

impl Scope {
    /// Takes what one answer of `get` or `describe` shows. `found` says whether anything was in it, `cut` whether a part was left out.
    pub fn answer(&mut self, block: &Block, asked: &Asked, current: &str, found: bool, cut: bool) {
        // A table of a kind of which a row is no object says only that there are some.
        let rows = found && asked.verb != "describe" && !matches!(asked.output.as_str(), "yaml" | "json");
        let refused = refusals(&block.text);
        for refusal in &refused {
            let of = if refusal.kinds.is_empty() { &asked.kinds } else { &refusal.kinds };
            for kind in of {
                self.missing.push((kind.clone(), refusal.why));
            }
            let what = of.first().map_or("kubectl", |k| k.as_str());
            self.gaps.push(Gap::new(what, refusal.why, refusal.words.clone()));
        }
        if !asked.is_listing() || block.command.is_filtered() {
            return;
        }
        let place = || format!("{}:{}", block.source, block.line);
        let spoken = found || says_nothing_found(&block.text);
        if cut {
            self.gaps.push(Gap::new(place(), Why::Truncated, "rows were left out"));
        } else if !spoken && refused.is_empty() {
            self.gaps.push(Gap::new(place(), Why::Truncated, "the command shows no answer"));
        }
        if cut || !spoken {
            return;
        }
        for kind in
            asked.kinds.iter().filter(|k| !refused.iter().any(|r| r.kinds.is_empty() || r.kinds.contains(k)))
        {
            if rows && !kinds::a_row_is_useful(kind) {
                continue;
            }
            let namespace = namespace_of(asked, current).filter(|_| kinds::is_namespaced(kind));
            self.listed.push((kind.clone(), namespace));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_and_what_they_hide() {
        let found = refusals(
            "Error from server (Forbidden): secrets is forbidden: User \"x\" cannot list resource \"secrets\" in API group \"\" in the namespace \"a\"\n\
             error: the server doesn't have a resource type \"hpa\"\n\
             Error from server (NotFound): pods \"x\" not found\n\
             Unable to connect to the server: dial tcp 10.0.0.1:6443: i/o timeout\n",
        );
        let told: Vec<_> = found.iter().map(|r| (r.kinds.clone(), r.why)).collect();
        assert_eq!(
            told,
            [
                (vec![Kind::Secret], Why::Forbidden),
                (vec![Kind::HorizontalPodAutoscaler], Why::Failed),
                (vec![], Why::TimedOut)
            ]
        );
        assert_eq!(refusal("Error from server (Forbidden): nodes is forbidden: x").kinds, [Kind::Node]);
    }
}
