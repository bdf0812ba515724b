//! Config maps, secrets, service accounts.
//!
//! Of a secret the names of its keys are read and nothing else: the printer shows the token of a service account in clear.

use super::json::Obj;
use super::tree::{Block, Entry, Line, shown, split_key};
use serde_json::{Map, Value};

/// Fills a config map from the lines that begin with `Data`.
pub(super) fn config_map(data: &[Line<'_>], out: &mut Obj) {
    let mut values: Map<String, Value> = Map::new();
    let mut binary: Map<String, Value> = Map::new();
    let mut open: Option<(&str, String)> = None;
    let mut in_binary = false;
    let mut lines = data.iter().peekable();
    while let Some(line) = lines.next() {
        let next = lines.peek().map_or("", |l| l.text);
        let heading = matches!(line.text, "Data" | "BinaryData") && next == "====";
        let key = line.text.strip_suffix(':').filter(|k| next == "----" && !k.contains(char::is_whitespace));
        if heading || key.is_some() {
            values.extend(open.take().map(closed));
            in_binary = line.text == "BinaryData" || (in_binary && !heading);
            open = key.map(|k| (k, String::new()));
            lines.next();
        } else if in_binary {
            let named = split_key(line.text).filter(|(_, size)| size.ends_with(" bytes"));
            binary.extend(named.map(|(key, _)| (key.to_owned(), Value::Null)));
        } else if let Some((_, value)) = &mut open {
            if line.after_blank {
                value.push('\n');
            }
            value.push_str(&" ".repeat(line.indent.min(200)));
            value.push_str(line.text);
            value.push('\n');
        }
    }
    values.extend(open.map(closed));
    if !values.is_empty() {
        out.set("data", values);
    }
    if !binary.is_empty() {
        out.set("binaryData", binary);
    }
}

fn closed((key, value): (&str, String)) -> (String, Value) {
    (key.to_owned(), value.trim_start_matches('\n').into())
}

/// Fills a secret: its type and the names of its keys.
pub(super) fn secret(root: Block<'_>, data: &[Line<'_>], out: &mut Obj) {
    out.put("type", root.value("Type"));
    let keys = data.iter().filter(|l| l.indent == 0).filter_map(|l| split_key(l.text)).map(|(key, _)| key);
    let keys: Map<String, Value> =
        keys.filter(|k| !k.contains(char::is_whitespace)).map(|k| (k.to_owned(), Value::Null)).collect();
    if !keys.is_empty() {
        out.set("data", keys);
    }
}

/// Fills a service account.
pub(super) fn account(root: Block<'_>, out: &mut Obj) {
    let names = |key: &str| {
        let items: Vec<&str> = root.get(key).iter().flat_map(Entry::items).collect();
        items.into_iter().filter_map(|item| {
            let mut out = Obj::new();
            out.set("name", shown(item.trim_end_matches("(not found)"))?);
            Some(out)
        })
    };
    out.list("imagePullSecrets", names("Image pull secrets"));
    out.list("secrets", names("Mountable secrets"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe::tree::lines;

    #[test]
    fn a_config_map_keeps_the_shape_of_its_values() {
        let data = lines(
            "Data\n====\nCorefile:\n----\n.:53 {\n    errors\n\n    forward . /etc/resolv.conf\n}\n\nother:\n----\nx\n\n\nBinaryData\n====\nblob: 12 bytes\n",
        );
        let mut out = Obj::new();
        config_map(&data, &mut out);
        let out = Value::from(out);
        assert_eq!(out["data"]["Corefile"], ".:53 {\n    errors\n\n    forward . /etc/resolv.conf\n}\n");
        assert_eq!(out["data"]["other"], "x\n");
        assert!(out["binaryData"].get("blob").is_some());
    }

    #[test]
    fn no_value_of_a_secret_is_kept() {
        let head = crate::describe::tree::Tree::new(lines("Type:  kubernetes.io/service-account-token\n"));
        let data = lines("Data\n====\nca.crt:     1029 bytes\ntoken:      eyJhbGciOi\n");
        let mut out = Obj::new();
        secret(head.root(), &data, &mut out);
        let text = Value::from(out).to_string();
        assert!(text.contains("token") && text.contains("ca.crt"));
        assert!(!text.contains("eyJhbGciOi") && !text.contains("1029"));
    }
}
