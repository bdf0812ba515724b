//! What leads to what, as a picture for each area: its modes, and the causes anywhere that lead to them. Causes with the same effects
//! share a box, and an edge that others already imply is left out: six hundred lines between two hundred boxes show nothing.

use kubecause_catalogue::{Catalogue, Mode, ModeKind};
use layout::backends::svg::SVGWriter;
use layout::core::base::Orientation;
use layout::core::color::Color;
use layout::core::geometry::Point;
use layout::core::style::StyleAttr;
use layout::std_shapes::shapes::{Arrow, Element, ShapeKind};
use layout::topo::layout::VisualGraph;
use std::collections::{BTreeMap, BTreeSet};

const FONT_SIZE: usize = 13;
const ROOT: u32 = 0xfff1_e0ff;
const LINK: u32 = 0xe3ee_fcff;

/// Effects by cause.
type Edges<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// The picture of what leads to the modes of an area, as SVG; `None` where nothing does.
pub(super) fn causes(catalogue: &Catalogue, area: &str) -> Option<String> {
    let here = |id: &str| catalogue.get(id).is_some_and(|m| m.area == area);
    let mut edges = reduced(&edges(catalogue));
    edges.values_mut().for_each(|effects| effects.retain(|e| here(e)));
    let boxes = boxes(catalogue, &edges);
    let mut graph = VisualGraph::new(Orientation::LeftToRight);
    let mut handles = BTreeMap::new();
    for names in &boxes {
        let is_link = names.iter().filter_map(|n| catalogue.get(n)).all(|m| m.kind != ModeKind::Root);
        let handle = graph.add_node(element(names, is_link));
        handles.extend(names.iter().map(|name| (*name, handle)));
    }
    for names in &boxes {
        let Some(first) = names.first() else { continue };
        for effect in edges.get(first).into_iter().flatten() {
            if let (Some(from), Some(to)) = (handles.get(first), handles.get(effect)) {
                graph.add_edge(Arrow::simple(""), *from, *to);
            }
        }
    }
    if boxes.is_empty() {
        return None;
    }
    let mut svg = SVGWriter::new();
    graph.do_it(false, false, false, &mut svg);
    let mut text = svg.finalize();
    text.truncate(text.trim_end().len());
    text.push('\n');
    Some(text)
}

fn element(names: &[&str], is_link: bool) -> Element {
    let fill = Color::new(if is_link { LINK } else { ROOT });
    let style = StyleAttr::new(Color::fast("black"), 1, Some(fill), 6, FONT_SIZE);
    let widest = names.iter().map(|n| n.len()).max().unwrap_or_default();
    let size = Point::new(8.0 * widest as f64 + 20.0, 17.0 * names.len() as f64 + 14.0);
    Element::create(ShapeKind::new_box(&names.join("\n")), style, Orientation::LeftToRight, size)
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
