//! What leads to what, as a picture for each area: its modes, and the causes anywhere that lead to them. Causes with the same effects
//! share a box, and an edge that others already imply is left out: six hundred lines between two hundred boxes show nothing.

use kubecause_catalogue::{Catalogue, Mode, ModeKind};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

const LINE: usize = 17;
const CHAR: usize = 8;
const GAP: usize = 70;
const ROOT: &str = "#fff1e0";
const LINK: &str = "#e3eefc";

/// Effects by cause.
type Edges<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// The picture of what leads to the modes of an area, as SVG; `None` where nothing does.
pub(super) fn causes(catalogue: &Catalogue, area: &str) -> Option<String> {
    let here = |id: &str| catalogue.get(id).is_some_and(|m| m.area == area);
    let mut edges = reduced(&edges(catalogue));
    edges.values_mut().for_each(|effects| effects.retain(|e| here(e)));
    let boxes = boxes(catalogue, &edges);
    (!boxes.is_empty()).then(|| draw(catalogue, &edges, &boxes))
}

/// Columns from causes to effects, boxes one below the other; an arrow from the first name's box to each effect's.
fn draw(catalogue: &Catalogue, edges: &Edges<'_>, boxes: &[Vec<&str>]) -> String {
    let of: BTreeMap<&str, usize> =
        boxes.iter().enumerate().flat_map(|(i, names)| names.iter().map(move |n| (*n, i))).collect();
    let targets = |i: usize| -> BTreeSet<usize> {
        let first = boxes.get(i).and_then(|names| names.first()).copied().unwrap_or_default();
        edges
            .get(first)
            .into_iter()
            .flatten()
            .filter_map(|e| of.get(e))
            .copied()
            .filter(|to| *to != i)
            .collect()
    };
    let columns = columns(boxes.len(), &targets);
    let width =
        |i: usize| boxes.get(i).into_iter().flatten().map(|n| n.len()).max().unwrap_or_default() * CHAR + 20;
    let height = |i: usize| boxes.get(i).map_or(0, Vec::len) * LINE + 12;
    let mut places: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    let (mut x, mut bottom) = (10, 0);
    for column in 0..=columns.iter().max().copied().unwrap_or_default() {
        let members: Vec<usize> = (0..boxes.len()).filter(|i| columns.get(*i) == Some(&column)).collect();
        let mut y = 10;
        for i in &members {
            places.insert(*i, (x, y));
            y += height(*i) + 12;
        }
        bottom = bottom.max(y);
        x += members.iter().map(|i| width(*i)).max().unwrap_or_default() + GAP;
    }
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {x} {bottom}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <defs><marker id=\"a\" markerWidth=\"8\" markerHeight=\"8\" refX=\"8\" refY=\"4\" orient=\"auto\"><path d=\"M0,0 L8,4 L0,8 z\"/></marker></defs>\n"
    );
    for (i, (x, y)) in &places {
        for (tx, ty, to) in
            targets(*i).into_iter().filter_map(|to| places.get(&to).map(|(tx, ty)| (*tx, *ty, to)))
        {
            let (x1, y1, y2) = (x + width(*i), y + height(*i) / 2, ty + height(to) / 2);
            let bend = x1 + GAP / 2;
            let _ = writeln!(
                svg,
                "<path d=\"M{x1},{y1} C{bend},{y1} {},{y2} {tx},{y2}\" fill=\"none\" stroke=\"#777\" marker-end=\"url(#a)\"/>",
                tx.saturating_sub(GAP / 2)
            );
        }
    }
    for (i, (x, y)) in &places {
        let names = boxes.get(*i).map(Vec::as_slice).unwrap_or_default();
        let is_link = names.iter().filter_map(|n| catalogue.get(n)).all(|m| m.kind != ModeKind::Root);
        let fill = if is_link { LINK } else { ROOT };
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" rx=\"6\" fill=\"{fill}\" stroke=\"#333\"/>",
            width(*i),
            height(*i)
        );
        for (n, name) in names.iter().enumerate() {
            let _ = writeln!(svg, "<text x=\"{}\" y=\"{}\">{name}</text>", x + 10, y + 18 + n * LINE);
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// The column of each box: one right of its rightmost cause. A loop is cut where it would go round again.
fn columns(count: usize, targets: &dyn Fn(usize) -> BTreeSet<usize>) -> Vec<usize> {
    let mut columns = vec![0; count];
    for _ in 0..count.min(12) {
        for from in 0..count {
            let next = columns.get(from).copied().unwrap_or_default() + 1;
            for to in targets(from) {
                if let Some(column) = columns.get_mut(to).filter(|c| **c < next && next < 12) {
                    *column = next;
                }
            }
        }
    }
    columns
}

fn edges(catalogue: &Catalogue) -> Edges<'_> {
    catalogue.all().map(|m| (m.id.as_str(), effects_of(catalogue, m))).collect()
}

/// The other modes that a mode leads to.
fn effects_of<'a>(catalogue: &Catalogue, mode: &'a Mode) -> BTreeSet<&'a str> {
    let effects = mode.explains.iter().map(|e| e.what.as_str());
    effects.filter(|id| *id != mode.id && catalogue.get(id).is_some()).collect()
}

/// Without the edges that a longer way implies.
fn reduced<'a>(edges: &Edges<'a>) -> Edges<'a> {
    let implied = |cause: &str, effect: &str| {
        let others = edges.get(cause).into_iter().flatten().filter(|o| **o != effect);
        others.copied().any(|other| {
            let ahead = reach(edges, other);
            ahead.contains(effect) && !ahead.contains(cause) && !reach(edges, effect).contains(other)
        })
    };
    let keep = |cause: &'a str, effects: &BTreeSet<&'a str>| {
        (cause, effects.iter().copied().filter(|e| !implied(cause, e)).collect())
    };
    edges.iter().map(|(cause, effects)| keep(cause, effects)).collect()
}

/// All that follows from a cause.
fn reach<'a>(edges: &Edges<'a>, from: &str) -> BTreeSet<&'a str> {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<&str> = edges.get(from).into_iter().flatten().copied().collect();
    while let Some(next) = open.pop() {
        if seen.insert(next) {
            open.extend(edges.get(next).into_iter().flatten().copied());
        }
    }
    seen
}

/// Modes that nothing leads to and that lead to the same share a box; modes without a neighbour are left out.
fn boxes<'a>(catalogue: &'a Catalogue, edges: &Edges<'a>) -> Vec<Vec<&'a str>> {
    let effects: BTreeSet<&str> = edges.values().flatten().copied().collect();
    let mut grouped: BTreeMap<(bool, Vec<&str>, &str), Vec<&str>> = BTreeMap::new();
    for mode in catalogue.all() {
        let id = mode.id.as_str();
        let leads_to: Vec<&str> = edges.get(id).into_iter().flatten().copied().collect();
        let alone = effects.contains(id);
        if alone || !leads_to.is_empty() {
            grouped.entry((alone, leads_to, if alone { id } else { "" })).or_default().push(id);
        }
    }
    grouped.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_that_a_longer_way_implies_is_left_out_and_a_loop_stays() {
        let edges = Edges::from([
            ("a", BTreeSet::from(["b", "c"])),
            ("b", BTreeSet::from(["c"])),
            ("x", BTreeSet::from(["y"])),
            ("y", BTreeSet::from(["x"])),
        ]);
        let kept = reduced(&edges);
        assert_eq!(kept["a"], BTreeSet::from(["b"]));
        assert_eq!(kept["x"], BTreeSet::from(["y"]));
        assert_eq!(kept["y"], BTreeSet::from(["x"]));
    }
}
