//! Many alike made one: what is affected, counted by owner; evidence that says the same, quoted once; notes and
//! symptoms by their kind. Every human form shows these, so that they agree.

use crate::words::{Words, number};
use kubecause_model::{Citation, Incident, Kind, Note, Subject, Unexplained};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What an incident affects, one phrase per kind: `6 pods: shop/frontend ×5, shop/cart-0`. At most `most` names each.
pub(crate) fn affected(subjects: &[Subject], words: Words, most: usize) -> Vec<String> {
    let mut kinds: BTreeMap<(usize, &Kind), BTreeSet<String>> = BTreeMap::new();
    for s in subjects {
        kinds.entry((rank(&s.kind), &s.kind)).or_default().insert(s.object().to_string());
    }
    kinds.iter().map(|((_, kind), names)| kind_phrase(kind, names, words, most)).collect()
}

/// Pods first, for there are most of them; then what people know by name.
fn rank(kind: &Kind) -> usize {
    match kind {
        Kind::Pod => 0,
        Kind::Service | Kind::Ingress => 1,
        k if k.is_workload() => 2,
        Kind::Node => 3,
        Kind::Cluster | Kind::Component | Kind::Namespace => 4,
        _ => 5,
    }
}

fn kind_phrase(kind: &Kind, names: &BTreeSet<String>, words: Words, most: usize) -> String {
    if *kind == Kind::Cluster {
        return words.pick("the cluster".to_owned(), "整个集群".to_owned());
    }
    if let (1, Some(name)) = (names.len(), names.first()) {
        return format!("{} {name}", words.kind(kind));
    }
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in names {
        let group = if *kind == Kind::Pod { stem(name) } else { name.as_str() };
        groups.entry(group).or_default().push(name);
    }
    let mut groups: Vec<(&str, Vec<&str>)> = groups.into_iter().collect();
    groups.sort_by_key(|(_, members)| std::cmp::Reverse(members.len()));
    if let (Kind::Pod, [(owner, _)]) = (kind, groups.as_slice()) {
        let pods = words.kinds(kind, names.len());
        return words.pick(format!("{pods} of {owner}"), format!("{owner} 的 {pods}"));
    }
    let mut shown: Vec<String> =
        groups.iter().take(most).map(|(group, members)| one_group(group, members)).collect();
    if groups.len() > most {
        shown.push(words.more(groups.iter().skip(most).map(|(_, members)| members.len()).sum()));
    }
    format!("{}{}{}", words.kinds(kind, names.len()), words.colon(), shown.join(words.comma()))
}

fn one_group(group: &str, members: &[&str]) -> String {
    match members {
        [one] => (*one).to_owned(),
        _ => format!("{group} ×{}", number(members.len())),
    }
}

/// A pod's name without what its owner's controller added: `shop/cart-7d9f6c5b4-x2x4z` and `shop/cart-0` → `shop/cart`.
pub(crate) fn stem(name: &str) -> &str {
    let Some((head, tail)) = name.rsplit_once('-') else { return name };
    if !tail.is_empty() && tail.len() <= 4 && tail.bytes().all(|b| b.is_ascii_digit()) {
        return head;
    }
    if !(tail.len() == 5 && tail.bytes().all(is_generated)) {
        return name;
    }
    match head.rsplit_once('-') {
        Some((owner, hash)) if (6..=10).contains(&hash.len()) && hash.bytes().all(is_hash) => owner,
        _ => head,
    }
}

/// The alphabet of generated names: no vowels, so that no words arise.
fn is_generated(b: u8) -> bool {
    b"bcdfghjklmnpqrstvwxz2456789".contains(&b)
}

/// Template hashes of old clusters were plain numbers.
fn is_hash(b: u8) -> bool {
    is_generated(b) || b.is_ascii_digit()
}

/// A record that is quoted, and how many say the same elsewhere.
pub(crate) struct Quote<'d> {
    pub citation: &'d Citation,
    pub others: usize,
}

/// The evidence in its order, records with the same text once.
pub(crate) fn quotes(evidence: &[Citation]) -> Vec<Quote<'_>> {
    let mut at: HashMap<&str, usize> = HashMap::new();
    let mut out: Vec<Quote<'_>> = Vec::new();
    for citation in evidence {
        let first = *at.entry(citation.text.as_str()).or_insert(out.len());
        match out.get_mut(first) {
            Some(q) if q.citation.reference != citation.reference => q.others += 1,
            Some(_) => {}
            None => out.push(Quote { citation, others: 0 }),
        }
    }
    out
}

/// The reference as seen from the subject: what is on the incident's node or in its namespace need not repeat its name,
/// and the number in an Event's name says nothing.
pub(crate) fn near(reference: &str, subject: &Subject) -> String {
    let file =
        reference.strip_prefix("nodes/").and_then(|r| r.strip_prefix(&*subject.name)?.strip_prefix('/'));
    if let Some(file) = file.filter(|f| !f.is_empty() && subject.kind == Kind::Node) {
        return file.to_owned();
    }
    let Some((kind, rest)) = reference.split_once('/') else { return reference.to_owned() };
    let here = subject.namespace.as_deref().and_then(|ns| rest.strip_prefix(ns)?.strip_prefix('/'));
    let name = here.unwrap_or(rest);
    let number = |n: &str| n.len() >= 12 && n.bytes().all(|b| b.is_ascii_hexdigit());
    match name.rsplit_once('.') {
        Some((name, n)) if kind == "events" && number(n) => format!("{kind}/{name}"),
        _ => format!("{kind}/{name}"),
    }
}

/// A log line without the header that kubelet and its kin put before the message.
pub(crate) fn message(text: &str) -> &str {
    let header = text.char_indices().find(|(at, c)| matches!(c, 'I' | 'W' | 'E' | 'F') && is_klog(text, *at));
    let Some((start, _)) = header.filter(|(at, _)| *at < 80) else { return text };
    let tail = text.get(start..).unwrap_or(text);
    match tail.find("] ") {
        Some(end) if end < 90 => tail.get(end + 2..).unwrap_or(text),
        _ => text,
    }
}

fn is_klog(text: &str, at: usize) -> bool {
    let before = at == 0 || text.as_bytes().get(at - 1).is_some_and(|b| *b == b' ' || *b == b'|');
    let digits = text.as_bytes().get(at + 1..at + 5).is_some_and(|b| b.iter().all(u8::is_ascii_digit));
    before && digits && text.as_bytes().get(at + 5) == Some(&b' ')
}

/// Notes of one mode.
pub(crate) struct NoteGroup<'d> {
    pub first: &'d Note,
    pub others: usize,
}

/// Notes by mode, in order of the first of each.
pub(crate) fn notes(notes: &[Note]) -> Vec<NoteGroup<'_>> {
    let mut at: HashMap<&str, usize> = HashMap::new();
    let mut out: Vec<NoteGroup<'_>> = Vec::new();
    for note in notes {
        let first = *at.entry(note.mode.as_str()).or_insert(out.len());
        match out.get_mut(first) {
            Some(group) => group.others += 1,
            None => out.push(NoteGroup { first: note, others: 0 }),
        }
    }
    out
}

/// Symptoms of one signal.
pub(crate) struct SymptomGroup<'d> {
    pub first: &'d Unexplained,
    pub subjects: Vec<Subject>,
}

/// Symptoms by signal, in order of the first of each.
pub(crate) fn symptoms(unexplained: &[Unexplained]) -> Vec<SymptomGroup<'_>> {
    let mut at: HashMap<&str, usize> = HashMap::new();
    let mut out: Vec<SymptomGroup<'_>> = Vec::new();
    for u in unexplained {
        let first = *at.entry(u.signal.as_str()).or_insert(out.len());
        match out.get_mut(first) {
            Some(group) => group.subjects.push(u.subject.clone()),
            None => out.push(SymptomGroup { first: u, subjects: vec![u.subject.clone()] }),
        }
    }
    out
}

/// Incidents of one mode.
pub(crate) struct ModeGroup<'d> {
    pub first: &'d Incident,
    pub count: usize,
}

/// Incidents by mode: the worst severity first, then the most.
pub(crate) fn by_mode<'d>(incidents: impl Iterator<Item = &'d Incident>) -> Vec<ModeGroup<'d>> {
    let mut groups: BTreeMap<&str, ModeGroup<'d>> = BTreeMap::new();
    for incident in incidents {
        let group = groups.entry(&incident.root.mode).or_insert(ModeGroup { first: incident, count: 0 });
        group.count += 1;
        if incident.severity > group.first.severity {
            group.first = incident;
        }
    }
    let mut out: Vec<ModeGroup<'d>> = groups.into_values().collect();
    out.sort_by_key(|g| std::cmp::Reverse((g.first.severity, g.count)));
    out
}

/// At most so many of these groups, the worst first, and never without the largest; how many incidents of how many modes are left.
pub(crate) fn dominant(mut groups: Vec<ModeGroup<'_>>, most: usize) -> (Vec<ModeGroup<'_>>, usize, usize) {
    let largest = groups.iter().enumerate().max_by_key(|(at, g)| (g.count, std::cmp::Reverse(*at)));
    if let Some((at, _)) = largest.filter(|(at, _)| *at >= most) {
        groups.swap(most.saturating_sub(1), at);
    }
    let left = groups.split_off(most.min(groups.len()));
    (groups, left.iter().map(|g| g.count).sum(), left.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubecause_model::{Confidence, Lang, Params, Root, Severity, Source, Text};

    #[test]
    fn generated_parts_of_pod_names_are_found() {
        assert_eq!(stem("shop/cart-7d9f6c5b4-x2x4z"), "shop/cart");
        assert_eq!(stem("kube-system/kube-proxy-4kqkl"), "kube-system/kube-proxy");
        assert_eq!(stem("db/redis-0"), "db/redis");
        assert_eq!(stem("etcd-master-one"), "etcd-master-one");
        assert_eq!(stem("api-server"), "api-server");
        assert_eq!(stem(""), "");
    }

    #[test]
    fn affected_is_counted_by_owner() {
        let pod = |name: &str| Subject::new(Kind::Pod, "shop", name);
        let subjects = [
            pod("cart-7d9f6c5b4-x2x4z"),
            pod("cart-7d9f6c5b4-b4b4b"),
            pod("redis-0"),
            Subject::node("worker-1"),
        ];
        assert_eq!(
            affected(&subjects, Words(Lang::En), 4),
            ["3 pods: shop/cart ×2, shop/redis-0", "node worker-1"]
        );
        assert_eq!(
            affected(&subjects, Words(Lang::Zh), 1),
            ["3 个 Pod：shop/cart ×2、另有 1 个", "节点 worker-1"]
        );
        assert!(affected(&[], Words(Lang::En), 4).is_empty());
    }

    #[test]
    fn the_largest_group_is_never_left_out() {
        let incident = |severity, mode: &str| Incident {
            id: String::new(),
            severity,
            since: None,
            last_seen: None,
            ongoing: true,
            root: Root {
                mode: mode.to_owned(),
                refines: None,
                confidence: Confidence::Confirmed,
                subject: Subject::node("n"),
                params: Params::new(),
                title: Text::default(),
            },
            alternatives: Vec::new(),
            refuted: Vec::new(),
            chain: Vec::new(),
            affected: Vec::new(),
            evidence: Vec::new(),
            changes: Vec::new(),
            fixes: Vec::new(),
            looks: Vec::new(),
        };
        let mut all: Vec<Incident> = ["a", "b", "c"].map(|m| incident(Severity::Critical, m)).into();
        all.extend((0..9).map(|_| incident(Severity::Error, "many")));
        let (shown, left, modes) = dominant(by_mode(all.iter()), 2);
        let named: Vec<(&str, usize)> = shown.iter().map(|g| (g.first.root.mode.as_str(), g.count)).collect();
        assert_eq!((named, left, modes), (vec![("a", 1), ("many", 9)], 2, 2));
    }

    #[test]
    fn the_same_words_are_quoted_once() {
        let c = |at: &str, text: &str| Citation::new(Source::Event, None, at, text);
        let evidence = [c("a", "x"), c("b", "x"), c("b", "y"), c("b", "y")];
        let counts: Vec<usize> = quotes(&evidence).iter().map(|q| q.others).collect();
        assert_eq!(counts, [1, 0]);
    }

    #[test]
    fn references_are_seen_from_the_subject() {
        let pod = Subject::new(Kind::Pod, "shop", "cart-0");
        assert_eq!(near("pods/shop/cart-0", &pod), "pods/cart-0");
        assert_eq!(near("events/shop/cart-0.18ea6e7a3b69c7d4", &pod), "events/cart-0");
        assert_eq!(near("pods/other/cart-0", &pod), "pods/other/cart-0");
        assert_eq!(near("nodes/w1/kubelet.log:8", &Subject::node("w1")), "kubelet.log:8");
        assert_eq!(near("events/shop/cart-0.18ea6e7a3b69c7d4", &Subject::node("w1")), "events/shop/cart-0");
        assert_eq!(near("nodes/w1", &Subject::node("w1")), "nodes/w1");
        assert_eq!(near("", &pod), "");
    }

    #[test]
    fn klog_headers_are_dropped_and_nothing_else() {
        let line = "Nov 22 17:44:13 w1 kubelet[812]: E1122 17:44:13.501000     812 kubelet.go:2456] \"Skipping pod sync\"";
        assert_eq!(message(line), "\"Skipping pod sync\"");
        assert_eq!(message("Error: E12 no] header"), "Error: E12 no] header");
        assert_eq!(message(""), "");
    }
}
