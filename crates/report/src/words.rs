//! The words of the human forms, in both languages.

use kubecause_model::{Confidence, Kind, Lang, Risk, Severity, Why};

/// The words of one language.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words(pub Lang);

/// What stands left of a part of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    Affects,
    Because,
    Followed,
    RuledOut,
    Maybe,
    Look,
    Changed,
    Do,
}

impl Words {
    /// The one of the two that is of this language.
    pub(crate) fn pick<T>(self, en: T, zh: T) -> T {
        match self.0 {
            Lang::En => en,
            Lang::Zh => zh,
        }
    }

    /// At most 9 columns.
    pub(crate) fn label(self, label: Label) -> &'static str {
        match label {
            Label::Affects => self.pick("affects", "影响"),
            Label::Because => self.pick("because", "依据"),
            Label::Followed => self.pick("then", "随后"),
            Label::RuledOut => self.pick("ruled out", "已排除"),
            Label::Maybe => self.pick("or maybe", "也可能是"),
            Label::Look => self.pick("look at", "待查"),
            Label::Changed => self.pick("changed", "变更"),
            Label::Do => self.pick("do", "处理"),
        }
    }

    /// The same where there is room.
    pub(crate) fn heading(self, label: Label) -> &'static str {
        match label {
            Label::Affects => self.pick("Affects", "影响范围"),
            Label::Because => self.pick("Evidence", "依据"),
            Label::Followed => self.pick("What followed", "随后发生"),
            Label::RuledOut => self.pick("Ruled out", "已排除"),
            Label::Maybe => self.pick("It could also be", "也可能是"),
            Label::Look => self.pick("To be sure", "进一步确认"),
            Label::Changed => self.pick("Changed shortly before", "之前的变更"),
            Label::Do => self.pick("What to do", "处理办法"),
        }
    }

    pub(crate) fn severity(self, severity: Severity) -> &'static str {
        match severity {
            Severity::Critical => self.pick("critical", "严重"),
            Severity::Error => self.pick("error", "错误"),
            Severity::Warning => self.pick("warning", "警告"),
            Severity::Info => self.pick("info", "提示"),
        }
    }

    /// `12 errors`, `错误 12 个`.
    pub(crate) fn severities(self, severity: Severity, n: usize) -> String {
        let word = self.severity(severity);
        match (self.0, severity) {
            (Lang::En, Severity::Error | Severity::Warning) if n != 1 => format!("{} {word}s", number(n)),
            (Lang::En, _) => format!("{} {word}", number(n)),
            (Lang::Zh, _) => format!("{word} {} 个", number(n)),
        }
    }

    pub(crate) fn confidence(self, confidence: Confidence) -> &'static str {
        match confidence {
            Confidence::Confirmed => self.pick("confirmed", "已确认"),
            Confidence::Probable => self.pick("probable", "很可能"),
            Confidence::Possible => self.pick("possible", "有可能"),
        }
    }

    pub(crate) fn risk(self, risk: Risk) -> &'static str {
        match risk {
            Risk::ReadOnly => self.pick("read-only", "只读"),
            Risk::Reversible => self.pick("reversible", "可撤销"),
            Risk::Disruptive => self.pick("disruptive", "会中断业务"),
            Risk::DataLoss => self.pick("data-loss", "可能丢数据"),
        }
    }

    pub(crate) fn why(self, why: Why) -> &'static str {
        match why {
            Why::NotCollected => self.pick("not collected", "未采集"),
            Why::Forbidden => self.pick("forbidden", "无权限"),
            Why::TimedOut => self.pick("timed out", "超时"),
            Why::Unparsable => self.pick("unreadable", "无法解析"),
            Why::Truncated => self.pick("cut off", "不完整"),
            Why::Redacted => self.pick("redacted", "已脱敏"),
            Why::Failed => self.pick("failed", "采集失败"),
            Why::TooLarge => self.pick("too large", "过大"),
        }
    }

    /// Day, hour, minute, second.
    pub(crate) fn units(self) -> [&'static str; 4] {
        self.pick(["d", "h", "min", "s"], ["天", "小时", "分", "秒"])
    }

    /// Between the members of a list.
    pub(crate) fn comma(self) -> &'static str {
        self.pick(", ", "、")
    }

    /// After what is explained by what comes next.
    pub(crate) fn colon(self) -> &'static str {
        self.pick(": ", "：")
    }

    /// Between whole clauses.
    pub(crate) fn semicolon(self) -> &'static str {
        self.pick("; ", "；")
    }

    /// In parentheses, with the blank that goes before them.
    pub(crate) fn aside(self, text: &str) -> String {
        self.pick(format!(" ({text})"), format!("（{text}）"))
    }

    /// `3 incidents`, `3 个故障`.
    pub(crate) fn incidents(self, n: usize) -> String {
        match self.0 {
            Lang::En => format!("{} {}", number(n), if n == 1 { "incident" } else { "incidents" }),
            Lang::Zh => format!("{} 个故障", number(n)),
        }
    }

    /// `1,204 events`, `1,204 条事件`.
    pub(crate) fn events(self, n: usize) -> String {
        match self.0 {
            Lang::En => format!("{} {}", number(n), if n == 1 { "event" } else { "events" }),
            Lang::Zh => format!("{} 条事件", number(n)),
        }
    }

    /// `412 objects`, `412 个对象`.
    pub(crate) fn objects(self, n: usize) -> String {
        match self.0 {
            Lang::En => format!("{} {}", number(n), if n == 1 { "object" } else { "objects" }),
            Lang::Zh => format!("{} 个对象", number(n)),
        }
    }

    /// `8 logs and files`, `8 个日志和文件`.
    pub(crate) fn files(self, n: usize) -> String {
        match self.0 {
            Lang::En => format!("{} {}", number(n), if n == 1 { "log or file" } else { "logs and files" }),
            Lang::Zh => format!("{} 个日志和文件", number(n)),
        }
    }

    /// `+3 more`, `等 3 个`.
    pub(crate) fn more(self, n: usize) -> String {
        self.pick(format!("+{} more", number(n)), format!("另有 {} 个", number(n)))
    }

    /// `31 of 4 other causes`, `其余 4 种原因共 31 个`: what a list of causes leaves out.
    pub(crate) fn other_causes(self, incidents: usize, causes: usize) -> String {
        let (n, of) = (number(incidents), number(causes));
        let causes = if causes == 1 { "another cause".to_owned() } else { format!("{of} other causes") };
        self.pick(format!("{n} of {causes}"), format!("其余 {of} 种原因共 {n} 个"))
    }

    /// `+3 more records`, `另有 3 条记录`.
    pub(crate) fn more_records(self, n: usize) -> String {
        let records = if n == 1 { "record" } else { "records" };
        self.pick(format!("+{} more {records}", number(n)), format!("另有 {} 条记录", number(n)))
    }

    /// The kind as a word in running text.
    pub(crate) fn kind(self, kind: &Kind) -> String {
        match (self.0, kind) {
            (Lang::Zh, Kind::Node) => "节点".to_owned(),
            (Lang::Zh, Kind::Namespace) => "命名空间".to_owned(),
            (Lang::Zh, Kind::Component) => "控制面组件".to_owned(),
            (Lang::Zh, Kind::Cluster) => "集群".to_owned(),
            (Lang::Zh, Kind::Image) => "镜像".to_owned(),
            (Lang::Zh, Kind::Registry) => "镜像仓库".to_owned(),
            (Lang::Zh, _) => kind.as_str().to_owned(),
            (Lang::En, Kind::Component) => "control plane component".to_owned(),
            (Lang::En, _) => english(kind.as_str()),
        }
    }

    /// `6 pods`, `2 ingresses`, `6 个 Pod`, `2 个节点`.
    pub(crate) fn kinds(self, kind: &Kind, n: usize) -> String {
        let word = self.kind(kind);
        match self.0 {
            Lang::En if n == 1 => format!("1 {word}"),
            Lang::En => format!("{} {}", number(n), plural(&word)),
            Lang::Zh if word.is_ascii() => format!("{} 个 {word}", number(n)),
            Lang::Zh => format!("{} 个{word}", number(n)),
        }
    }
}

/// Kinds of one word are written small, all others as Kubernetes spells them.
fn english(kind: &str) -> String {
    let humps = kind.chars().filter(char::is_ascii_uppercase).count();
    if humps <= 1 { kind.to_lowercase() } else { kind.to_owned() }
}

fn plural(word: &str) -> String {
    if word.ends_with("points") {
        return word.to_owned();
    }
    if let Some(stem) = word.strip_suffix("cy").or_else(|| word.strip_suffix("ry")) {
        let letter = word.get(stem.len()..=stem.len()).unwrap_or_default();
        return format!("{stem}{letter}ies");
    }
    if word.ends_with('s') { format!("{word}es") } else { format!("{word}s") }
}

/// `1,204`.
pub(crate) fn number(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_read_well() {
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(number(0), "0");
        let en = Words(Lang::En);
        assert_eq!(en.kinds(&Kind::Pod, 1), "1 pod");
        assert_eq!(en.kinds(&Kind::NetworkPolicy, 2), "2 NetworkPolicies");
        assert_eq!(en.kinds(&Kind::Ingress, 2), "2 ingresses");
        assert_eq!(en.kinds(&Kind::Endpoints, 2), "2 endpoints");
        assert_eq!(en.kinds(&Kind::Registry, 2), "2 registries");
        assert_eq!(Words(Lang::Zh).kinds(&Kind::Pod, 5), "5 个 Pod");
        assert_eq!(Words(Lang::Zh).kinds(&Kind::Node, 5), "5 个节点");
    }

    #[test]
    fn labels_fit_their_column() {
        use Label::{Affects, Because, Changed, Do, Followed, Look, Maybe, RuledOut};
        for label in [Affects, Because, Followed, RuledOut, Maybe, Look, Changed, Do] {
            for lang in [Lang::En, Lang::Zh] {
                assert!(crate::rich::width(Words(lang).label(label)) <= 9, "{label:?}");
            }
        }
    }
}
