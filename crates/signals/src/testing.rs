//! For the unit tests of families: a cluster made of a few objects.

use kubecause_evidence::{Access, Ingest, Kind, SnapshotBuilder};

/// A builder that holds these objects (kind and JSON), with these kinds listed, at that time.
pub(crate) fn builder<J: AsRef<str>>(
    taken_at: &str,
    listed: &[Kind],
    objects: &[(&str, J)],
) -> SnapshotBuilder {
    let mut builder = SnapshotBuilder::default();
    builder.taken_at(taken_at.parse().ok());
    for kind in listed {
        builder.access(kind.clone(), Access::Listed);
    }
    for (kind, json) in objects {
        match Ingest::parse(kind, json.as_ref()) {
            Ok(object) => builder.push(object),
            Err(error) => panic!("{kind}: {error}"),
        }
    }
    builder
}
