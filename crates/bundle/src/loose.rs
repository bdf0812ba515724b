//! Output of `kubectl get -o json|yaml`: one file, standard input, or a folder that holds some such files.

use crate::intake::{Intake, why_of};
use crate::objects::Tally;
use crate::place::kind_of;
use kubecause_evidence::{Access, Kind, Why};
use kubecause_model::one_line;

/// Whether a text is JSON or YAML from its beginning, so that what looks like a prompt in it is part of an object.
pub fn begins_with_an_object(text: &str) -> bool {
    let first = text.lines().find(|l| !l.trim().is_empty() && !l.starts_with('#')).unwrap_or_default();
    ["{", "[{", "apiVersion:", "kind:", "items:", "- apiVersion:", "---"].iter().any(|s| first.starts_with(s))
        || first.trim_end() == "["
}

/// Reads one such file. `cut` says why it is not all of it.
pub fn file(path: &str, text: &str, cut: Option<Why>, intake: &mut Intake) -> Tally {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = [".json", ".yaml", ".yml"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    let named = Some(kind_of(stem)).filter(|k| !matches!(k, Kind::Other(_)));
    let mut tally = intake.objects(text, path, named.as_ref());
    tally.partial = tally.partial.or(cut);
    if let Some(words) = &tally.refused {
        let why = why_of(words);
        intake.gap(path, why, one_line(words, 200));
        if let Some(kind) = &named {
            intake.resource(stem, kind, Access::Missing(why));
        }
    }
    listed(&tally, named.as_ref(), path, intake);
    tally
}

/// A kind counts as listed where a list of it was read to its end; one object alone is not a listing.
fn listed(tally: &Tally, named: Option<&Kind>, path: &str, intake: &mut Intake) {
    if tally.lists == 0 {
        return;
    }
    let access = tally.partial.map_or(Access::Listed, Access::Missing);
    let mut kinds: Vec<&Kind> = tally.objects.keys().chain(&tally.list_kinds).collect();
    if kinds.is_empty() {
        match named {
            Some(kind) => kinds.push(kind),
            None => intake.gap(path, Why::NotCollected, "it is an empty list that does not say of what"),
        }
    }
    for kind in kinds {
        intake.resource(kind.as_str(), kind, access);
    }
}
