//! The causal graph of an incident as SVG: what broke first above, what followed below.

use super::layout::{Layout, Place, Size, layout};
use super::markup::{attribute, text};
use crate::graph::{Graph, Step};
use crate::rich::{line_width, plain, wrap_most};
use crate::words::{Words, number};
use std::fmt::Write as _;

/// So many steps are drawn; what follows from the rest is only counted.
const STEPS: usize = 24;
/// Columns of a label, and pixels of a column at the size of the text.
const COLUMNS: usize = 30;
const COLUMN: f64 = 7.2;
const LINE: f64 = 16.0;
const PAD: f64 = 10.0;
const MARGIN: f64 = 9.0;

/// A step with its text in lines.
struct Card {
    title: Vec<String>,
    who: String,
    size: Size,
}

/// The drawing, or nothing where nothing followed.
pub(super) fn svg(graph: &Graph, words: Words) -> String {
    if graph.steps.len() < 2 {
        return String::new();
    }
    let depths = graph.depths();
    let (kept, edges) = first(graph, &depths);
    let cards: Vec<Card> = kept.iter().filter_map(|at| graph.steps.get(*at)).map(card).collect();
    let sizes: Vec<Size> = cards.iter().map(|c| c.size).collect();
    let depths: Vec<usize> = kept.iter().map(|at| depths.get(*at).copied().unwrap_or(0)).collect();
    let l = layout(&sizes, &edges, &depths);
    let (width, height) = (l.width + 2.0 * MARGIN, l.height + 2.0 * MARGIN);
    let mut out = format!(
        "<svg class=\"graph\" role=\"img\" aria-label=\"{}\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\">\n",
        attribute(&spoken(graph, words))
    );
    draw_edges(&mut out, &l);
    for (n, ((card, place), at)) in cards.iter().zip(&l.places).zip(&kept).enumerate() {
        if let Some(step) = graph.steps.get(*at) {
            draw_card(&mut out, card, step, *place, n == 0);
        }
    }
    out.push_str("</svg>\n");
    if graph.steps.len() > STEPS {
        let _ = writeln!(out, "<p class=\"dim\">{}</p>", text(&words.more(graph.steps.len() - STEPS)));
    }
    out
}

/// The steps nearest to the root, and the edges between them by their new index.
fn first(graph: &Graph, depths: &[usize]) -> (Vec<usize>, Vec<(usize, usize)>) {
    let mut kept: Vec<usize> = (0..graph.steps.len()).collect();
    kept.sort_by_key(|at| (depths.get(*at).copied().unwrap_or(0), *at));
    kept.truncate(STEPS);
    let place = |step: &usize| kept.iter().position(|k| k == step);
    let edges = graph.edges.iter().filter_map(|(from, to)| Some((place(from)?, place(to)?))).collect();
    (kept, edges)
}

fn card(step: &Step) -> Card {
    let title: Vec<String> = wrap_most(&[plain(&step.bare)], COLUMNS, 3)
        .iter()
        .map(|line| line.iter().map(|s| s.text.as_str()).collect())
        .collect();
    let who = crate::rich::cut(&step.who, COLUMNS + 2);
    let columns = title.iter().map(|t| line_width(&[plain(t)])).chain([line_width(&[plain(&who)])]).max();
    let lines = title.len() + usize::from(!who.is_empty());
    let width = (columns.unwrap_or(0) as f64 * COLUMN + 2.0 * PAD).max(90.0);
    Card { title, who, size: Size { width, height: lines as f64 * LINE + 2.0 * PAD - 2.0 } }
}

/// What a screen reader says instead of the drawing.
fn spoken(graph: &Graph, words: Words) -> String {
    let say = |path: &Vec<usize>| {
        let labels = path.iter().filter_map(|at| graph.steps.get(*at)).map(Step::label);
        labels.collect::<Vec<_>>().join(" → ")
    };
    let root = graph.steps.first().map(Step::label).unwrap_or_default();
    let paths = graph.paths().iter().map(say).collect::<Vec<_>>().join(words.semicolon());
    format!("{root} → {paths}")
}

fn draw_edges(out: &mut String, l: &Layout) {
    for route in &l.routes {
        let Some((start, rest)) = route.split_first() else { continue };
        let mut path = format!("M{:.1} {:.1}", start.x + MARGIN, start.y + MARGIN);
        let mut from = *start;
        for to in rest {
            let half = (to.y - from.y) / 2.0;
            let _ = write!(
                path,
                " C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}",
                from.x + MARGIN,
                from.y + half + MARGIN,
                to.x + MARGIN,
                to.y - half + MARGIN,
                to.x + MARGIN,
                to.y + MARGIN
            );
            from = *to;
        }
        let (x, y) = (from.x + MARGIN, from.y + MARGIN);
        let _ = writeln!(out, "<path class=\"edge\" d=\"{path}\"/>");
        let _ = writeln!(
            out,
            "<path class=\"head\" d=\"M{:.1} {:.1} L{x:.1} {y:.1} L{:.1} {:.1} Z\"/>",
            x - 4.5,
            y - 8.0,
            x + 4.5,
            y - 8.0
        );
    }
}

fn draw_card(out: &mut String, card: &Card, step: &Step, place: Place, root: bool) {
    let (x, y) = (place.x + MARGIN, place.y + MARGIN);
    let class = if root { "node root" } else { "node" };
    let _ = writeln!(
        out,
        "<g class=\"{class}\"><title>{}</title>",
        text(&format!("{}: {} · {}", step.mode, step.label(), step.who))
    );
    let Size { width, height } = card.size;
    let _ = writeln!(
        out,
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"6\"/>"
    );
    let middle = x + width / 2.0;
    let mut line = y + PAD + 11.0;
    for row in &card.title {
        let _ = writeln!(out, "<text x=\"{middle:.1}\" y=\"{line:.1}\">{}</text>", text(row));
        line += LINE;
    }
    if !card.who.is_empty() {
        let _ =
            writeln!(out, "<text class=\"who\" x=\"{middle:.1}\" y=\"{line:.1}\">{}</text>", text(&card.who));
    }
    if step.subjects > 1 {
        let badge = format!("×{}", number(step.subjects));
        let wide = badge.chars().count() as f64 * 7.0 + 8.0;
        let left = (x + width - wide + 6.0).min(x + width + MARGIN - wide);
        let _ = writeln!(
            out,
            "<rect class=\"badge\" x=\"{left:.1}\" y=\"{:.1}\" width=\"{wide:.1}\" height=\"16\" rx=\"8\"/>",
            y - 8.0
        );
        let _ = writeln!(
            out,
            "<text class=\"badge\" x=\"{:.1}\" y=\"{:.1}\">{badge}</text>",
            left + wide / 2.0,
            y + 4.0
        );
    }
    out.push_str("</g>\n");
}
