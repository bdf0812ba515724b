//! A pasted text → blocks: a command, where one is shown, and what it printed.

use crate::command::Command;
use crate::prompt;

/// A command and its output.
#[derive(Debug, Clone, Default)]
pub struct Block {
    /// The name of the text that it stands in.
    pub source: String,
    /// The number of its first line there, from 1.
    pub line: usize,
    /// The host that the prompt names.
    pub host: Option<String>,
    /// The command; without a tool where none is shown.
    pub command: Command,
    /// When `watch` ran it, as its head says.
    pub watched: Option<String>,
    /// Whether it was interrupted before it printed anything.
    pub interrupted: bool,
    /// What it printed.
    pub text: String,
}

/// More commands than this are not told apart: the rest stays with the last.
const BLOCKS_MAX: usize = 20_000;

/// The blocks of a cleaned text, in their order. `first` is the command that the name of the file states.
pub fn split(source: &str, text: &str, first: Option<Command>) -> Vec<Block> {
    let mut blocks = Vec::new();
    let start =
        Block { source: source.to_owned(), line: 1, command: first.unwrap_or_default(), ..Block::default() };
    let mut reading = Reading { block: start, indent: 0, shell: None };
    let mut lines = text.lines().enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        let found = (blocks.len() < BLOCKS_MAX).then(|| prompt::of(line)).flatten();
        let Some(found) = found.filter(|p| !reading.is_inside_of(line, p)) else {
            reading.push(line);
            continue;
        };
        let mut typed = found.command.to_owned();
        while typed.ends_with('\\') {
            typed.pop();
            let Some((_, next)) = lines.next() else { break };
            typed.push_str(next.trim_start().trim_start_matches("> "));
        }
        here_document(&typed, &mut lines);
        let command = Command::parse(&typed);
        let host = found.host.map(ToOwned::to_owned).or_else(|| reading.shell.clone());
        reading.indent = line.len() - line.trim_start().len();
        if command.tool == "ssh" {
            reading.shell.clone_from(&command.host);
        } else if matches!(command.tool.as_str(), "exit" | "logout") {
            reading.shell = None;
        }
        let watched = line
            .trim_start()
            .starts_with("Every ")
            .then(|| line.rsplit_once(": ").map(|(_, at)| at.to_owned()));
        let watched = watched.flatten();
        let next = Block {
            source: source.to_owned(),
            line: number + 2,
            host,
            command,
            watched,
            interrupted: false,
            text: String::new(),
        };
        blocks.push(std::mem::replace(&mut reading.block, next));
    }
    blocks.push(reading.block);
    blocks.retain(|b| !b.command.tool.is_empty() || !b.text.trim().is_empty());
    blocks
}

struct Reading {
    block: Block,
    /// How far the prompt of the block is indented; its output is as far.
    indent: usize,
    /// The host that an `ssh` without a command led to.
    shell: Option<String>,
}

impl Reading {
    fn push(&mut self, line: &str) {
        if is_frame(line.trim()) {
            self.block.interrupted |= line.trim() == "^C" && self.block.text.trim().is_empty();
            return;
        }
        let blank = line.bytes().take(self.indent).take_while(|b| *b == b' ').count();
        self.block.text.push_str(line.get(blank..).unwrap_or(line));
        self.block.text.push('\n');
    }

    /// Whether what looks like a prompt is part of an output: the command of a container in `describe`, a script in a manifest.
    fn is_inside_of(&self, line: &str, found: &prompt::Prompt<'_>) -> bool {
        let indent = line.len() - line.trim_start().len();
        found.host.is_none() && indent > self.indent.max(3) && !self.block.text.is_empty()
    }
}

/// Whether a line is of what stands around an output: a code block's fence, a pager, an interrupt, the upper half of a prompt.
fn is_frame(line: &str) -> bool {
    // The first of two lines that some prompts take.
    line.starts_with(['╭', '┌'])
        || line.starts_with("```")
        || matches!(line, "^C" | "(END)" | "--More--" | ":" | "%" | "⏎")
        || line.starts_with("lines ") && line.len() < 40 && line.contains('-')
}

/// Skips the lines of a here-document.
fn here_document<'a>(typed: &str, lines: &mut std::iter::Peekable<impl Iterator<Item = (usize, &'a str)>>) {
    let Some((_, mark)) = typed.split_once("<<") else { return };
    let mark = mark
        .trim_start_matches(['-', '<', ' '])
        .trim_matches(['"', '\''])
        .split_whitespace()
        .next()
        .unwrap_or_default();
    let mark = mark.trim_matches(['"', '\'']);
    if mark.is_empty() || typed.contains("<<<") {
        return;
    }
    for (_, line) in lines.by_ref() {
        if line.trim_start_matches("> ").trim() == mark {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    fn told(text: &str) -> Vec<(String, String)> {
        split("x", text, None).into_iter().map(|b| (b.command.tool, b.text)).collect()
    }

    #[test]
    fn commands_and_their_outputs() {
        let found =
            told("hello\n$ kubectl get pods \\\n>   -n shop\nNAME\na\n\nroot@n1:~# df -h\nx\nroot@n1:~#\n");
        assert_eq!(
            found,
            [
                (String::new(), "hello\n".to_owned()),
                ("kubectl".to_owned(), "NAME\na\n\n".to_owned()),
                ("df".to_owned(), "x\n".to_owned()),
            ]
        );
        let blocks = split("x", "$ ssh node-1\nWelcome\n$ df -h\nx\n$ exit\n$ df -h\ny\n", None);
        let hosts: Vec<_> =
            blocks.iter().map(|b| (b.command.tool.as_str(), b.host.as_deref(), b.line)).collect();
        assert_eq!(hosts[1], ("df", Some("node-1"), 4));
        assert_eq!(hosts[3], ("df", None, 7));
    }

    #[test]
    fn a_script_in_a_description_is_no_command() {
        let text = "$ kubectl describe pod a\nName: a\nContainers:\n  a:\n    Command:\n      sh\n      # kubectl get pods\nStatus: x\n";
        assert_eq!(told(text).len(), 1);
        assert_eq!(told("  $ date\n  now\n")[0].1, "now\n");
        assert_eq!(told("$ cat <<EOF\n$ kubectl x\nEOF\nout\n").len(), 1);
    }
}
