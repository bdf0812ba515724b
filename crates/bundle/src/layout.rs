//! Which layout a set of files has, told by their paths alone.

use crate::foreign::Foreign;
use crate::place::Place;

/// How the files of an input are arranged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// One plain capture; its top folder with a `/` at the end, or nothing.
    Plain(String),
    /// A capture by another tool, and its top folders: an image of a must-gather has its own.
    Foreign(Foreign, Vec<String>),
    /// Several plain captures side by side: their top folders.
    Several(Vec<String>),
    /// No layout: files that may hold objects each.
    Loose,
}

/// How deep in an archive or a directory a capture's top may lie.
const DEPTH: usize = 4;

/// The layout of those files; the paths are sorted.
pub fn detect(paths: &[String]) -> Layout {
    if let Some(top) = common_top(paths).filter(|top| says(top, paths)) {
        return Layout::Plain(top.to_owned());
    }
    let says_so = paths.iter().any(|p| p == "capture.json" || p.ends_with("/capture.json"));
    let foreign = Foreign::detect(paths).filter(|_| !says_so);
    if let Some((foreign, top)) = foreign.clone().filter(|(layout, _)| *layout != Foreign::NodeLogs) {
        return Layout::Foreign(foreign, top);
    }
    let mut tops: Vec<(usize, String)> = Vec::new();
    for path in paths {
        if let Some((depth, top)) = top_of(path)
            && tops.last().is_none_or(|(_, last)| *last != top)
        {
            tops.push((depth, top));
        }
    }
    tops.sort();
    tops.dedup();
    let Some(depth) = tops.first().map(|(depth, _)| *depth) else {
        // Logs of nodes are told by the names of their files alone: anything that says more comes before.
        return foreign.map_or(Layout::Loose, |(layout, tops)| Layout::Foreign(layout, tops));
    };
    let mut tops: Vec<String> = tops.into_iter().filter(|(d, _)| *d == depth).map(|(_, top)| top).collect();
    // Folders that only look a little like a capture do not compete with one that says that it is one.
    if tops.iter().any(|top| says(top, paths)) {
        tops.retain(|top| says(top, paths));
    }
    if tops.len() > 1 {
        return Layout::Several(tops);
    }
    tops.pop().map_or(Layout::Loose, Layout::Plain)
}

/// Whether `capture.json` stands at that top.
fn says(top: &str, paths: &[String]) -> bool {
    paths.binary_search(&format!("{top}capture.json")).is_ok()
}

/// The folder that all paths have in common.
fn common_top(paths: &[String]) -> Option<&str> {
    let (first, last) = (paths.first()?, paths.last()?);
    let same = first.bytes().zip(last.bytes()).take_while(|(a, b)| a == b).count();
    first.get(..=first.as_bytes().get(..same)?.iter().rposition(|b| *b == b'/')?)
}

/// The shortest top folder under which that path means something to a plain capture.
fn top_of(path: &str) -> Option<(usize, String)> {
    let mut start = 0;
    for depth in 0..=DEPTH {
        let rest = path.get(start..)?;
        let place = Place::of(rest);
        if place.marks_a_capture() {
            return Some((depth, path.get(..start)?.to_owned()));
        }
        start += rest.find('/')? + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(paths: &[&str]) -> Layout {
        let mut paths: Vec<String> = paths.iter().map(|p| (*p).to_owned()).collect();
        paths.sort();
        detect(&paths)
    }

    #[test]
    fn the_top_is_found() {
        assert_eq!(of(&["capture.json", "cluster/pods.json"]), Layout::Plain(String::new()));
        assert_eq!(of(&["README.md", "x/capture.json", "x/logs/a/b/c.log"]), Layout::Plain("x/".into()));
        assert_eq!(of(&["a/b/cluster/pods.json"]), Layout::Plain("a/b/".into()));
        assert_eq!(of(&["cluster/pods.json", "logs/cluster/x/c.log"]), Layout::Plain(String::new()));
        assert_eq!(
            of(&["a/capture.json", "b/capture.json"]),
            Layout::Several(vec!["a/".into(), "b/".into()])
        );
        assert_eq!(of(&["a/capture.json", "old/cluster/pods.json"]), Layout::Plain("a/".into()));
        assert_eq!(of(&["nodes/capture.json", "nodes/cluster/pods.json"]), Layout::Plain("nodes/".into()));
        assert_eq!(of(&["pods.json", "x/nodes.yaml"]), Layout::Loose);
        assert_eq!(of(&[]), Layout::Loose);
    }
}
