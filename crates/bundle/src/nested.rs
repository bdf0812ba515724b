//! Archives within an input, read as folders of their names, and single packed files, read as what they hold: Harvester's
//! `nodes/<node>.zip`, must-gather's `<node>_logs_kubelet.gz`, rotated logs. Once: an archive within one of those is not read.
//!
//! All that they unpack to is taken from one budget, so that many of them cannot do what one may not.

use crate::archive::{self, Bounded};
use crate::files::Visit;
use crate::limits::Limits;
use crate::source::{Packing, Shape, Source};
use crate::tree::{Content, Listing, Want, fetch, safe_path};
use kubecause_evidence::{Gap, Why};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// How the names of archives end.
const ARCHIVES: [&str; 6] = [".zip", ".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.xz"];
/// How the names of single packed files end.
const PACKED: [&str; 3] = [".gz", ".xz", ".zst"];
/// So many archives that are not read, or not whole, have a gap of their own; the rest are counted in one.
const GAPS_MAX: usize = 50;

/// How many bytes the files of a directory have together that are packed by their names.
pub fn packed_bytes(root: &Path, paths: &[String]) -> u64 {
    let packed = paths.iter().filter(|p| stem(p, &ARCHIVES).or_else(|| stem(p, &PACKED)).is_some());
    packed.filter_map(|p| root.join(p).symlink_metadata().ok()).map(|meta| meta.len()).sum()
}

/// What an input holds that is packed.
#[derive(Debug, Default)]
pub struct Nested {
    /// Archives by path: the folder that they stand for, with a `/` at its end, and the paths of their files.
    archives: BTreeMap<String, (String, Vec<String>)>,
    /// Packed files by path: the path without its ending.
    packed: BTreeMap<String, String>,
}

fn stem<'p>(path: &'p str, ends: &[&str]) -> Option<&'p str> {
    let stem = ends.iter().filter_map(|end| path.strip_suffix(end)).min_by_key(|stem| stem.len())?;
    (!stem.is_empty() && !stem.ends_with('/')).then_some(stem)
}

impl Nested {
    /// Finds what is packed in those files, and puts what it holds in its place.
    pub fn open(mut listing: Listing, limits: &Limits, visit: Visit<'_>) -> (Listing, Self) {
        let mut nested = Self::default();
        let mut folders: BTreeSet<String> = BTreeSet::new();
        let own = listing.gaps.len();
        for path in &listing.paths {
            let Some(folder) = stem(path, &ARCHIVES).map(|stem| format!("{stem}/")) else { continue };
            let at = listing.paths.partition_point(|p| *p < folder);
            let is_there = listing.paths.get(at).is_some_and(|p| p.starts_with(&folder));
            if is_there || folders.contains(&folder) {
                let says = "a folder of its name is there, which is read instead";
                listing.gaps.push(Gap::new(path, Why::NotCollected, says));
                continue;
            }
            folders.insert(folder.clone());
            nested.archives.insert(path.clone(), (folder, Vec::new()));
        }
        nested.list(&mut listing, limits, visit);
        let all = listing.gaps.len() - own;
        if all > GAPS_MAX {
            listing.gaps.truncate(own + GAPS_MAX);
            let says =
                format!("{} more archives within it, or members of them, are not read", all - GAPS_MAX);
            listing.gaps.push(Gap::new("archives within it", Why::NotCollected, says));
        }
        for path in &listing.paths {
            let unpacked = stem(path, &PACKED).filter(|_| stem(path, &ARCHIVES).is_none());
            if let Some(name) =
                unpacked.filter(|name| listing.paths.binary_search_by(|p| (**p).cmp(name)).is_err())
            {
                nested.packed.insert(path.clone(), name.to_owned());
            }
        }
        for path in &mut listing.paths {
            if let Some(name) = nested.packed.get(path) {
                path.clone_from(name);
            }
        }
        listing.paths.sort();
        listing.paths.dedup();
        (listing, nested)
    }

    /// Adds the files of all archives to the listing.
    fn list(&mut self, listing: &mut Listing, limits: &Limits, visit: Visit<'_>) {
        if self.archives.is_empty() {
            return;
        }
        let budget = Cell::new(limits.unpacked);
        let of = |path: &str| self.archives.contains_key(path);
        let want = |path: &str| if of(path) { Want::Whole(limits.nested) } else { Want::Skip };
        let mut found: Vec<(String, Listing)> = Vec::new();
        let mut left = limits.files.saturating_sub(listing.paths.len());
        let mut names = limits.names;
        visit(&want, &mut |path, content| {
            if !of(path) {
                return;
            }
            let inner = match opened(content) {
                Ok((source, shape)) => {
                    archive::list(&source, shape, &Limits { files: left, names, ..*limits }, &budget)
                }
                Err((why, says)) => Listing { paths: Vec::new(), gaps: vec![Gap::new("", why, says)] },
            };
            left = left.saturating_sub(inner.paths.len());
            let prefixes = inner.paths.len() * path.len();
            names = names.saturating_sub(prefixes + inner.paths.iter().map(String::len).sum::<usize>());
            found.push((path.to_owned(), inner));
        });
        for (path, inner) in found {
            let Some((folder, files)) = self.archives.get_mut(&path) else { continue };
            let full = inner.paths.iter().filter_map(|p| safe_path(&format!("{folder}{p}"), limits));
            files.extend(full);
            listing.paths.extend(files.iter().cloned());
            for gap in inner.gaps {
                let what = match gap.what.as_str() {
                    "" | "the archive" => path.clone(),
                    member => format!("{folder}{member}"),
                };
                listing.gaps.push(Gap { what, ..gap });
            }
        }
        listing.paths.sort();
    }

    /// Reads what is wanted, of the files as they are and of what is packed.
    pub fn visit(
        &self,
        limits: &Limits,
        base: Visit<'_>,
        want: &dyn Fn(&str) -> Want,
        take: &mut dyn FnMut(&str, Content),
    ) {
        let budget = Cell::new(limits.unpacked);
        let is_wanted = |path: &String| !want(self.packed.get(path).unwrap_or(path)).is_skip();
        let raw = |path: &str| match (self.archives.get(path), self.packed.get(path)) {
            (Some((_, files)), _) if files.iter().any(is_wanted) => Want::Whole(limits.nested),
            (Some(_), _) => Want::Skip,
            (None, Some(name)) if want(name).is_skip() => Want::Skip,
            (None, Some(_)) => Want::Whole(limits.nested),
            (None, None) => want(path),
        };
        let mut deliver = |path: &str, content: Content| match self.packed.get(path) {
            Some(name) => take(name, unpacked(content, want(name), &budget)),
            None => take(path, content),
        };
        base(&raw, &mut |path, content| {
            let Some((folder, _)) = self.archives.get(path) else { return deliver(path, content) };
            let Ok((source, shape)) = opened(content) else { return };
            let inner = |path: &str| raw(&format!("{folder}{path}"));
            // What is beyond the bounds of it all is a gap of the first file that it cuts off.
            let _ = archive::read(&source, shape, limits, &budget, &inner, &mut |path, content| {
                deliver(&format!("{folder}{path}"), content);
            });
        });
    }

    /// What a folder of the listing is in the input: an archive, or itself.
    pub fn original(&self, folder: &str) -> String {
        let archive = self.archives.iter().find(|(_, (of, _))| of == folder);
        archive.map_or_else(|| folder.trim_end_matches('/').to_owned(), |(path, _)| path.clone())
    }
}

/// The archive that a file's bytes are; why they are none.
fn opened(content: Content) -> Result<(Source<'static>, Shape), (Why, String)> {
    let bytes = match content {
        Content::Bytes(bytes) | Content::Cut(bytes, _) => bytes,
        Content::Tail(_) | Content::Sifted(..) | Content::TooLarge => {
            return Err((
                Why::TooLarge,
                "it is an archive longer than kubecause reads within another".to_owned(),
            ));
        }
        Content::Failed(why, says) => return Err((why, says)),
    };
    let source = Source::Bytes(bytes.into());
    match source.shape() {
        Ok(shape @ (Shape::Tar(_) | Shape::Zip)) => Ok((source, shape)),
        Ok(_) => Err((Why::Unparsable, "it is not the archive that its name says".to_owned())),
        Err(e) => Err((Why::Truncated, e.to_string())),
    }
}

/// What a packed file holds. One that is not packed, whatever its name says, is what it is.
fn unpacked(content: Content, want: Want, budget: &Cell<u64>) -> Content {
    let (bytes, cut) = match content {
        Content::Bytes(bytes) => (bytes, None),
        Content::Cut(bytes, says) => (bytes, Some(says)),
        other => return other,
    };
    let source = Source::Bytes(bytes.into());
    let packing = match source.shape() {
        Ok(Shape::Single(packing) | Shape::Tar(packing)) => packing,
        _ => Packing::None,
    };
    let read = source.unpack(packing).map(|reader| fetch(Bounded::new(reader, budget), want));
    match (read, cut) {
        (Ok(Content::Bytes(bytes)), Some(says)) => Content::Cut(bytes, says),
        (Ok(content), _) => content,
        (Err(e), _) => Content::Failed(Why::Truncated, e.to_string()),
    }
}
