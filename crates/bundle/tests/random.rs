//! Whatever the bytes, reading ends with a value or an error.
#![allow(clippy::unwrap_used, reason = "a test that cannot build its input must fail")]

mod common;

use common::*;
use proptest::prelude::*;

/// A valid capture in one of its forms.
fn valid(form: usize) -> Vec<u8> {
    let files = below("case", &capture());
    match form % 7 {
        0 => tar(&files),
        1 => gzip(&tar(&files)),
        2 => xz(&tar(&files)),
        3 => zstd(&tar(&files)),
        4 => zip(&files),
        5 => list(&[pod("a"), pod("b")]).into_bytes(),
        _ => b"apiVersion: v1\nitems:\n- kind: Pod\n  metadata:\n    name: a\nkind: List\n---\nkind: Node\n"
            .to_vec(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let _ = read_bytes(bytes);
    }

    #[test]
    fn any_text(text in "[\\PC\n{}\\[\\]\":,-]{0,300}", head in 0..4_usize) {
        let head = ["{\"kind\":\"List\",\"items\":[", "kind: List\nitems:\n", "{\"kind\":\"Pod\",", ""].get(head).unwrap();
        let _ = read_bytes(format!("{head}{text}"));
    }

    #[test]
    fn a_capture_cut_anywhere(form in 0..7_usize, cut in 0.0..1.0_f64) {
        let whole = valid(form);
        let end = (whole.len() as f64 * cut) as usize;
        let _ = read_bytes(whole.get(..end).unwrap());
    }

    #[test]
    fn a_capture_with_changed_bytes(
        form in 0..7_usize,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        let mut bytes = valid(form);
        for (at, to) in changes {
            let at = at.index(bytes.len());
            *bytes.get_mut(at).unwrap() = to;
        }
        let _ = read_bytes(bytes);
    }

    #[test]
    fn any_file_in_a_capture_may_be_anything(which in 0..14_usize, bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
        let mut files = capture();
        files.get_mut(which).unwrap().1 = bytes;
        prop_assert!(read_bytes(tar(&files)).is_ok());
    }
}
