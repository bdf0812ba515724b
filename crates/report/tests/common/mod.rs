//! Diagnoses to render: like real ones in size and words.
#![allow(dead_code, reason = "each test binary uses some of them")]

use jiff::Timestamp;
use kubecause_model::{
    Alternative, CauseRef, Change, Citation, Confidence, Diagnosis, Fix, FixStep, Gap, Idle, IdleSilence,
    Incident, Kind, Link, Look, Note, Params, Risk, Root, Severity, Silenced, Source, Stats, Subject, Text,
    Unexplained, Verdict, Why,
};

pub fn at(text: &str) -> Option<Timestamp> {
    format!("2026-11-22T{text}Z").parse().ok()
}

pub fn text(en: &str, zh: &str) -> Text {
    Text { en: en.to_owned(), zh: zh.to_owned() }
}

pub fn pod(name: &str) -> Subject {
    Subject::new(Kind::Pod, "shop", name)
}

pub fn deployment(name: &str) -> Subject {
    Subject::new(Kind::Deployment, "shop", name)
}

fn link(mode: &str, subject: &Subject, en: &str, zh: &str, by: (&str, &Subject)) -> Link {
    Link {
        mode: mode.to_owned(),
        subject: subject.clone(),
        title: text(&format!("{}: {en}", subject.name), &format!("{}：{zh}", subject.name)),
        explained_by: CauseRef { mode: by.0.to_owned(), subject: by.1.clone() },
    }
}

fn step(run: &str, en: &str, zh: &str) -> FixStep {
    FixStep { run: run.to_owned(), why: text(en, zh), guard: None, verify: None, undo: None }
}

pub fn empty() -> Diagnosis {
    Diagnosis {
        taken_at: at("17:48:57"),
        verdict: Verdict::Healthy,
        incidents: Vec::new(),
        silenced: Vec::new(),
        idle_silences: Vec::new(),
        notes: Vec::new(),
        unexplained: Vec::new(),
        gaps: Vec::new(),
        stats: Stats {
            version: Some("v1.36.2".to_owned()),
            nodes: 2,
            pods: 13,
            events: 41,
            objects: 188,
            files: 9,
        },
    }
}

pub fn healthy() -> Diagnosis {
    Diagnosis {
        gaps: vec![
            Gap::new("leases", Why::NotCollected, ""),
            Gap::new("priorityclasses", Why::NotCollected, ""),
            Gap::new("nodes/worker-1/kernel.log", Why::Truncated, ""),
        ],
        notes: vec![Note {
            mode: "headless-service".to_owned(),
            subject: Subject::new(Kind::Service, "shop", "redis"),
            text: text(
                "shop/redis has no cluster IP: clients choose among its pods themselves, kube-proxy does not balance",
                "shop/redis 没有集群 IP：由客户端自己在 Pod 之间选择，kube-proxy 不做负载均衡",
            ),
        }],
        ..empty()
    }
}

pub fn unknown() -> Diagnosis {
    Diagnosis {
        verdict: Verdict::Unknown,
        unexplained: (0..17)
            .map(|i| Unexplained {
                signal: "pod.not-ready".to_owned(),
                subject: pod(&format!("cart-7d9f6c5b4-x2{}b4", &"bcdfghjklmnpqrstvwxz"[i..=i])),
                evidence: vec![Citation::new(
                    Source::Condition,
                    at("17:40:00"),
                    "pods/shop/cart",
                    "Ready=False since 8 min",
                )],
            })
            .collect(),
        gaps: vec![
            Gap::new("events", Why::Forbidden, "pods that cannot be scheduled or started say why only there"),
            Gap::new(
                "nodes/worker-1/kubelet.log",
                Why::NotCollected,
                "what the kubelet of worker-1 ran into",
            ),
            Gap::new("leases", Why::NotCollected, ""),
        ],
        ..empty()
    }
}

/// The runtime of a node hangs: long chain, several fixes, refuted causes.
pub fn runtime_hung() -> Incident {
    let node = Subject::node("worker-1");
    let mode = "container-runtime-hung";
    let pods: Vec<Subject> = ["b4b4b", "c5c5c", "d6d6d", "f7f7f", "g8g8g"]
        .iter()
        .map(|s| pod(&format!("frontend-7d9f6c5b4-{}", s.replace('8', "9"))))
        .collect();
    let mut chain = vec![
        link("pleg-unhealthy", &node, "PLEG is not healthy", "PLEG 不健康", (mode, &node)),
        link("node-not-ready", &node, "the node is not Ready", "节点未就绪", ("pleg-unhealthy", &node)),
    ];
    for p in &pods {
        chain.push(link(
            "pod-evicted-by-taint",
            p,
            "evicted by the taint node.kubernetes.io/not-ready",
            "被污点 node.kubernetes.io/not-ready 驱逐",
            ("node-not-ready", &node),
        ));
    }
    chain.push(link(
        "sandbox-creation-failing",
        &pod("cart-0"),
        "its sandbox cannot be created",
        "无法创建沙箱",
        (mode, &node),
    ));
    let mut affected = pods;
    affected.push(pod("cart-0"));
    affected.push(node.clone());
    affected.push(Subject::new(Kind::Service, "shop", "frontend"));
    let mut save = step(
        "kill -USR1 $(pidof containerd)",
        "Writes its stacks to the log: why it hung",
        "把调用栈写进日志，留下卡死的原因",
    );
    save.guard = Some(text(
        "the process is not stopped: a stopped process handles no signal but CONT",
        "进程没有被暂停：被暂停的进程只响应 CONT 信号",
    ));
    let mut restart =
        step("systemctl restart containerd", "Running containers keep running", "正在运行的容器不受影响");
    restart.verify = Some("crictl ps --timeout 5s".to_owned());
    restart.undo = Some("journalctl -u containerd -n 50".to_owned());
    Incident {
        id: "9f2c41d0a7b35e18".to_owned(),
        severity: Severity::Critical,
        since: at("17:44:13"),
        last_seen: at("17:48:50"),
        ongoing: true,
        root: Root {
            mode: mode.to_owned(),
            refines: None,
            confidence: Confidence::Confirmed,
            subject: node.clone(),
            params: Params::from([("runtime".to_owned(), "containerd".to_owned())]),
            title: text("worker-1: the container runtime does not answer", "worker-1：容器运行时无响应"),
        },
        alternatives: Vec::new(),
        refuted: vec![
            (
                CauseRef { mode: "node-disk-pressure".to_owned(), subject: node.clone() },
                "1 % of the disk used".to_owned(),
            ),
            (
                CauseRef { mode: "node-pid-exhausted".to_owned(), subject: node.clone() },
                "335 of 32768 pids".to_owned(),
            ),
            (CauseRef { mode: "iptables-lock-contention".to_owned(), subject: node.clone() }, String::new()),
        ],
        chain,
        affected,
        evidence: vec![
            Citation::new(
                Source::Log,
                at("17:48:50"),
                "nodes/worker-1/kubelet.log:812",
                r#"E1122 17:48:50.120391    1042 kubelet.go:2456] "Skipping pod synchronization" err="[container runtime is down, PLEG is not healthy: pleg was last seen active 4m48.1s ago; threshold is 3m0s]""#,
            ),
            Citation::new(
                Source::File,
                None,
                "nodes/worker-1/containers.txt",
                "the runtime's socket accepts, calls time out after 5 s",
            ),
            Citation::new(
                Source::Condition,
                at("17:45:02"),
                "nodes/worker-1",
                "Ready=False KubeletNotReady: container runtime is down",
            ),
            Citation::new(
                Source::Event,
                at("17:46:11"),
                "events/shop/cart-0",
                "FailedCreatePodSandBox: context deadline exceeded",
            ),
            Citation::new(
                Source::Event,
                at("17:46:25"),
                "events/shop/cart-0.17a",
                "FailedCreatePodSandBox: context deadline exceeded",
            ),
            Citation::new(
                Source::Event,
                at("17:47:25"),
                "events/worker-1",
                "NodeNotReady: Node worker-1 status is now: NodeNotReady",
            ),
        ],
        changes: vec![Change {
            at: at("17:40:02"),
            object: deployment("frontend"),
            field: "image".to_owned(),
            from: "registry.example/frontend:1.8.0".to_owned(),
            to: "registry.example/frontend:1.9.0".to_owned(),
            revision: Some(4),
            by: None,
        }],
        fixes: vec![
            Fix {
                title: text("Restart the runtime, its state saved first", "先保存现场，再重启容器运行时"),
                risk: Risk::Reversible,
                steps: vec![save, restart],
            },
            Fix {
                title: text("Reboot the node", "重启节点"),
                risk: Risk::Disruptive,
                steps: vec![step(
                    "kubectl drain worker-1 --ignore-daemonsets --delete-emptydir-data --timeout 5m && ssh worker-1 systemctl reboot",
                    "Drains it first; what holds emptyDir volumes loses them",
                    "先排空节点；使用 emptyDir 的 Pod 会丢失其中的数据",
                )],
            },
        ],
        looks: vec![Look {
            run: "crictl ps --timeout 5s".to_owned(),
            why: text("hangs: hung; refused at once: down", "卡住说明挂死；立即拒绝说明已停止"),
        }],
    }
}

/// A cause that is only probable, with alternatives to separate.
pub fn unreachable() -> Incident {
    let node = Subject::node("worker-2");
    let alternative = |mode: &str, en: &str, zh: &str, run: &str, why: (&str, &str)| Alternative {
        mode: mode.to_owned(),
        subject: node.clone(),
        confidence: Confidence::Possible,
        title: text(&format!("worker-2: {en}"), &format!("worker-2：{zh}")),
        look: Some(Look { run: run.to_owned(), why: text(why.0, why.1) }),
    };
    Incident {
        id: "0b1d".to_owned(),
        severity: Severity::Error,
        since: "2026-11-21T23:10:00Z".parse().ok(),
        last_seen: at("17:48:00"),
        ongoing: true,
        root: Root {
            mode: "node-unreachable".to_owned(),
            refines: None,
            confidence: Confidence::Probable,
            subject: node.clone(),
            params: Params::new(),
            title: text("worker-2: the kubelet no longer reports", "worker-2：kubelet 停止上报状态"),
        },
        alternatives: vec![
            alternative(
                "node-machine-down",
                "the machine is off",
                "机器已关机",
                "ping -c 3 worker-2",
                ("answers: it is on", "有回应说明机器开着"),
            ),
            alternative(
                "kubelet-stopped",
                "the kubelet is stopped",
                "kubelet 已停止",
                "ssh worker-2 systemctl status kubelet",
                ("inactive or failed: this", "inactive 或 failed 即为此"),
            ),
        ],
        refuted: Vec::new(),
        chain: Vec::new(),
        affected: vec![node.clone()],
        evidence: vec![Citation::new(
            Source::Condition,
            "2026-11-21T23:10:00Z".parse().ok(),
            "nodes/worker-2",
            "Ready=Unknown NodeStatusUnknown: Kubelet stopped posting node status.",
        )],
        changes: Vec::new(),
        fixes: vec![Fix {
            title: text("Find out which of the causes it is", "先判断是哪一种原因"),
            risk: Risk::ReadOnly,
            steps: vec![step(
                "kubectl describe node worker-2",
                "Conditions, taints and the last heartbeat",
                "查看状态、污点和最后一次心跳",
            )],
        }],
        looks: Vec::new(),
    }
}

/// One of many: small, of some mode.
pub fn small(n: usize) -> Incident {
    const MODES: [(&str, Severity, &str, &str); 4] = [
        ("container-oom-killed", Severity::Error, "killed for memory, limit 64Mi", "内存超限被杀，上限 64Mi"),
        (
            "image-not-found",
            Severity::Error,
            "image registry.example/app:9.9 does not exist",
            "镜像 registry.example/app:9.9 不存在",
        ),
        ("pvc-unbound", Severity::Warning, "waits for a volume", "等待存储卷"),
        ("readiness-probe-failing", Severity::Warning, "runs and is not ready", "在运行但未就绪"),
    ];
    let (mode, severity, en, zh) = MODES[n * MODES.len() / 2000 % MODES.len()];
    let subject = deployment(&format!("app-{n}"));
    Incident {
        id: format!("{n:04x}"),
        severity,
        since: at("17:44:13"),
        last_seen: at("17:48:00"),
        ongoing: true,
        root: Root {
            mode: mode.to_owned(),
            refines: None,
            confidence: Confidence::Confirmed,
            subject: subject.clone(),
            params: Params::new(),
            title: text(&format!("shop/app-{n}: {en}"), &format!("shop/app-{n}：{zh}")),
        },
        alternatives: Vec::new(),
        refuted: Vec::new(),
        chain: Vec::new(),
        affected: vec![pod(&format!("app-{n}-7d9f6c5b4-x2x4z"))],
        evidence: Vec::new(),
        changes: Vec::new(),
        fixes: Vec::new(),
        looks: Vec::new(),
    }
}

pub fn faults(incidents: Vec<Incident>) -> Diagnosis {
    Diagnosis {
        verdict: Verdict::Faults,
        incidents,
        gaps: vec![
            Gap::new(
                "nodes/worker-1/kernel.log",
                Why::NotCollected,
                "hung tasks and I/O errors would stand there",
            ),
            Gap::new("leases", Why::NotCollected, ""),
            Gap::new("priorityclasses", Why::NotCollected, ""),
            Gap::new("secrets", Why::Forbidden, ""),
        ],
        ..empty()
    }
}

pub fn one() -> Diagnosis {
    Diagnosis { notes: healthy().notes, ..faults(vec![runtime_hung()]) }
}

pub fn three() -> Diagnosis {
    faults(vec![runtime_hung(), unreachable(), small(0)])
}

pub fn many(n: usize) -> Diagnosis {
    let mut incidents = vec![runtime_hung(), unreachable()];
    incidents.extend((2..n).map(|i| small(i * 2000 / n)));
    faults(incidents)
}

/// A healthy cluster but for what is silenced, with a silence that is over and one that matches nothing.
pub fn silenced() -> Diagnosis {
    let quiet = |i: Incident| Silenced {
        id: i.id,
        mode: i.root.mode,
        subject: i.root.subject,
        title: i.root.title,
        severity: i.severity,
        until: "2026-12-01T00:00:00Z".parse().unwrap_or_default(),
        why: "the node is drained on Monday".to_owned(),
    };
    let idle = |subject: &str, state: Idle| IdleSilence {
        mode: "container-oom-killed".to_owned(),
        subject: subject.to_owned(),
        until: "2026-11-20T08:30:00Z".parse().unwrap_or_default(),
        why: "fixed in 2.3".to_owned(),
        state,
    };
    Diagnosis {
        silenced: vec![quiet(runtime_hung()), quiet(small(7))],
        idle_silences: vec![
            idle("Deployment/shop/cart", Idle::Expired),
            idle("Deployment/shop/gone", Idle::Unmatched),
        ],
        ..healthy()
    }
}

/// What a hostile cluster may hold in every text.
pub const HOSTILE: &str =
    "<script>alert('x')</script>\"&\u{1b}[2J\u{202e}\n\t`]](javascript:1)|*_#@all\u{200b}";

/// Every text of a diagnosis replaced.
pub fn replaced(evil: &str) -> Diagnosis {
    let evil_text = text(evil, evil);
    let evil_subject = Subject::new(Kind::from_name(evil), evil, evil).with_container(evil);
    let mut i = runtime_hung();
    evil.clone_into(&mut i.id);
    evil.clone_into(&mut i.root.mode);
    i.root.subject = evil_subject.clone();
    i.root.title = evil_text.clone();
    i.root.params = Params::from([(evil.to_owned(), evil.to_owned())]);
    i.root.confidence = Confidence::Possible;
    i.alternatives = unreachable().alternatives;
    for a in &mut i.alternatives {
        evil.clone_into(&mut a.mode);
        a.title = evil_text.clone();
        a.look = Some(Look { run: evil.to_owned(), why: evil_text.clone() });
    }
    i.refuted = vec![(CauseRef { mode: evil.to_owned(), subject: evil_subject.clone() }, evil.to_owned())];
    for l in &mut i.chain {
        l.title = evil_text.clone();
        l.subject = evil_subject.clone();
        l.mode = format!("{evil}{}", l.mode);
    }
    i.affected = vec![evil_subject.clone(), pod(evil), pod("x")];
    for c in &mut i.evidence {
        evil.clone_into(&mut c.text);
        evil.clone_into(&mut c.reference);
    }
    i.changes = vec![Change {
        at: None,
        object: evil_subject.clone(),
        field: evil.to_owned(),
        from: evil.to_owned(),
        to: evil.to_owned(),
        revision: None,
        by: Some(evil.to_owned()),
    }];
    for f in &mut i.fixes {
        f.title = evil_text.clone();
        for s in &mut f.steps {
            *s = FixStep {
                run: evil.to_owned(),
                why: evil_text.clone(),
                guard: Some(evil_text.clone()),
                verify: Some(evil.to_owned()),
                undo: Some(evil.to_owned()),
            };
        }
    }
    i.looks = vec![Look { run: evil.to_owned(), why: evil_text.clone() }];
    let mut second = i.clone();
    second.ongoing = false;
    let mut quiet = silenced();
    for s in &mut quiet.silenced {
        s.title = evil_text.clone();
        evil.clone_into(&mut s.why);
    }
    for s in &mut quiet.idle_silences {
        evil.clone_into(&mut s.subject);
        evil.clone_into(&mut s.why);
    }
    Diagnosis {
        silenced: quiet.silenced,
        idle_silences: quiet.idle_silences,
        notes: vec![Note { mode: evil.to_owned(), subject: evil_subject.clone(), text: evil_text }],
        unexplained: vec![Unexplained {
            signal: evil.to_owned(),
            subject: evil_subject,
            evidence: vec![Citation {
                source: Source::Log,
                at: None,
                reference: evil.to_owned(),
                text: evil.to_owned(),
            }],
        }],
        gaps: vec![Gap::new(evil, Why::Failed, evil)],
        stats: Stats { version: Some(evil.to_owned()), ..Stats::default() },
        ..faults(vec![i, second])
    }
}
