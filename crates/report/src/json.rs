//! The contract `kubecause/v1`. Fields are added, never renamed or removed; `schema/kubecause.v1.schema.json` says what
//! each means. Inner types are not serialized: what is here is the wire form, and this is its only home.

use jiff::Timestamp;
use kubecause_model::{
    Alternative, CauseRef, Change, Citation, Diagnosis, Fix, FixStep, Gap, IdleSilence, Incident, Lang, Link,
    Look, Note, Params, Root, Silenced, Stats, Subject, Text, Unexplained,
};
use serde::Serialize;

/// The name of the contract, the value of the field `schema`.
pub const SCHEMA: &str = "kubecause/v1";

/// The diagnosis as JSON, indented, with a line end. The same diagnosis gives the same bytes.
pub fn json(diagnosis: &Diagnosis, lang: Lang) -> String {
    let mut out = serde_json::to_string_pretty(&WireDiagnosis::new(diagnosis, lang)).unwrap_or_default();
    out.push('\n');
    out
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireDiagnosis<'d> {
    schema: &'static str,
    taken_at: Option<Timestamp>,
    verdict: &'static str,
    incidents: Vec<WireIncident<'d>>,
    silenced: Vec<WireSilenced<'d>>,
    idle_silences: Vec<WireIdleSilence<'d>>,
    notes: Vec<WireNote<'d>>,
    unexplained: Vec<WireUnexplained<'d>>,
    gaps: Vec<WireGap<'d>>,
    stats: WireStats<'d>,
}

impl<'d> WireDiagnosis<'d> {
    fn new(d: &'d Diagnosis, lang: Lang) -> Self {
        Self {
            schema: SCHEMA,
            taken_at: d.taken_at,
            verdict: d.verdict.as_str(),
            incidents: d.incidents.iter().map(|i| WireIncident::new(i, lang)).collect(),
            silenced: d.silenced.iter().map(|s| silenced(s, lang)).collect(),
            idle_silences: d.idle_silences.iter().map(idle_silence).collect(),
            notes: d.notes.iter().map(|n| note(n, lang)).collect(),
            unexplained: d.unexplained.iter().map(unexplained).collect(),
            gaps: d.gaps.iter().map(gap).collect(),
            stats: stats(&d.stats),
        }
    }
}

#[derive(Serialize)]
struct WireSubject<'d> {
    kind: &'d str,
    namespace: Option<&'d str>,
    name: &'d str,
    container: Option<&'d str>,
}

fn subject(s: &Subject) -> WireSubject<'_> {
    WireSubject {
        kind: s.kind.as_str(),
        namespace: s.namespace.as_deref(),
        name: &s.name,
        container: s.container.as_deref(),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireIncident<'d> {
    id: &'d str,
    severity: &'static str,
    since: Option<Timestamp>,
    last_seen: Option<Timestamp>,
    ongoing: bool,
    root: WireRoot<'d>,
    alternatives: Vec<WireAlternative<'d>>,
    refuted: Vec<WireRefuted<'d>>,
    chain: Vec<WireLink<'d>>,
    affected: Vec<WireSubject<'d>>,
    evidence: Vec<WireCitation<'d>>,
    changes: Vec<WireChange<'d>>,
    fixes: Vec<WireFix<'d>>,
    looks: Vec<WireLook<'d>>,
}

impl<'d> WireIncident<'d> {
    fn new(i: &'d Incident, lang: Lang) -> Self {
        Self {
            id: &i.id,
            severity: i.severity.as_str(),
            since: i.since,
            last_seen: i.last_seen,
            ongoing: i.ongoing,
            root: root(&i.root, lang),
            alternatives: i.alternatives.iter().map(|a| alternative(a, lang)).collect(),
            refuted: i.refuted.iter().map(refuted).collect(),
            chain: i.chain.iter().filter(|l| !is_root(l, &i.root)).map(|l| link(l, &i.root, lang)).collect(),
            affected: i.affected.iter().map(subject).collect(),
            evidence: i.evidence.iter().map(citation).collect(),
            changes: i.changes.iter().map(change).collect(),
            fixes: i.fixes.iter().map(|f| fix(f, lang)).collect(),
            looks: i.looks.iter().map(|l| look(l, lang)).collect(),
        }
    }
}

#[derive(Serialize)]
struct WireRoot<'d> {
    mode: &'d str,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'d str>,
    confidence: &'static str,
    subject: WireSubject<'d>,
    params: &'d Params,
    title: &'d str,
}

fn root(r: &Root, lang: Lang) -> WireRoot<'_> {
    WireRoot {
        mode: r.public_mode(),
        variant: r.refines.as_ref().map(|_| r.mode.as_str()),
        confidence: r.confidence.as_str(),
        subject: subject(&r.subject),
        params: &r.params,
        title: r.title.get(lang),
    }
}

#[derive(Serialize)]
struct WireAlternative<'d> {
    mode: &'d str,
    subject: WireSubject<'d>,
    confidence: &'static str,
    title: &'d str,
    look: Option<&'d str>,
    why: Option<&'d str>,
}

fn alternative(a: &Alternative, lang: Lang) -> WireAlternative<'_> {
    WireAlternative {
        mode: &a.mode,
        subject: subject(&a.subject),
        confidence: a.confidence.as_str(),
        title: a.title.get(lang),
        look: a.look.as_ref().map(|l| l.run.as_str()),
        why: a.look.as_ref().map(|l| l.why.get(lang)),
    }
}

#[derive(Serialize)]
struct WireCause<'d> {
    mode: &'d str,
    subject: WireSubject<'d>,
}

#[derive(Serialize)]
struct WireRefuted<'d> {
    mode: &'d str,
    subject: WireSubject<'d>,
    by: &'d str,
}

fn refuted((c, by): &(CauseRef, String)) -> WireRefuted<'_> {
    WireRefuted { mode: &c.mode, subject: subject(&c.subject), by }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireLink<'d> {
    mode: &'d str,
    subject: WireSubject<'d>,
    title: &'d str,
    explained_by: WireCause<'d>,
}

/// Whether a link is the general mode that the root is a form of: then it is the root itself.
fn is_root(l: &Link, root: &Root) -> bool {
    root.refines.as_ref() == Some(&l.mode) && l.explained_by.mode == root.mode
}

fn link<'d>(l: &'d Link, root: &'d Root, lang: Lang) -> WireLink<'d> {
    let by_root = l.explained_by.mode == root.mode;
    WireLink {
        mode: &l.mode,
        subject: subject(&l.subject),
        title: l.title.get(lang),
        explained_by: WireCause {
            mode: if by_root { root.public_mode() } else { &l.explained_by.mode },
            subject: subject(&l.explained_by.subject),
        },
    }
}

#[derive(Serialize)]
struct WireCitation<'d> {
    source: &'static str,
    at: Option<Timestamp>,
    #[serde(rename = "ref")]
    reference: &'d str,
    text: &'d str,
}

fn citation(c: &Citation) -> WireCitation<'_> {
    WireCitation { source: c.source.as_str(), at: c.at, reference: &c.reference, text: &c.text }
}

#[derive(Serialize)]
struct WireChange<'d> {
    at: Option<Timestamp>,
    object: WireSubject<'d>,
    field: &'d str,
    from: &'d str,
    to: &'d str,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'d str>,
}

fn change(c: &Change) -> WireChange<'_> {
    WireChange {
        at: c.at,
        object: subject(&c.object),
        field: &c.field,
        from: &c.from,
        to: &c.to,
        revision: c.revision,
        by: c.by.as_deref(),
    }
}

#[derive(Serialize)]
struct WireFix<'d> {
    title: &'d str,
    risk: &'static str,
    steps: Vec<WireStep<'d>>,
}

fn fix(f: &Fix, lang: Lang) -> WireFix<'_> {
    WireFix {
        title: f.title.get(lang),
        risk: f.risk.as_str(),
        steps: f.steps.iter().map(|s| step(s, lang)).collect(),
    }
}

#[derive(Serialize)]
struct WireStep<'d> {
    run: &'d str,
    why: &'d str,
    verify: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    guard: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    undo: Option<&'d str>,
}

fn step(s: &FixStep, lang: Lang) -> WireStep<'_> {
    WireStep {
        run: &s.run,
        why: s.why.get(lang),
        verify: s.verify.as_deref(),
        guard: s.guard.as_ref().map(|g| g.get(lang)),
        undo: s.undo.as_deref(),
    }
}

#[derive(Serialize)]
struct WireLook<'d> {
    run: &'d str,
    why: &'d str,
}

fn look(l: &Look, lang: Lang) -> WireLook<'_> {
    WireLook { run: &l.run, why: l.why.get(lang) }
}

#[derive(Serialize)]
struct WireNote<'d> {
    mode: &'d str,
    subject: WireSubject<'d>,
    text: &'d str,
}

fn note(n: &Note, lang: Lang) -> WireNote<'_> {
    WireNote { mode: &n.mode, subject: subject(&n.subject), text: Text::get(&n.text, lang) }
}

#[derive(Serialize)]
struct WireSilenced<'d> {
    id: &'d str,
    mode: &'d str,
    subject: WireSubject<'d>,
    severity: &'static str,
    title: &'d str,
    until: Timestamp,
    why: &'d str,
}

fn silenced(s: &Silenced, lang: Lang) -> WireSilenced<'_> {
    WireSilenced {
        id: &s.id,
        mode: &s.mode,
        subject: subject(&s.subject),
        severity: s.severity.as_str(),
        title: s.title.get(lang),
        until: s.until,
        why: &s.why,
    }
}

#[derive(Serialize)]
struct WireIdleSilence<'d> {
    mode: &'d str,
    subject: &'d str,
    until: Timestamp,
    why: &'d str,
    state: &'static str,
}

fn idle_silence(s: &IdleSilence) -> WireIdleSilence<'_> {
    WireIdleSilence {
        mode: &s.mode,
        subject: &s.subject,
        until: s.until,
        why: &s.why,
        state: s.state.as_str(),
    }
}

#[derive(Serialize)]
struct WireUnexplained<'d> {
    signal: &'d str,
    subject: WireSubject<'d>,
    evidence: Vec<WireCitation<'d>>,
}

fn unexplained(u: &Unexplained) -> WireUnexplained<'_> {
    WireUnexplained {
        signal: &u.signal,
        subject: subject(&u.subject),
        evidence: u.evidence.iter().map(citation).collect(),
    }
}

#[derive(Serialize)]
struct WireGap<'d> {
    what: &'d str,
    why: &'static str,
    matters: &'d str,
}

fn gap(g: &Gap) -> WireGap<'_> {
    WireGap { what: &g.what, why: g.why.as_str(), matters: &g.matters }
}

#[derive(Serialize)]
struct WireStats<'d> {
    version: Option<&'d str>,
    nodes: usize,
    pods: usize,
    events: usize,
    objects: usize,
    files: usize,
}

fn stats(s: &Stats) -> WireStats<'_> {
    WireStats {
        version: s.version.as_deref(),
        nodes: s.nodes,
        pods: s.pods,
        events: s.events,
        objects: s.objects,
        files: s.files,
    }
}
