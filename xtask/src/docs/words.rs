//! The few words of the generated pages, in both languages.

use kubecause_catalogue::ModeKind;
use kubecause_model::{Risk, Text};

/// A language of the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lang {
    En,
    Zh,
}

impl Lang {
    pub(super) const ALL: [Self; 2] = [Self::En, Self::Zh];

    /// The folder of its pages.
    pub(super) fn code(self) -> &'static str {
        self.pick("en", "zh")
    }

    pub(super) fn pick<T>(self, en: T, zh: T) -> T {
        match self {
            Self::En => en,
            Self::Zh => zh,
        }
    }

    pub(super) fn text(self, text: &Text) -> &str {
        self.pick(&text.en, &text.zh)
    }

    pub(super) fn kind(self, kind: ModeKind) -> &'static str {
        match kind {
            ModeKind::Root => self.pick("root", "根因"),
            ModeKind::Link => self.pick("link", "中间环节"),
            ModeKind::Note => self.pick("note", "提示"),
        }
    }

    pub(super) fn risk(self, risk: Risk) -> &'static str {
        match risk {
            Risk::ReadOnly => self.pick("read-only", "只读"),
            Risk::Reversible => self.pick("reversible", "可撤销"),
            Risk::Disruptive => self.pick("disruptive", "有中断"),
            Risk::DataLoss => self.pick("data loss", "可能丢数据"),
        }
    }
}

/// An area's heading.
pub(super) fn area(name: &str, lang: Lang) -> String {
    let (en, zh) = match name {
        "autoscaling" => ("Autoscaling", "弹性伸缩"),
        "control-plane" => ("Control plane", "控制平面"),
        "namespace" => ("Namespaces", "命名空间"),
        "network" => ("Service and network", "Service 与网络"),
        "node" => ("Node and kubelet", "节点与 kubelet"),
        "pod" => ("Pod and container", "Pod 与容器"),
        "scheduling" => ("Scheduling", "调度"),
        "storage" => ("Storage", "存储"),
        "workload" => ("Workloads", "工作负载"),
        other => (other, other),
    };
    lang.pick(en, zh).to_owned()
}
