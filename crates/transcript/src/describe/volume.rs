//! Volumes of pods and sources of persistent volumes: a `Type:` line and its fields.

use super::json::{Obj, boolean, number};
use super::tree::{Block, shown, split_key};
use serde_json::Value;

/// The volumes of a `Volumes:` section.
pub(super) fn volumes(section: Option<Block<'_>>) -> Vec<Value> {
    let entries = section.into_iter().flat_map(Block::entries);
    let named = entries.filter_map(|e| {
        let (name, value) = split_key(e.line.text)?;
        if !value.is_empty() || name.contains(' ') {
            return None;
        }
        let mut out = Obj::new();
        out.set("name", name);
        source(e.body, &mut out);
        Some(out.into())
    });
    named.collect()
}

/// Sets the field that says what kind of volume it is.
pub(super) fn source(block: Block<'_>, out: &mut Obj) {
    let Some(kind) = block.value("Type").and_then(|t| t.split_whitespace().next()) else { return };
    match kind {
        "HostPath" => {
            out.put("hostPath.path", block.value("Path"));
            out.put("hostPath.type", block.value("HostPathType"));
        }
        "EmptyDir" => {
            out.set("emptyDir", Obj::new());
            out.put("emptyDir.medium", block.value("Medium"));
            out.put("emptyDir.sizeLimit", block.value("SizeLimit"));
        }
        "Secret" => {
            out.put("secret.secretName", block.value("SecretName"));
            out.put("secret.optional", block.value("Optional").and_then(boolean));
        }
        "ConfigMap" => {
            out.put("configMap.name", block.value("Name"));
            out.put("configMap.optional", block.value("Optional").and_then(boolean));
        }
        "PersistentVolumeClaim" => {
            out.put("persistentVolumeClaim.claimName", block.value("ClaimName"));
            out.put(
                "persistentVolumeClaim.readOnly",
                block.value("ReadOnly").and_then(boolean).filter(|r| *r),
            );
        }
        "Projected" => {
            out.set("projected", Obj::new());
            out.list("projected.sources", projected(block));
        }
        "EphemeralVolume" => ephemeral(block, out),
        "DownwardAPI" => out.set("downwardAPI", Obj::new()),
        "CSI" => plain("csi", block, out),
        "LocalVolume" => out.put("local.path", block.value("Path")),
        other => plain(&field(other), block, out),
    }
}

fn ephemeral(block: Block<'_>, out: &mut Obj) {
    out.set("ephemeral", Obj::new());
    let spec = "ephemeral.volumeClaimTemplate.spec";
    out.put(&format!("{spec}.storageClassName"), block.value("StorageClass"));
    out.put(&format!("{spec}.volumeMode"), block.value("VolumeMode"));
}

/// The sources of a projected volume; `Optional:` belongs to the line before it.
fn projected(block: Block<'_>) -> Vec<Value> {
    let mut out: Vec<Obj> = Vec::new();
    let mut open = None;
    for entry in block.entries() {
        let Some((key, value)) = split_key(entry.line.text) else { continue };
        let mut source = Obj::new();
        match key {
            "ConfigMapName" => source.put("configMap.name", shown(value)),
            "SecretName" => source.put("secret.name", shown(value)),
            "DownwardAPI" => source.set("downwardAPI", Obj::new()),
            "TokenExpirationSeconds" => {
                source.set("serviceAccountToken.path", "token");
                source.put("serviceAccountToken.expirationSeconds", number(value));
            }
            "Optional" | "ConfigMapOptional" | "SecretOptionalName" => {
                if let (Some(field), Some(last)) = (open, out.last_mut()) {
                    last.put(field, boolean(value));
                }
                continue;
            }
            _ => continue,
        }
        open = match key {
            "ConfigMapName" => Some("configMap.optional"),
            "SecretName" => Some("secret.optional"),
            _ => None,
        };
        out.push(source);
    }
    out.into_iter().filter(|s| !s.is_empty()).map(Value::from).collect()
}

/// A source whose fields are called as in the API.
fn plain(name: &str, block: Block<'_>, out: &mut Obj) {
    out.set(name, Obj::new());
    for entry in block.entries() {
        let Some((key, value)) = split_key(entry.line.text) else { continue };
        let unnamed = key.contains(|c: char| !c.is_alphanumeric());
        if unnamed || matches!(key, "Type" | "SecretRef" | "VolumeAttributes" | "Options") {
            continue;
        }
        let Some(value) = shown(value) else { continue };
        let path = format!("{name}.{}", field(key));
        match boolean(value) {
            Some(flag) => out.set(&path, flag),
            None => out.set(&path, value),
        }
    }
}

/// `FSType` → `fsType`, `AWSElasticBlockStore` → `awsElasticBlockStore`, `NFS` → `nfs`.
fn field(name: &str) -> String {
    let upper = name.bytes().take_while(u8::is_ascii_uppercase).count();
    let head = if upper == name.len() { upper } else { upper.saturating_sub(1).max(1) };
    let head = head.min(name.len());
    match name {
        "PDName" => "pdName".to_owned(),
        "VolumeID" => "volumeID".to_owned(),
        _ => name.get(..head).unwrap_or_default().to_ascii_lowercase() + name.get(head..).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe::tree::{Tree, lines};

    #[test]
    fn volumes_of_many_kinds() {
        let text = "  a:
    Type:          HostPath (bare host directory volume)
    Path:          /var
    HostPathType:  DirectoryOrCreate
  b:
    Type:          EmptyDir (a temporary directory that shares a pod's lifetime)
    Medium:
    SizeLimit:     64Mi
  c:
    Type:          PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)
    ClaimName:     data
    ReadOnly:      false
  d:
    Type:                    Projected (a volume that contains injected data from multiple sources)
    TokenExpirationSeconds:  3607
    ConfigMapName:           kube-root-ca.crt
    ConfigMapOptional:       <nil>
    DownwardAPI:             true
    SecretName:  s
    Optional:    true
  e:
    Type:      NFS (an NFS mount that lasts the lifetime of a pod)
    Server:    10.0.0.1
    Path:      /export
    ReadOnly:  false
  f:
  <unknown>
";
        let tree = Tree::new(lines(text));
        let found = volumes(Some(tree.root()));
        assert_eq!(found.len(), 6);
        assert_eq!(found[0]["hostPath"]["type"], "DirectoryOrCreate");
        assert_eq!(found[1]["emptyDir"]["sizeLimit"], "64Mi");
        assert_eq!(found[2]["persistentVolumeClaim"]["claimName"], "data");
        let sources = &found[3]["projected"]["sources"];
        assert_eq!(sources[1]["configMap"]["name"], "kube-root-ca.crt");
        assert!(sources[1]["configMap"].get("optional").is_none());
        assert_eq!(sources[3]["secret"]["optional"], true);
        assert_eq!(found[4]["nfs"]["server"], "10.0.0.1");
        assert_eq!(found[5].to_string(), r#"{"name":"f"}"#);
    }

    #[test]
    fn names_of_fields() {
        for (name, want) in [
            ("NFS", "nfs"),
            ("FSType", "fsType"),
            ("AWSElasticBlockStore", "awsElasticBlockStore"),
            ("Driver", "driver"),
        ] {
            assert_eq!(field(name), want);
        }
    }
}
