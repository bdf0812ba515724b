//! Configuration, quotas and limits. Secrets are names only: no value of one is ever read.

use super::meta::{Meta, Resources};
use crate::de::{self, List, Sym};
use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use std::fmt;

/// A `ConfigMap`'s keys. Values are kept only for the few system ones in [`ConfigMap::keeps_values`].
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ConfigMap {
    pub metadata: Meta,
    #[serde(deserialize_with = "de::nullable")]
    pub data: Data,
    #[serde(deserialize_with = "de::nullable")]
    pub binary_data: Keys,
}

impl ConfigMap {
    /// System `ConfigMap`s whose values some signal reads: DNS, proxy and ingress configuration.
    pub fn keeps_values(&self) -> bool {
        Self::keeps_values_of(&self.metadata.namespace, &self.metadata.name)
    }

    /// The same of one that has that namespace and name.
    pub fn keeps_values_of(namespace: &str, name: &str) -> bool {
        matches!(namespace, "kube-system" | "ingress-nginx")
            && ["coredns", "kube-dns", "kube-proxy", "nginx-configuration", "ingress-nginx-controller"]
                .contains(&name)
    }

    pub fn has_key(&self, key: &str) -> bool {
        self.keys().any(|k| *k == *key)
    }

    pub fn keys(&self) -> impl Iterator<Item = &Sym> {
        self.data.0.iter().map(|(k, _)| k).chain(&*self.binary_data.0)
    }

    /// The value of that key, where values are kept.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.data.0.iter().find(|(k, v)| *k == *key && !v.is_empty()).map(|(_, v)| &**v)
    }
}

/// Keys with their values.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Data(#[serde(deserialize_with = "pairs")] pub Vec<(Sym, Box<str>)>);

fn pairs<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<(Sym, Box<str>)>, D::Error> {
    struct V;
    impl<'de> Visitor<'de> for V {
        type Value = Vec<(Sym, Box<str>)>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map of strings")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut out = Vec::new();
            while let Some(entry) = map.next_entry()? {
                out.push(entry);
            }
            Ok(out)
        }
    }
    deserializer.deserialize_map(V)
}

/// The keys of a map whose values are skipped.
#[derive(Debug, Clone, Default)]
pub struct Keys(pub Box<[Sym]>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Keys;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
                let mut keys = Vec::new();
                while let Some((key, IgnoredAny)) = map.next_entry::<Sym, IgnoredAny>()? {
                    keys.push(key);
                }
                Ok(Keys(keys.into()))
            }
        }
        deserializer.deserialize_map(V)
    }
}

/// A Secret's name. `data` is not a field of this type, so it is skipped while reading.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SecretName {
    pub metadata: Meta,
    #[serde(rename = "type")]
    pub kind: Sym,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServiceAccount {
    pub metadata: Meta,
    pub image_pull_secrets: List<super::pod::Named>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ResourceQuota {
    pub metadata: Meta,
    #[serde(deserialize_with = "de::nullable")]
    pub status: QuotaStatus,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct QuotaStatus {
    pub hard: Resources,
    pub used: Resources,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LimitRange {
    pub metadata: Meta,
    #[serde(deserialize_with = "de::nullable")]
    pub spec: LimitRangeSpec,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LimitRangeSpec {
    pub limits: List<LimitRangeItem>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LimitRangeItem {
    #[serde(rename = "type")]
    pub kind: Sym,
    pub max: Resources,
    pub min: Resources,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PriorityClass {
    pub metadata: Meta,
    pub value: i64,
    pub global_default: bool,
}

/// An object of which only the metadata is read.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Bare {
    pub metadata: Meta,
}
