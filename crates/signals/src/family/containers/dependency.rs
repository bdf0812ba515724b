//! Whom a log line means: the host and port in it, and the Service or pod of this cluster behind them.

use kubecause_evidence::kube::{Container, Pod, Service};
use kubecause_evidence::{Kind, Snapshot, Str, Subject};
use regex::Regex;
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// What an application calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// Name or address, lower case.
    pub host: String,
    /// The port, where the line says it.
    pub port: Option<u16>,
}

/// Forms in which a line names a host that did not resolve, or a host and port apart from each other.
static NAMED: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        r"lookup (?P<host>[A-Za-z0-9._-]+)",
        r"(?:ENOTFOUND|EAI_AGAIN) (?P<host>[A-Za-z0-9._-]+)(?::(?P<port>\d+))?",
        r#"UnknownHostException: "?(?P<host>[A-Za-z0-9._-]+)"#,
        r#"could not translate host name "(?P<host>[^"]+)""#,
        r"(?i)could not resolve host:? '?(?P<host>[A-Za-z0-9._-]+)",
        r#"host not found in upstream "(?P<host>[A-Za-z0-9._-]+)(?::(?P<port>\d+))?"#,
        r"bad address '(?P<host>[A-Za-z0-9._-]+)(?::(?P<port>\d+))?'",
        r"can't resolve '(?P<host>[A-Za-z0-9._-]+)'",
        r"server can't find (?P<host>[A-Za-z0-9._-]+): NXDOMAIN",
        // postgres src/interfaces/libpq/po: the same sentence in other languages.
        r#"(?:Hostnamen|nom d'hôte|主机名|имени узла|nombre de host|ホスト名)\s?[»«"“「]\s?(?P<host>[A-Za-z0-9._-]+)"#,
        r#"server at "(?P<host>[^"]+)"(?: \([^)]*\))?,? port (?P<port>\d+)"#,
        r#"(?i)host(?:name)?[ =:]+["']?(?P<host>[A-Za-z0-9][A-Za-z0-9._-]*)["']?[ ,;]+port[ =:]+["']?(?P<port>\d+)"#,
    ]
    .iter()
    .filter_map(|form| Regex::new(form).ok())
    .collect()
});

/// `host:port` anywhere in a line, in URLs too.
static PAIR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:^|[\s/@(\[>='\x22,])(?P<host>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?):(?P<port>\d{2,5})(?:[^\d:.]|$|: )").ok()
});

/// The host and port that a line names; the callee where it names both ends (`caller->callee`).
pub fn endpoint_in(line: &str) -> Option<Endpoint> {
    // A lookup that failed quotes the packet to the DNS server as well: the name is what was called.
    let callee = line.rsplit_once("->").filter(|_| !line.contains("lookup "));
    let line = callee.map_or(line, |(_, callee)| callee);
    let named = NAMED.iter().find_map(|form| form.captures(line));
    let captures = named.or_else(|| pairs(line))?;
    let host = captures.name("host")?.as_str().trim_end_matches('.').to_lowercase();
    let port = captures.name("port").and_then(|p| p.as_str().parse().ok());
    Some(Endpoint { host, port })
}

/// The last pair whose host is no time of day and no source file.
fn pairs(line: &str) -> Option<regex::Captures<'_>> {
    let regex = PAIR.as_ref()?;
    regex.captures_iter(line).filter(|c| c.name("host").is_some_and(|h| is_host(h.as_str()))).last()
}

fn is_host(text: &str) -> bool {
    const SOURCES: [&str; 9] = [".go", ".rs", ".py", ".js", ".ts", ".java", ".rb", ".conf", ".yaml"];
    let address = text.parse::<std::net::Ipv4Addr>().is_ok();
    let has_letter = text.bytes().any(|b| b.is_ascii_alphabetic());
    (address || has_letter) && !SOURCES.iter().any(|end| text.ends_with(end))
}

/// Whether the host is the pod itself.
pub fn is_local(host: &str) -> bool {
    host == "localhost" || host.starts_with("127.") || host == "0.0.0.0"
}

/// Who a host is, in this cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Callee {
    /// This Service.
    Service(Subject),
    /// A name of this cluster's form, without a Service behind it: namespace and name.
    Nobody(String, String),
    /// Outside, or unknown.
    Elsewhere,
}

/// Services and pods by address.
#[derive(Debug)]
pub struct Directory<'a> {
    snapshot: &'a Snapshot,
    by_address: FxHashMap<Str, Subject>,
}

impl<'a> Directory<'a> {
    /// Reads the addresses.
    pub fn new(snapshot: &'a Snapshot) -> Self {
        let services = snapshot.services.all().iter().filter(|s| s.spec.cluster_ip.contains(['.', ':']));
        let by_address =
            services.map(|s| (s.spec.cluster_ip.arc(), s.metadata.subject(Kind::Service))).collect();
        Self { snapshot, by_address }
    }

    /// Whom a host means to a pod of that namespace.
    pub fn callee(&self, namespace: &str, host: &str) -> Callee {
        if is_local(host) {
            return Callee::Elsewhere;
        }
        if let Some(service) = self.by_address.get(host) {
            return Callee::Service(service.clone());
        }
        if host.parse::<std::net::IpAddr>().is_ok() {
            return Callee::Elsewhere;
        }
        let Some((ns, name)) = self.local_name(namespace, host) else { return Callee::Elsewhere };
        match self.snapshot.services.get(ns, name) {
            Some(service) => Callee::Service(service.metadata.subject(Kind::Service)),
            None if self.snapshot.has_in(&Kind::Service, ns) => {
                Callee::Nobody(ns.to_owned(), name.to_owned())
            }
            None => Callee::Elsewhere,
        }
    }

    /// Namespace and name of the Service that a name of this cluster's form means: `db`, `db.shop`, `db.shop.svc…`,
    /// `db-0.db.shop.svc…`. A name of two labels counts only when the second is a namespace.
    fn local_name<'b>(&self, namespace: &'b str, host: &'b str) -> Option<(&'b str, &'b str)> {
        let labels: Vec<&str> = host.split('.').collect();
        match labels.as_slice() {
            [name] => Some((namespace, name)),
            [name, ns] | [_, name, ns] if self.is_namespace(ns) => Some((ns, name)),
            [name, ns, "svc", ..] | [_, name, ns, "svc", ..] => Some((ns, name)),
            _ => None,
        }
    }

    fn is_namespace(&self, name: &str) -> bool {
        self.snapshot.namespaces.get("", name).is_some()
            || !self.snapshot.services.in_namespace(name).is_empty()
    }

    /// The Service of that subject.
    pub fn service(&self, subject: &Subject) -> Option<&'a Service> {
        self.snapshot.services.get(subject.ns(), &subject.name)
    }

    /// The name of a Service in that namespace that is nearest to a name that does not exist.
    pub fn nearest(&self, namespace: &str, name: &str) -> Option<&'a str> {
        let services = self.snapshot.services.in_namespace(namespace).iter();
        let near = services.map(|s| (distance(&s.metadata.name, name), s.metadata.name.as_str()));
        near.filter(|(d, n)| *d <= 3 || n.contains(name) || name.contains(n)).min().map(|(_, n)| n)
    }

    /// The Services that a container's literal environment names: what it calls.
    pub fn in_environment(&self, pod: &Pod, container: &Container) -> Vec<Subject> {
        let values = container.env.iter().filter(|e| !e.value.is_empty());
        let hosts = values.filter_map(|e| host_of_value(&e.value));
        let mut found: Vec<Subject> = hosts
            .filter_map(|host| match self.callee(&pod.metadata.namespace, &host) {
                Callee::Service(subject) => Some(subject),
                Callee::Nobody(..) | Callee::Elsewhere => None,
            })
            .collect();
        found.sort();
        found.dedup();
        found
    }
}

/// The host in a value of the environment: `db`, `db:5432`, `postgres://u:p@db.shop:5432/x`.
pub fn host_of_value(value: &str) -> Option<String> {
    let rest = value.split_once("://").map_or(value, |(_, rest)| rest);
    let rest = rest.split(['/', '?', ',']).next()?;
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let host = rest.split(':').next()?;
    let valid = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    valid.then(|| host.to_lowercase())
}

/// The name of the variable of a container whose literal value holds that host.
pub fn variable_with<'a>(container: &'a Container, host: &str) -> Option<&'a str> {
    let holds = |value: &str| host_of_value(value).is_some_and(|h| h == host);
    container.env.iter().find(|e| holds(&e.value)).map(|e| &*e.name)
}

/// How many letters must change, as Levenshtein counts; for short names.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, y) in row.iter_mut().skip(1).zip(b.bytes()) {
            let change = diagonal + usize::from(x != y);
            diagonal = *cell;
            left = change.min(left + 1).min(*cell + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_name_whom_they_call() {
        let of = |line| endpoint_in(line).map(|e| (e.host, e.port));
        let is = |host: &str, port| Some((host.to_owned(), port));
        assert_eq!(
            of("dial tcp 10.96.67.173:5432: connect: connection refused"),
            is("10.96.67.173", Some(5432))
        );
        assert_eq!(of("dial tcp: lookup orders-db on 10.96.0.10:53: no such host"), is("orders-db", None));
        assert_eq!(
            of("lookup db on 10.9.0.10:53: read udp 10.1.1.1:3->10.9.0.10:53: i/o timeout"),
            is("db", None)
        );
        assert_eq!(
            of("konnte Hostnamen »db.shop« nicht in Adresse übersetzen: Der Name"),
            is("db.shop", None)
        );
        assert_eq!(of("错误：无法连接 mysql.shop.svc:3306：拒绝连接"), is("mysql.shop.svc", Some(3306)));
        assert_eq!(of("Error: connect ECONNREFUSED 10.96.0.12:6379"), is("10.96.0.12", Some(6379)));
        assert_eq!(of("Error: getaddrinfo ENOTFOUND redis-master"), is("redis-master", None));
        assert_eq!(
            of(
                "2026-11-22 17:40:14 main.go:42 cannot reach http://catalog.shop:8080/items: connection refused"
            ),
            is("catalog.shop", Some(8080))
        );
        assert_eq!(
            of("connection to server at \"db\" (10.96.0.5), port 5432 failed: Connection refused"),
            is("db", Some(5432))
        );
        assert_eq!(
            of("read tcp 10.244.1.7:44312->10.96.0.20:6379: read: connection reset by peer"),
            is("10.96.0.20", Some(6379))
        );
        assert_eq!(of("could not translate host name \"pg\" to address"), is("pg", None));
        assert_eq!(of("17:40:14 connection refused"), None);
    }

    #[test]
    fn values_hold_hosts() {
        assert_eq!(host_of_value("postgres://u:p@db.shop:5432/x").as_deref(), Some("db.shop"));
        assert_eq!(host_of_value("redis:6379").as_deref(), Some("redis"));
        assert_eq!(host_of_value("a sentence"), None);
        assert_eq!(distance("orders-db", "order-db"), 1);
    }
}
