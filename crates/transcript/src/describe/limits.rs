//! Quotas, limit ranges, namespaces, autoscalers, disruption budgets, priority classes.

use super::conditions::conditions;
use super::json::{Obj, boolean, counts, leading, number};
use super::meta::phase;
use super::select::selector;
use super::table::{cell, rows};
use super::tree::{Block, Line, shown, split_key};
use serde_json::Value;

/// The lines from the one on that begins with these words.
fn from<'t>(lines: impl Iterator<Item = Line<'t>>, title: [&str; 2]) -> Vec<Line<'t>> {
    let begins = |l: &Line<'_>| l.text.split_whitespace().take(2).eq(title);
    lines.skip_while(|l| !begins(l)).collect()
}

/// Fills a quota.
pub(super) fn quota(root: Block<'_>, out: &mut Obj) {
    let scopes = root.value("Scopes").unwrap_or_default().split(',').filter_map(shown);
    out.list("spec.scopes", scopes);
    amounts(from(root.flat(), ["Resource", "Used"]), out);
}

fn amounts(lines: Vec<Line<'_>>, out: &mut Obj) {
    let rows = rows(lines);
    for (title, field) in [("Hard", "hard"), ("Used", "used")] {
        let pairs = rows.iter().filter_map(|r| Some((cell(r, "Resource")?, cell(r, title)?)));
        out.map(&format!("status.{field}"), pairs);
    }
}

/// Fills a limit range: a row for each type and resource, a dash where nothing is set.
pub(super) fn range(root: Block<'_>, out: &mut Obj) {
    let mut limits: Vec<(&str, Obj)> = Vec::new();
    for row in rows(from(root.flat(), ["Type", "Resource"])) {
        let (Some(kind), Some(resource)) = (cell(&row, "Type"), cell(&row, "Resource")) else { continue };
        if limits.last().is_none_or(|l| l.0 != kind) {
            let mut item = Obj::new();
            item.set("type", kind);
            limits.push((kind, item));
        }
        let Some((_, item)) = limits.last_mut() else { continue };
        for (title, field) in [
            ("Min", "min"),
            ("Max", "max"),
            ("Default Request", "defaultRequest"),
            ("Default Limit", "default"),
            ("Max Limit/Request Ratio", "maxLimitRequestRatio"),
        ] {
            if let Some(amount) = cell(&row, title).filter(|a| *a != "-") {
                item.member(field, resource, amount);
            }
        }
    }
    out.list("spec.limits", limits.into_iter().map(|l| l.1));
}

/// Fills a namespace; the quotas that its description shows come back as objects of their own.
pub(super) fn namespace(root: Block<'_>, out: &mut Obj) -> Vec<Value> {
    out.put("status.phase", phase(root));
    out.list("status.conditions", conditions(root.body("Conditions")));
    let Some(section) = root.entries().find(|e| e.line.text == "Resource Quotas").map(|e| e.body) else {
        return Vec::new();
    };
    let lines: Vec<Line<'_>> = section.flat().collect();
    let is_name = |l: &Line<'_>| split_key(l.text).is_some_and(|(key, _)| key == "Name");
    let starts: Vec<usize> = (0..lines.len()).filter(|at| lines.get(*at).is_some_and(is_name)).collect();
    let ends = starts.iter().skip(1).copied().chain([lines.len()]);
    let quota = |(start, end): (&usize, usize)| {
        let part = lines.get(*start..end)?;
        let mut out = Obj::new();
        out.set("apiVersion", "v1");
        out.set("kind", "ResourceQuota");
        out.set("metadata.name", split_key(part.first()?.text)?.1);
        out.put("metadata.namespace", root.value("Name"));
        amounts(from(part.iter().copied(), ["Resource", "Used"]), &mut out);
        out.set(super::DERIVED, "Namespace");
        Some(out.into())
    };
    starts.iter().zip(ends).filter_map(quota).collect()
}

/// Fills an autoscaler, as of autoscaling/v1 or v2.
pub(super) fn autoscaler(root: Block<'_>, out: &mut Obj) {
    if let Some((kind, name)) = root.value("Reference").and_then(|r| r.split_once('/')) {
        out.set("spec.scaleTargetRef.kind", kind);
        out.set("spec.scaleTargetRef.name", name);
    }
    out.put("spec.minReplicas", root.value("Min replicas").and_then(number));
    out.put("spec.maxReplicas", root.value("Max replicas").and_then(number));
    let pods = root.entries().find(|e| e.key().is_some_and(|k| k.ends_with(" pods")));
    for (word, count) in pods.iter().flat_map(|e| counts(e.value())) {
        match word {
            "current" => out.set("status.currentReplicas", count),
            "desired" => out.set("status.desiredReplicas", count),
            _ => {}
        }
    }
    out.list("status.conditions", conditions(root.body("Conditions")));
    let metrics =
        root.body("Metrics").into_iter().flat_map(Block::flat).filter_map(|l| resource_metric(l.text));
    let (specs, seen): (Vec<Obj>, Vec<Option<Obj>>) = metrics.unzip();
    out.list("spec.metrics", specs);
    out.list("status.currentMetrics", seen.into_iter().flatten());
    let percent = |key| root.value(key).and_then(leading).map(|p| p.0);
    out.put("spec.targetCPUUtilizationPercentage", percent("Target CPU utilization"));
    out.put("status.currentCPUUtilizationPercentage", percent("Current CPU utilization"));
}

/// `resource cpu on pods  (as a percentage of request):  12% (25m) / 50%`
fn resource_metric(text: &str) -> Option<(Obj, Option<Obj>)> {
    let (name, _) = text.strip_prefix("resource ")?.split_once(" on pods")?;
    let (current, target) = split_key(text)?.1.rsplit_once(" / ")?;
    let make = |side: &str, value: &str| {
        let (percent, rest) = leading(value)?;
        let mut out = Obj::new();
        out.set("type", "Resource");
        out.set("resource.name", name);
        if rest.starts_with('%') {
            out.set(&format!("resource.{side}.averageUtilization"), percent);
            let amount = rest.split_once('(').map(|(_, amount)| amount.trim_end_matches(')'));
            out.put(&format!("resource.{side}.averageValue"), amount);
        } else {
            out.set(&format!("resource.{side}.averageValue"), value.trim());
        }
        Some(out)
    };
    Some((make("target", target)?, make("current", current)))
}

/// Fills a disruption budget.
pub(super) fn budget(root: Block<'_>, out: &mut Obj) {
    let amount = |key| root.value(key).and_then(|v| number(v).map(Value::from).or_else(|| Some(v.into())));
    out.put("spec.minAvailable", amount("Min available"));
    out.put("spec.maxUnavailable", amount("Max unavailable"));
    out.put("spec.selector", root.value("Selector").and_then(selector));
    let Some(status) = root.body("Status") else { return };
    for (key, field) in [
        ("Allowed disruptions", "disruptionsAllowed"),
        ("Current", "currentHealthy"),
        ("Desired", "desiredHealthy"),
        ("Total", "expectedPods"),
    ] {
        out.put(&format!("status.{field}"), status.value(key).and_then(number));
    }
}

/// Fills a priority class.
pub(super) fn priority(root: Block<'_>, out: &mut Obj) {
    out.put("value", root.value("Value").and_then(number));
    out.put("globalDefault", root.value("GlobalDefault").and_then(boolean));
    out.put("preemptionPolicy", root.value("PreemptionPolicy"));
    out.put("description", root.value("Description"));
}
