//! A layered layout for a small graph: causes above their effects, few crossings, no overlap. Knows nothing about what
//! the nodes are; it is given their sizes and returns their places.

/// A box to be placed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub width: f64,
    pub height: f64,
}

/// Where a box stands: its left upper corner.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Place {
    pub x: f64,
    pub y: f64,
}

/// A placed graph.
#[derive(Debug)]
pub(super) struct Layout {
    pub places: Vec<Place>,
    /// For each edge the points that it passes, from the cause's lower edge to the effect's upper one.
    pub routes: Vec<Vec<Place>>,
    pub width: f64,
    pub height: f64,
}

const GAP_X: f64 = 22.0;
const GAP_Y: f64 = 40.0;
/// What an edge takes where it passes a layer.
const LANE: f64 = 10.0;
const SWEEPS: usize = 6;

/// Places boxes of these sizes in the layers that `depths` says, with edges between them (by index, from cause to effect).
pub(super) fn layout(sizes: &[Size], edges: &[(usize, usize)], depths: &[usize]) -> Layout {
    let mut net = Net::new(sizes, edges, depths);
    for sweep in 0..SWEEPS {
        net.order(sweep % 2 == 0);
    }
    net.spread();
    for sweep in 0..SWEEPS {
        net.pull(sweep % 2 == 0);
    }
    net.finish(sizes.len(), edges)
}

/// The graph with a lane node for each layer that an edge passes.
struct Net {
    sizes: Vec<Size>,
    layers: Vec<Vec<usize>>,
    above: Vec<Vec<usize>>,
    below: Vec<Vec<usize>>,
    /// The lane nodes of each edge.
    lanes: Vec<Vec<usize>>,
    /// The middle of each node.
    x: Vec<f64>,
}

fn at<T: Copy + Default>(list: &[T], index: usize) -> T {
    list.get(index).copied().unwrap_or_default()
}

impl Net {
    fn new(sizes: &[Size], edges: &[(usize, usize)], depths: &[usize]) -> Self {
        let count = depths.iter().max().map_or(0, |d| d + 1);
        let mut net = Self {
            sizes: sizes.to_vec(),
            layers: vec![Vec::new(); count],
            above: vec![Vec::new(); sizes.len()],
            below: vec![Vec::new(); sizes.len()],
            lanes: Vec::new(),
            x: Vec::new(),
        };
        for (node, depth) in depths.iter().enumerate().take(sizes.len()) {
            net.put(*depth, node);
        }
        for (from, to) in edges {
            let mut last = *from;
            let mut lane = Vec::new();
            for depth in at(depths, *from) + 1..at(depths, *to) {
                let node = net.add_lane(depth);
                net.join(last, node);
                lane.push(node);
                last = node;
            }
            net.join(last, *to);
            net.lanes.push(lane);
        }
        net
    }

    fn put(&mut self, depth: usize, node: usize) {
        if let Some(layer) = self.layers.get_mut(depth) {
            layer.push(node);
        }
    }

    fn add_lane(&mut self, depth: usize) -> usize {
        let node = self.sizes.len();
        self.sizes.push(Size { width: LANE, height: 0.0 });
        self.above.push(Vec::new());
        self.below.push(Vec::new());
        self.put(depth, node);
        node
    }

    fn join(&mut self, from: usize, to: usize) {
        if let Some(list) = self.below.get_mut(from) {
            list.push(to);
        }
        if let Some(list) = self.above.get_mut(to) {
            list.push(from);
        }
    }

    /// Sorts each layer by the mean position of its neighbours in the layer before, downwards or upwards.
    fn order(&mut self, down: bool) {
        let mut position = vec![0.0; self.sizes.len()];
        let mut layers = std::mem::take(&mut self.layers);
        let neighbours = if down { &self.above } else { &self.below };
        let sweep: Vec<usize> =
            if down { (0..layers.len()).collect() } else { (0..layers.len()).rev().collect() };
        for index in sweep {
            let Some(layer) = layers.get_mut(index) else { continue };
            let mut keyed: Vec<(f64, usize)> = layer
                .iter()
                .enumerate()
                .map(|(n, node)| (mean(neighbours.get(*node), &position).unwrap_or(n as f64), *node))
                .collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            *layer = keyed.into_iter().map(|(_, node)| node).collect();
            for (n, node) in layer.iter().enumerate() {
                if let Some(p) = position.get_mut(*node) {
                    *p = n as f64;
                }
            }
        }
        self.layers = layers;
    }

    /// First places: each layer side by side, around zero.
    fn spread(&mut self) {
        self.x = vec![0.0; self.sizes.len()];
        for layer in &self.layers {
            place(layer, &self.sizes, &vec![0.0; self.sizes.len()], &mut self.x);
        }
    }

    /// Moves each layer towards its neighbours, as far as its boxes allow.
    fn pull(&mut self, down: bool) {
        let neighbours = if down { &self.above } else { &self.below };
        let sweep: Vec<&Vec<usize>> =
            if down { self.layers.iter().collect() } else { self.layers.iter().rev().collect() };
        for layer in sweep {
            let mut wish = self.x.clone();
            for node in layer {
                if let (Some(w), Some(m)) = (wish.get_mut(*node), mean(neighbours.get(*node), &self.x)) {
                    *w = m;
                }
            }
            place(layer, &self.sizes, &wish, &mut self.x);
        }
    }

    fn finish(self, count: usize, edges: &[(usize, usize)]) -> Layout {
        let size = |node: usize| self.sizes.get(node).copied().unwrap_or(Size { width: 0.0, height: 0.0 });
        let nodes = 0..self.sizes.len();
        let left = nodes.clone().map(|n| at(&self.x, n) - size(n).width / 2.0).fold(f64::MAX, f64::min);
        let right = nodes.map(|n| at(&self.x, n) + size(n).width / 2.0).fold(f64::MIN, f64::max);
        let mut places = vec![Place::default(); self.sizes.len()];
        let mut y = 0.0;
        for layer in &self.layers {
            let height = layer.iter().map(|n| size(*n).height).fold(0.0, f64::max);
            for node in layer {
                if let Some(p) = places.get_mut(*node) {
                    *p = Place { x: at(&self.x, *node) - size(*node).width / 2.0 - left, y };
                }
            }
            y += height + GAP_Y;
        }
        let height = (y - GAP_Y).max(0.0);
        let middle = |node: usize, down: bool| {
            let p = at(&places, node);
            let s = size(node);
            Place { x: p.x + s.width / 2.0, y: if down { p.y + s.height } else { p.y } }
        };
        let route = |((from, to), lane): (&(usize, usize), &Vec<usize>)| {
            let mut points = vec![middle(*from, true)];
            points.extend(lane.iter().map(|n| middle(*n, true)));
            points.push(middle(*to, false));
            points
        };
        let routes = edges.iter().zip(&self.lanes).map(route).collect();
        places.truncate(count);
        Layout { places, routes, width: (right - left).max(0.0), height }
    }
}

fn mean(nodes: Option<&Vec<usize>>, values: &[f64]) -> Option<f64> {
    let nodes = nodes.filter(|n| !n.is_empty())?;
    Some(nodes.iter().map(|n| at(values, *n)).sum::<f64>() / nodes.len() as f64)
}

/// Places a layer in its order, each as near to its wish as the others allow; the layer's mean wish is kept.
fn place(layer: &[usize], sizes: &[Size], wish: &[f64], x: &mut [f64]) {
    let width = |n: usize| sizes.get(n).map_or(0.0, |s| s.width);
    let mut last: Option<(usize, f64)> = None;
    let mut drift = 0.0;
    let mut placed = Vec::with_capacity(layer.len());
    for node in layer {
        let least = last.map_or(f64::MIN, |(l, lx)| lx + f64::midpoint(width(l), width(*node)) + GAP_X);
        let here = at(wish, *node).max(least);
        drift += here - at(wish, *node);
        placed.push((*node, here));
        last = Some((*node, here));
    }
    let shift = drift / layer.len().max(1) as f64;
    for (node, here) in placed {
        if let Some(slot) = x.get_mut(node) {
            *slot = here - shift;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOX: Size = Size { width: 100.0, height: 40.0 };

    #[test]
    fn a_line_of_causes_is_straight() {
        let l = layout(&[BOX; 3], &[(0, 1), (1, 2)], &[0, 1, 2]);
        assert!(l.places.iter().all(|p| p.x.abs() < 0.01));
        assert!((l.height - (3.0 * 40.0 + 2.0 * GAP_Y)).abs() < 0.01);
    }

    #[test]
    fn boxes_of_a_layer_do_not_overlap() {
        let edges: Vec<(usize, usize)> = (1..9).map(|to| (0, to)).chain([(1, 9), (8, 9)]).collect();
        let depths: Vec<usize> = [0].into_iter().chain([1; 8]).chain([2]).collect();
        let l = layout(&[BOX; 10], &edges, &depths);
        let mut row: Vec<f64> = l.places[1..9].iter().map(|p| p.x).collect();
        row.sort_by(f64::total_cmp);
        assert!(row.windows(2).all(|w| w[1] - w[0] >= 100.0), "{row:?}");
    }

    #[test]
    fn an_edge_over_a_layer_has_a_lane() {
        let l = layout(&[BOX; 3], &[(0, 1), (1, 2), (0, 2)], &[0, 1, 2]);
        assert_eq!(l.routes[2].len(), 3);
        assert!((l.routes[2][1].x - l.places[1].x - 50.0).abs() > 50.0, "the lane passes beside the box");
    }

    #[test]
    fn an_empty_graph_has_no_size() {
        let l = layout(&[], &[], &[]);
        assert!(l.width.abs() < 0.01 && l.height.abs() < 0.01);
    }
}
