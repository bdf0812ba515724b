use super::*;
use std::collections::BTreeMap;

fn rule(when: &str) -> ObjectRule {
    ObjectRule {
        id: "x.y",
        kinds: vec![Kind::Deployment, Kind::Secret, Kind::Other("Rollout.argoproj.io".into())],
        when: when.to_owned(),
        params: BTreeMap::new(),
        matches: Vec::new(),
        rejects: Vec::new(),
    }
}

/// A rule without proof, for what objects do to it.
fn asked(when: &str, kind: &Kind, json: &str) -> Remarks {
    let env = Arc::new(compile::environment());
    let all = vec![Rule::new(&env, &rule(when)).expect("it compiles")];
    Rules { env, all }.look(kind, json)
}

fn holds(when: &str, json: &str) -> bool {
    let said = asked(when, &Kind::Deployment, json);
    assert_eq!(said.failed, [], "{when}");
    !said.hold.is_empty()
}

fn wrong(rule: ObjectRule) -> String {
    let errors = Rules::compile(&[rule]).expect_err("it is wrong");
    errors.iter().map(|e| e.why.clone()).collect::<Vec<_>>().join("; ")
}

const CART: &str = r#"{"kind":"Deployment","metadata":{"name":"cart","namespace":"shop","labels":{"b":"2","a":"1"}},
  "spec":{"replicas":12,"template":{"spec":{"containers":[{"name":"app","resources":{"limits":{"memory":"3Gi"}}},{"name":"log"}]}}}}"#;

#[test]
fn an_object_is_asked() {
    for when in [
        "object.spec.replicas > 10",
        "object.spec.replicas == 12 && object.spec.replicas + 1 == 13",
        "object.spec.template.spec.containers.exists(c, !has(c.resources))",
        "object.metadata.labels.all(k, object.metadata.labels[k] in ['1', '2'])",
        "size(object.metadata.labels) == 2 && 'a' in object.metadata.labels",
        "object.metadata.name.matches('^ca.t$') && object.metadata.name.startsWith('ca')",
        "quantity(object.spec.template.spec.containers[0].resources.limits.memory) > quantity('2Gi')",
        "object.metadata.labels == object.metadata.labels && object.spec != object.metadata",
    ] {
        assert!(holds(when, CART), "{when}");
    }
    assert!(!holds("has(object.spec.paused)", CART));
}

#[test]
fn a_finding_quotes_the_fields_and_carries_params() {
    let mut rule =
        rule("object.spec.replicas > 10 && !has(object.spec.paused) && object.metadata.labels['a'] == '1'");
    for (name, text) in [
        ("replicas", "object.spec.replicas"),
        ("labels", "object.metadata.labels.map(k, k)"),
        ("gone", "object.spec.gone"),
        ("tree", "object.spec"),
    ] {
        rule.params.insert(name.to_owned(), text.to_owned());
    }
    let env = Arc::new(compile::environment());
    let rules = Rules { all: vec![Rule::new(&env, &rule).expect("it compiles")], env };
    let said = rules.look(&Kind::Deployment, CART);
    let [remark] = said.hold.as_slice() else { panic!("{said:?}") };
    assert_eq!(remark.subject, Subject::new(Kind::Deployment, "shop", "cart"));
    assert_eq!(remark.text, "spec.replicas: 12, spec.paused: ∅, metadata.labels.a: 1");
    let params: Vec<_> = remark.params.iter().map(|(k, v)| format!("{k}={v}")).collect();
    assert_eq!(params, ["labels=a, b", "replicas=12"]);
    let said = asked("[1, 2].exists(x, x == 2)", &Kind::Deployment, CART);
    assert_eq!(said.hold.iter().map(|r| r.text.as_str()).collect::<Vec<_>>(), ["[1, 2].exists(x, x == 2)"]);
}

#[test]
fn what_cannot_be_evaluated_is_a_failure() {
    for (when, part) in [
        ("object.spec.gone > 3", "gone"),
        ("object.spec.replicas", "a number, not true or false"),
        ("object.spec.replicas / 0 == 1", "zero"),
        ("quantity(object.metadata.name) > 1.0", "no quantity"),
        ("object.metadata.name > 3", ""),
    ] {
        let said = asked(when, &Kind::Deployment, CART);
        assert!(said.hold.is_empty(), "{when}");
        assert!(said.failed.iter().any(|f| f.says.to_lowercase().contains(part)), "{when}: {said:?}");
    }
    assert_eq!(asked("object.spec.gone > 3", &Kind::Node, CART), Remarks::default());
    assert_eq!(asked("true", &Kind::Deployment, "{"), Remarks::default());
}

#[test]
fn a_secret_shows_nothing_that_is_secret() {
    let json = r#"{"kind":"Secret","type":"Opaque","metadata":{"name":"s","namespace":"n","annotations":{"last":"aHVudGVyMg=="},
      "managedFields":[{"x":1}]},"data":{"password":"aHVudGVyMg=="},"stringData":{"p":"hunter2"}}"#;
    let hidden = "has(object.data) || has(object.stringData) || has(object.metadata.annotations)";
    assert_eq!(asked(hidden, &Kind::Secret, json), Remarks::default());
    assert_eq!(asked("object.type == 'Opaque'", &Kind::Secret, json).hold.len(), 1);
    // A list may leave the kind to the file, and an object may lie about it.
    assert_eq!(asked(hidden, &Kind::Secret, &json.replacen("Secret", "Deployment", 1)), Remarks::default());
    assert_eq!(asked(hidden, &Kind::Deployment, json), Remarks::default());
}

#[test]
fn loops_over_large_objects_are_bounded() {
    let items = vec!["1"; 3000].join(",");
    let json = format!(r#"{{"metadata":{{"name":"x"}},"l":[{items}]}}"#);
    assert!(holds("object.l.all(a, a == 1)", &json));
    let said = asked("object.l.all(a, object.l.all(b, a == b))", &Kind::Deployment, &json);
    assert!(said.failed.iter().any(|f| f.says.contains("too large for 2 nested loops")), "{said:?}");
}

#[test]
fn expressions_are_bounded() {
    let nested = |n: usize| format!("{}1{} == 1", "(".repeat(n), ")".repeat(n));
    assert!(holds(&nested(10), CART));
    let long = vec!["1"; 30].join(" + ");
    assert!(holds(&format!("{long} == 30"), CART));
    for when in [
        nested(40),
        format!("{} == 1", vec!["1"; 500].join(" + ")),
        format!("{}true", "!".repeat(3000)),
        format!("{}1", "true ? 1 : ".repeat(300)),
        "x".repeat(5000),
        "object.a.all(a, a.all(b, b.all(c, c.all(d, d))))".to_owned(),
        "1 +".to_owned(),
        ".".to_owned(),
        "/".to_owned(),
        "(".to_owned(),
        String::new(),
        "objekt.spec.replicas > 1".to_owned(),
        "nonsense(".to_owned(),
    ] {
        let start: String = when.chars().take(30).collect();
        // Three thousand negations are one operation to the parser.
        if let Err(why) = Rule::new(&Arc::new(compile::environment()), &rule(&when)) {
            assert!(!why.is_empty() && !why.contains('\n'), "{start}: {why}");
        } else {
            assert!(start.starts_with('!'), "{start}");
        }
    }
}

#[test]
fn the_deepest_expressions_fit_a_small_stack() {
    let deep = format!("{} == 38", vec!["1"; 38].join(" + "));
    let run = move || holds(&deep, CART);
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(run).expect("a thread");
    assert!(thread.join().expect("it returns"));
}

#[test]
fn examples_are_proven() {
    let with = |matches: &[&str], rejects: &[&str]| ObjectRule {
        matches: matches.iter().map(ToString::to_string).collect(),
        rejects: rejects.iter().map(ToString::to_string).collect(),
        ..rule("object.spec.replicas > 10")
    };
    assert!(Rules::compile(&[with(&["spec: {replicas: 11}"], &["spec:\n  replicas: 10"])]).is_ok());
    assert!(wrong(with(&[], &[])).contains("needs an object that matches"));
    assert!(wrong(with(&["{\"spec\":{\"replicas\":1}}"], &[])).contains("does not match its own example"));
    assert!(wrong(with(&["spec: {replicas: 11}"], &["spec: {replicas: 12}"])).contains("must reject"));
    assert!(wrong(with(&["spec: {replicas: 11}"], &["spec: {}"])).contains("replicas"));
    assert!(wrong(with(&["spec: {{"], &[])).contains("no YAML"));
    let mut params = with(&["spec: {replicas: 11}"], &[]);
    params.params.insert("n".to_owned(), "object.metadata.name".to_owned());
    assert!(wrong(params).contains("params.n has no value"));
}
