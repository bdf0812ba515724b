//! A rule's own examples: what it must hold for, and what looks alike.

use crate::object::Object;
use crate::{Rule, evaluate};
use cel::Env;
use kubecause_evidence::Kind;
use kubecause_signals::ObjectRule;
use serde_json::Value;
use std::sync::Arc;

/// Everything that does not hold, one sentence each.
pub(crate) fn prove(env: &Arc<Env>, rule: &Rule, spec: &ObjectRule) -> Vec<String> {
    let mut wrong = Vec::new();
    if spec.matches.is_empty() {
        wrong.push("it needs an object that matches".to_owned());
    }
    let examples = spec.matches.iter().map(|text| (text, true));
    let mut matching = Vec::new();
    for (text, should) in examples.chain(spec.rejects.iter().map(|text| (text, false))) {
        let quoted = kubecause_model::one_line(text, 60);
        let kind = rule.kinds.first().cloned().unwrap_or(Kind::Other("".into()));
        let object = match parse(text) {
            Ok(json) => Object::new(&kind, json),
            Err(why) => {
                wrong.push(format!("its example {quoted:?} is no YAML: {why}"));
                continue;
            }
        };
        match rule.holds(env, &object) {
            Ok(holds) if holds == should => {}
            Ok(true) => wrong.push(format!("it matches what it must reject: {quoted:?}")),
            Ok(false) => wrong.push(format!("it does not match its own example {quoted:?}")),
            Err(why) => wrong.push(format!("on its own example {quoted:?}: {why}")),
        }
        if should {
            matching.push(object);
        }
    }
    for (name, compiled) in &rule.params {
        let outcomes: Vec<_> = matching.iter().map(|object| evaluate(env, compiled, object)).collect();
        if let Some(Err(why)) = outcomes.first()
            && outcomes.iter().all(Result::is_err)
        {
            wrong.push(format!("params.{name} has no value on any object that matches: {why}"));
        }
    }
    wrong
}

fn parse(text: &str) -> Result<Value, String> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_nodes: 100_000, max_events: 200_000, max_depth: 100 },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 2_000 },
        with_snippet: false,
        strict_booleans: true,
    };
    serde_saphyr::from_str_with_options(text, options)
        .map_err(|e| kubecause_model::one_line(&e.to_string(), 120))
}
