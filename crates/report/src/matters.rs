//! What a gap may hide, in Chinese. The engine says it in English, and a client's own words stand there too, which nobody translates.

use kubecause_model::Lang;
use std::borrow::Cow;

/// The engine's sentences and their Chinese.
const KNOWN: [(&str, &str); 25] = [
    ("failing nodes and what follows from them", "故障节点及其引发的问题"),
    ("failing pods", "异常的 Pod"),
    ("the reasons that kubelet, scheduler and controllers gave", "kubelet、调度器与控制器给出的原因"),
    ("workloads that have no pods", "没有 Pod 的工作负载"),
    (
        "which Deployment a pod belongs to, and why pods are not created",
        "Pod 属于哪个 Deployment，以及 Pod 为何没有创建",
    ),
    ("workloads that have no pods, stuck updates", "没有 Pod 的工作负载、卡住的更新"),
    ("agents that are missing on nodes", "节点上缺失的代理"),
    ("failed jobs", "失败的 Job"),
    ("schedules that do not run", "没有按时运行的定时任务"),
    ("services without backends", "没有后端的 Service"),
    ("whether endpoints follow the pods", "端点是否跟上了 Pod"),
    ("routes that lead nowhere", "指向不存在后端的路由"),
    ("routes that no controller takes", "没有控制器接管的路由"),
    ("pods that wait for storage", "等待存储的 Pod"),
    ("why a claim does not bind", "PVC 未绑定的原因"),
    ("references to objects that do not exist", "对不存在对象的引用"),
    ("how full a quota is", "配额的使用情况"),
    ("namespaces that cannot be deleted", "无法删除的命名空间"),
    ("when nodes and controllers last reported", "节点与控制器最近一次上报的时间"),
    ("autoscalers that cannot decide", "无法作出决策的自动伸缩"),
    ("aggregated APIs that are down", "不可用的聚合 API"),
    ("traffic that a policy blocks", "被策略阻断的流量"),
    ("the node's own logs and measurements would settle its cause", "该节点自身的日志与测量数据可以定论"),
    ("it holds no Kubernetes objects", "其中没有 Kubernetes 对象"),
    ("the file is empty", "文件为空"),
];

/// What the gap may hide, in that language where it is known in it.
pub fn matters(text: &str, lang: Lang) -> Cow<'_, str> {
    let known = KNOWN.iter().find(|(en, _)| *en == text).filter(|_| lang == Lang::Zh);
    known.map_or(Cow::Borrowed(text), |(_, zh)| Cow::Borrowed(*zh))
}

/// What could not be looked at: `Deployment outside of shop` is `shop 之外的 Deployment`.
pub fn place(what: &str, lang: Lang) -> Cow<'_, str> {
    match what.split_once(" outside of ").filter(|_| lang == Lang::Zh) {
        Some((kind, namespaces)) => Cow::Owned(format!("{namespaces} 之外的 {kind}")),
        None => Cow::Borrowed(what),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clients_words_stay() {
        assert_eq!(matters("failing pods", Lang::Zh), "异常的 Pod");
        assert_eq!(matters("failing pods", Lang::En), "failing pods");
        assert_eq!(matters("pods is forbidden", Lang::Zh), "pods is forbidden");
        assert_eq!(place("Deployment outside of shop", Lang::Zh), "shop 之外的 Deployment");
    }
}
