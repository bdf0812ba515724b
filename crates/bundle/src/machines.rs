//! Files of machines whose folders do not name them: the name is what a file of hostnames says, else what the lines of their logs do,
//! else the folder.

use crate::split;
use std::collections::BTreeMap;

/// A file: its name in a plain capture, its path, its text.
pub type File = (String, String, String);

/// Files by the folder of their machine.
#[derive(Debug, Default)]
pub struct Machines {
    all: BTreeMap<String, Machine>,
}

#[derive(Debug, Default)]
struct Machine {
    hostname: Option<String>,
    files: Vec<File>,
}

impl Machines {
    /// Takes a file.
    pub fn file(&mut self, folder: &str, name: &str, path: &str, text: String) {
        let machine = self.all.entry(folder.to_owned()).or_default();
        machine.files.push((name.to_owned(), path.to_owned(), text));
    }

    /// Takes the text of a file that holds the machine's name.
    pub fn hostname(&mut self, folder: &str, text: &str) {
        let name = text.lines().next().map(str::trim).filter(|n| is_name(n));
        let machine = self.all.entry(folder.to_owned()).or_default();
        machine.hostname = machine.hostname.take().or(name.map(str::to_owned));
    }

    /// The machines' names and files; a name is nothing where none is known. `nodes` are those of the cluster: a machine that calls
    /// itself `w1` is the only node `w1.example.org`.
    pub fn finish(self, nodes: &[String]) -> Vec<(Option<String>, Vec<File>)> {
        let name = |(folder, machine): (String, Machine)| {
            let said = || {
                machine.files.iter().find_map(|(_, _, text)| text.lines().take(2000).find_map(split::host))
            };
            let own = machine.hostname.as_deref().or_else(said).map(str::to_owned);
            let name = own.or_else(|| Some(folder).filter(|f| !f.is_empty()));
            (name.map(|name| node(name, nodes)), machine.files)
        };
        self.all.into_iter().filter(|(_, m)| !m.files.is_empty()).map(name).collect()
    }
}

fn node(name: String, nodes: &[String]) -> String {
    if nodes.contains(&name) {
        return name;
    }
    let short = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let mut same = nodes.iter().filter(|node| short(node) == short(&name));
    match (same.next(), same.next()) {
        (Some(node), None) => node.clone(),
        _ => name,
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 253
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_surest_name_counts() {
        let mut machines = Machines::default();
        let line = "Nov 22 17:48:05 w-2 kubelet[8]: a\n";
        machines.file("sosreport-x", "kubelet.log", "p", line.to_owned());
        machines.hostname("sosreport-x", "w-1\n");
        machines.file("other", "kubelet.log", "p", line.to_owned());
        machines.file("folder", "df.txt", "p", String::new());
        machines.file("", "df.txt", "p", String::new());
        machines.hostname("empty", "w-9\n");
        let nodes = ["w-2.example.org".to_owned()];
        let names: Vec<Option<String>> = machines.finish(&nodes).into_iter().map(|(name, _)| name).collect();
        let expected = [None, Some("folder"), Some("w-2.example.org"), Some("w-1")];
        assert_eq!(names, expected.map(|n| n.map(str::to_owned)));
    }
}
