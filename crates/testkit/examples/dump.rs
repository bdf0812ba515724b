//! Prints what is seen in a capture and what comes of it: `cargo run -p kubecause-testkit --example dump -- PATH`.

use kubecause_bundle::Input;
use kubecause_model::Scope;
use kubecause_testkit::Kit;

fn main() -> anyhow::Result<()> {
    let kit = Kit::new()?;
    for path in std::env::args().skip(1) {
        let bundle = kubecause_bundle::read(&[Input::Path(path.clone().into())])?;
        println!("== {path}, taken at {:?}", bundle.snapshot.taken_at.map(|t| t.to_string()));
        for f in kit.signals.observe(&bundle.snapshot).all() {
            let state = if f.span.ongoing { "now " } else { "past" };
            println!(
                "  {state} {:40} {} {:?} names {:?}",
                f.signal,
                f.subject,
                f.params,
                f.names.iter().map(ToString::to_string).collect::<Vec<_>>()
            );
            for c in f.evidence.iter().take(2) {
                println!("         {} | {}", c.reference, c.text.chars().take(200).collect::<String>());
            }
        }
        let d = kubecause_engine::diagnose(&bundle.snapshot, &kit.signals, &kit.catalogue, &Scope::default());
        println!("  verdict {}", d.verdict.as_str());
        for i in &d.incidents {
            println!(
                "  INCIDENT {} {} {} {} since {:?}",
                i.severity.as_str(),
                i.root.mode,
                i.root.confidence.as_str(),
                i.root.subject,
                i.since.map(|t| t.to_string())
            );
            println!("     {} / {}", i.root.title.en, i.root.title.zh);
            for l in &i.chain {
                println!(
                    "     chain {}@{} <- {}@{}",
                    l.mode, l.subject, l.explained_by.mode, l.explained_by.subject
                );
            }
            for a in &i.alternatives {
                println!("     or {} {} {}", a.confidence.as_str(), a.mode, a.subject);
            }
            for (r, why) in &i.refuted {
                println!("     not {} {}: {why}", r.mode, r.subject);
            }
            println!(
                "     affects {}",
                i.affected.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
            );
        }
        for n in &d.notes {
            println!("  note {} {}: {}", n.mode, n.subject, n.text.en);
        }
        for u in &d.unexplained {
            println!("  UNEXPLAINED {} {}", u.signal, u.subject);
        }
        for g in &d.gaps {
            println!("  gap {} {} {}", g.what, g.why.as_str(), g.matters);
        }
    }
    Ok(())
}
