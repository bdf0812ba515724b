//! The JSON form against its schema. The checker knows the keywords that the schema uses and no other, and it is
//! stricter than a validator: a field that the schema does not describe fails, though readers must bear it.
mod common;

use kubecause_model::{Lang, Why};
use kubecause_report::{SCHEMA, json};
use serde_json::{Map, Value};

const TEXT: &str = include_str!("../../../schema/kubecause.v1.schema.json");
const KNOWN: [&str; 14] = [
    "$schema",
    "$id",
    "$defs",
    "$ref",
    "title",
    "description",
    "type",
    "properties",
    "required",
    "items",
    "enum",
    "const",
    "format",
    "additionalProperties",
];

fn schema() -> Value {
    serde_json::from_str(TEXT).expect("the schema is JSON")
}

struct Checker {
    root: Value,
    errors: Vec<String>,
}

impl Checker {
    fn fail(&mut self, at: &str, what: impl std::fmt::Display) {
        self.errors.push(format!("{at}: {what}"));
    }

    fn check(&mut self, at: &str, rule: &Value, value: &Value) {
        let Some(rule) = rule.as_object() else { return self.fail(at, "the rule is no object") };
        for key in rule.keys().filter(|k| !KNOWN.contains(&k.as_str()) && *k != "minimum") {
            self.fail(at, format!("keyword {key} is not known here"));
        }
        if let Some(Value::String(name)) = rule.get("$ref") {
            let target = self.root.pointer(name.trim_start_matches('#')).cloned();
            match target {
                Some(target) => self.check(at, &target, value),
                None => self.fail(at, format!("{name} is not defined")),
            }
        }
        self.scalar(at, rule, value);
        match value {
            Value::Object(fields) => self.object(at, rule, fields),
            Value::Array(items) => {
                for (n, item) in items.iter().enumerate() {
                    self.check(&format!("{at}/{n}"), &rule["items"], item);
                }
            }
            _ => {}
        }
    }

    fn scalar(&mut self, at: &str, rule: &Map<String, Value>, value: &Value) {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let right = match rule.get("type") {
            Some(Value::String(one)) => one == kind,
            Some(Value::Array(many)) => many.iter().any(|k| k == kind),
            _ => rule.contains_key("$ref"),
        };
        if !right {
            self.fail(at, format!("is {kind}"));
        }
        if rule.get("enum").and_then(Value::as_array).is_some_and(|all| !all.contains(value)) {
            self.fail(at, format!("{value} is not in the enum"));
        }
        if rule.get("const").is_some_and(|c| c != value) {
            self.fail(at, format!("{value} is not the constant"));
        }
        if let (Some(_), Value::String(text)) = (rule.get("format"), value)
            && text.parse::<jiff::Timestamp>().is_err()
        {
            self.fail(at, format!("{text} is no time"));
        }
    }

    fn object(&mut self, at: &str, rule: &Map<String, Value>, fields: &Map<String, Value>) {
        if rule.contains_key("$ref") {
            return;
        }
        for name in
            rule.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
        {
            if !fields.contains_key(name) {
                self.fail(at, format!("{name} is missing"));
            }
        }
        for (name, value) in fields {
            let one =
                rule.get("properties").and_then(|p| p.get(name)).or_else(|| rule.get("additionalProperties"));
            match one.cloned() {
                Some(one) => self.check(&format!("{at}/{name}"), &one, value),
                None => self.fail(at, format!("{name} is not in the schema")),
            }
        }
    }
}

fn errors(text: &str) -> Vec<String> {
    let root = schema();
    let value = serde_json::from_str(text).expect("the output is JSON");
    let mut checker = Checker { root: root.clone(), errors: Vec::new() };
    checker.check("", &root, &value);
    checker.errors
}

#[test]
fn what_is_printed_is_what_the_schema_says() {
    let all = [
        common::empty(),
        common::healthy(),
        common::unknown(),
        common::three(),
        common::many(50),
        common::silenced(),
        common::replaced(common::HOSTILE),
        common::replaced(""),
    ];
    for d in &all {
        for lang in [Lang::En, Lang::Zh] {
            assert_eq!(errors(&json(d, lang)), Vec::<String>::new());
        }
    }
}

#[test]
fn the_checker_finds_what_is_wrong() {
    let good = json(&common::one(), Lang::En);
    let broken = [
        ("\"kubecause/v1\"", "\"kubecause/v2\""),
        ("\"critical\"", "\"awful\""),
        ("\"ongoing\": true", "\"ongoing\": 1"),
        ("\"lastSeen\"", "\"last_seen\""),
        ("\"explainedBy\"", "\"because\""),
        ("2026-11-22T17:48:57Z", "today"),
    ];
    for (from, to) in broken {
        assert!(!errors(&good.replacen(from, to, 1)).is_empty(), "{from} → {to}");
    }
}

#[test]
fn every_field_is_described() {
    fn walk(at: &str, rule: &Value, bare: &mut Vec<String>) {
        for (name, property) in rule["properties"].as_object().into_iter().flatten() {
            if property["description"].as_str().is_none_or(str::is_empty) {
                bare.push(format!("{at}.{name}"));
            }
        }
    }
    let schema = schema();
    let mut bare = Vec::new();
    walk("", &schema, &mut bare);
    for (name, rule) in schema["$defs"].as_object().into_iter().flatten() {
        walk(name, rule, &mut bare);
    }
    assert_eq!(bare, Vec::<String>::new());
    assert_eq!(schema["properties"]["schema"]["const"], SCHEMA);
}

#[test]
fn the_words_of_the_model_are_those_of_the_schema() {
    let words = |pointer: &str| -> Vec<String> {
        let list = schema().pointer(pointer).and_then(Value::as_array).cloned().unwrap_or_default();
        list.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect()
    };
    let whys = [
        Why::NotCollected,
        Why::Forbidden,
        Why::TimedOut,
        Why::Unparsable,
        Why::Truncated,
        Why::Redacted,
        Why::Failed,
        Why::TooLarge,
    ];
    assert_eq!(words("/$defs/gap/properties/why/enum"), whys.map(|w| w.as_str().to_owned()));
    let severities: Vec<&str> = kubecause_model::Severity::ALL.iter().rev().map(|s| s.as_str()).collect();
    assert_eq!(words("/$defs/incident/properties/severity/enum"), severities);
}

#[test]
fn json_is_stable() {
    insta::assert_snapshot!("json_one_en", json(&common::one(), Lang::En));
    assert_eq!(json(&common::three(), Lang::Zh), json(&common::three(), Lang::Zh));
}
