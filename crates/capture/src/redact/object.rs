//! Masks objects: by the names of variables, annotations and parameters, and every other text by the patterns.

use super::{MASK, Redactor, is_harmless};
use kubecause_evidence::kube::ConfigMap;
use serde_json::{Map, Value};

/// Fields whose values are names, chosen by people to be seen; causes compare them letter by letter. And the record of
/// who set which field, which holds no values.
const LEFT_ALONE: [&str; 12] = [
    "labels",
    "matchLabels",
    "selector",
    "nodeSelector",
    "managedFields",
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "image",
    "imageID",
    "containerID",
];

/// Maps whose keys people choose, and whose values may be secrets.
const NAMED: [&str; 5] = ["annotations", "parameters", "volumeAttributes", "options", "attributes"];

impl Redactor {
    /// Masks what is secret in an object of that kind.
    pub fn object(&self, kind: &str, object: &mut Value) {
        match kind {
            "ConfigMap" => config_map(object),
            // Never asked for; should one come, its name is all that stays.
            "Secret" => object.as_object_mut().into_iter().for_each(|o| o.retain(|key, _| key == "metadata")),
            _ => {}
        }
        self.value("", object);
    }

    fn value(&self, key: &str, value: &mut Value) {
        match value {
            Value::String(text) => self.string(text),
            Value::Array(items) => self.items(key, items),
            Value::Object(fields) => self.fields(key, fields),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn string(&self, text: &mut String) {
        if cannot_hold(text) {
            return;
        }
        if let std::borrow::Cow::Owned(masked) = self.text(text) {
            *text = masked;
        }
    }

    fn items(&self, key: &str, items: &mut [Value]) {
        let mut after_flag = false;
        for item in items {
            if after_flag {
                hide(item);
            }
            after_flag = item.as_str().is_some_and(|i| self.flag.is_match(i));
            self.value(key, item);
        }
    }

    fn fields(&self, key: &str, fields: &mut Map<String, Value>) {
        let named = fields.get("name").and_then(Value::as_str).is_some_and(|n| self.is_header_or_secret(n));
        if let Some(value) = fields.get_mut("value").filter(|_| named) {
            hide(value);
        }
        let is_named = NAMED.contains(&key);
        for (name, value) in
            fields.iter_mut().filter(|(name, _)| is_named || !LEFT_ALONE.contains(&name.as_str()))
        {
            if is_named && (self.whole.contains(name) || self.is_secret(name)) {
                hide(value);
            }
            self.value(name, value);
        }
    }

    /// Environment variables, and headers of probes.
    fn is_header_or_secret(&self, name: &str) -> bool {
        self.is_secret(name)
            || name.eq_ignore_ascii_case("authorization")
            || name.eq_ignore_ascii_case("cookie")
    }
}

/// Whether a text is too short and too plain for any pattern: most texts of an object are words, numbers and times.
fn cannot_hold(text: &str) -> bool {
    let is_word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'/');
    let is_time = |b: u8| b.is_ascii_digit() || matches!(b, b'-' | b'.' | b':' | b'T' | b'Z' | b'+');
    text.len() < 5 || text.len() < 15 && text.bytes().all(is_word) || text.bytes().all(is_time)
}

fn hide(value: &mut Value) {
    if value.as_str().is_some_and(|v| !is_harmless(v)) {
        *value = Value::String(MASK.to_owned());
    }
}

/// Of a ConfigMap the keys are what causes are read from; the values of a few system ones too.
fn config_map(object: &mut Value) {
    let text = |key: &str| object.pointer(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let kept = ConfigMap::keeps_values_of(&text("/metadata/namespace"), &text("/metadata/name"));
    for field in ["data", "binaryData"] {
        let values = object.get_mut(field).and_then(Value::as_object_mut).filter(|_| !kept);
        values.into_iter().flat_map(Map::values_mut).for_each(hide);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn masked(kind: &str, mut object: Value) -> Value {
        Redactor::new().expect("rules").object(kind, &mut object);
        object
    }

    #[test]
    fn values_go_and_names_stay() {
        let pod = json!({
            "metadata": {
                "name": "token-cart", "labels": {"token": "abc"},
                "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "api-token": "x", "checksum": "y"},
            },
            "spec": {
                "nodeSelector": {"password": "x"},
                "volumes": [{"secret": {"secretName": "cart-password"}}],
                "tolerations": [{"key": "token", "value": "x"}],
                "containers": [{
                    "image": "r:5000/cart", "args": ["--db-password", "hunter2", "--port", "80", "--token=abc"],
                    "env": [
                        {"name": "DB_HOST", "value": "db:5432"}, {"name": "DB_PASSWORD", "value": "hunter2"},
                        {"name": "URL", "value": "amqp://a:b@mq:5672/"}, {"name": "EMPTY_TOKEN", "value": ""},
                        {"name": "API_KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "api-key"}}},
                    ],
                    "livenessProbe": {"httpGet": {"port": 80, "httpHeaders": [{"name": "Authorization", "value": "x"}]}},
                }],
            },
        });
        let got = masked("Pod", pod.clone());
        let mut want = pod;
        for path in [
            "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration",
            "/metadata/annotations/api-token",
            "/spec/containers/0/args/1",
            "/spec/containers/0/env/1/value",
            "/spec/containers/0/livenessProbe/httpGet/httpHeaders/0/value",
        ] {
            *want.pointer_mut(path).expect(path) = json!(MASK);
        }
        *want.pointer_mut("/spec/containers/0/args/4").expect("args") = json!("--token=***");
        *want.pointer_mut("/spec/containers/0/env/2/value").expect("env") = json!("amqp://a:***@mq:5672/");
        let annotation = "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration";
        assert_eq!(got.pointer(annotation), Some(&json!(MASK)));
        assert_eq!(got, want);
        assert_eq!(masked("Pod", got.clone()), got);
    }

    #[test]
    fn what_is_passed_over_holds_nothing() {
        let (data, redactor) =
            (crate::redact::data::Data::shipped().expect("data"), Redactor::new().expect("rules"));
        for (text, _) in data.patterns.iter().flat_map(|p| &p.masks) {
            assert!(!cannot_hold(text), "{text}");
        }
        for text in ["Always", "10.0.0.1", "2026-11-22T17:48:32Z", "pwd", "token/password"] {
            assert!(cannot_hold(text) && redactor.text(text) == text, "{text}");
        }
    }

    #[test]
    fn of_config_maps_the_keys_stay_and_of_secrets_the_names() {
        let map =
            |ns: &str, name: &str| json!({"metadata": {"namespace": ns, "name": name}, "data": {"a": "b"}});
        assert_eq!(masked("ConfigMap", map("shop", "x")).pointer("/data/a"), Some(&json!(MASK)));
        assert_eq!(masked("ConfigMap", map("kube-system", "coredns")).pointer("/data/a"), Some(&json!("b")));
        let secret = masked("Secret", json!({"metadata": {"name": "s"}, "data": {"a": "b"}, "type": "x"}));
        assert_eq!(secret, json!({"metadata": {"name": "s"}}));
    }
}
