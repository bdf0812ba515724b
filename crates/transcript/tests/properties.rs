//! Any text gives an answer or none, never a panic, and in time.
#![allow(clippy::disallowed_methods, reason = "a test of time reads the clock")]

use kubecause_transcript::{Part, Transcript, read};
use proptest::prelude::*;

fn one(text: &str) -> Option<Transcript> {
    read(&[Part { name: "x.txt", text }])
}

/// Pieces of what terminals show, whole and broken.
const PIECES: [&str; 28] = [
    "$ kubectl get pods -A -o wide\n",
    "[root@node-1 ~]# df -h\n",
    "# kubectl describe pod a\n",
    "$ kubectl logs a -c b --previous\n",
    "$ kubectl get pods -o yaml\n",
    "$ kubectl get events\n",
    "$ journalctl -u kubelet\n",
    "$ date\n",
    "$ cat <<EOF\n",
    "NAME   READY   STATUS    RESTARTS      AGE\n",
    "NAMESPACE   NAME READY STATUS RESTARTS AGE\n",
    "a-0    0/1     Error     4 (2m ago)    5d\n",
    "a-1    99999999999999999999/1     Init:1/3     x    99999999999999y\n",
    "LAST SEEN   TYPE      REASON   OBJECT   MESSAGE\n",
    "LASTSEEN   FIRSTSEEN   COUNT     NAME      KIND      SUBOBJECT   TYPE      REASON    SOURCE    MESSAGE\n",
    "1m          Warning   BackOff  pod/a    Back-off 重启\n",
    "Name:   a\nNamespace:  n\nStart Time:       Sun, 22 Nov 2026 18:51:53 +0000\n",
    "Containers:\n  a:\n    State:  Waiting\n      Reason:  CrashLoopBackOff\n",
    "Events:\n  Type  Reason  Age  From  Message\n  ----  ------  ----  ----  -------\n",
    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n",
    "10月 16 09:50:55 n kubelet[1]: W1016 09:50:55.056703 1 eviction_manager.go:331] x\n",
    "No resources found in n namespace.\n",
    "Error from server (Forbidden): pods is forbidden: User \"x\"\n",
    "\x1b[31m\x1b]0;x\x07\x08\x08\r",
    "...\n",
    "\t",
    "   ",
    "\n",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text(text in "\\PC{0,400}") {
        one(&text);
    }

    #[test]
    fn any_pieces(picks in prop::collection::vec((0..PIECES.len(), 0_usize..40), 0..40)) {
        let text: String = picks.iter().map(|(i, cut)| {
            let piece = PIECES[*i];
            let end = if *cut > 20 { piece.floor_char_boundary(cut - 20) } else { piece.len() };
            &piece[..end]
        }).collect();
        let found = one(&text);
        prop_assert_eq!(&found, &one(&text));
        for object in found.iter().flat_map(|f| &f.objects) {
            prop_assert!(object["kind"].as_str().is_some_and(|k| !k.is_empty()));
            prop_assert!(object["metadata"]["name"].as_str().is_some_and(|n| !n.is_empty()), "{}", object);
        }
    }

    /// Prompts, remarks and the page that a terminal is pasted into change nothing of what is read.
    #[test]
    fn noise_changes_nothing(
        prompts in prop::collection::vec(0..PROMPTS.len(), BLOCKS.len()),
        remarks in prop::collection::vec(0..REMARKS.len(), BLOCKS.len()),
        page in 0..PAGES.len(),
    ) {
        let plain = one(&BLOCKS.concat()).unwrap_or_default();
        let pasted: String = BLOCKS.iter().zip(prompts.iter().zip(&remarks)).map(|(block, (prompt, remark))| {
            format!("{}{}{}", PROMPTS[*prompt], block.trim_start_matches("$ "), REMARKS[*remark])
        }).collect();
        let pasted = PAGES[page](&pasted);
        let found = one(&pasted).unwrap_or_default();
        prop_assert_eq!(&plain.objects, &found.objects, "{}", pasted);
        prop_assert_eq!((plain.listed, plain.taken_at), (found.listed, found.taken_at), "{}", pasted);
    }

    /// Commands that say the same moment may come in any order.
    #[test]
    fn the_order_of_commands(order in Just((0..BLOCKS.len()).collect::<Vec<_>>()).prop_shuffle()) {
        let in_order = one(&BLOCKS.concat());
        let shuffled: String = order.iter().map(|i| BLOCKS[*i]).collect();
        let shuffled = one(&shuffled);
        prop_assert_eq!(in_order.map(|t| (t.objects, t.taken_at)), shuffled.map(|t| (t.objects, t.taken_at)));
    }
}

/// Prompts, some with a line of their own before them.
const PROMPTS: [&str; 20] = [
    "$ ",
    "# ",
    "> ",
    "[root@ops-1 ~]# ",
    "root@ops-1:~# ",
    "ops@laptop:~/x (prod)$ ",
    "PS C:\\Users\\ops> ",
    "➜  ~ ",
    "➜  shop git:(main) ✗ ",
    "╭─ops@laptop ~/shop\n╰─$ ",
    "╭─ ~/shop  main\n╰─❯ ",
    "me@MacBook-Pro shop % ",
    "ops@laptop ~/x> ",
    "(⎈|prod:shop) ➜  ~ ",
    "[10:22:33] ops@laptop:~$ ",
    "2026-11-22 10:22:33 root@ops-1:~# ",
    "controlplane $ ",
    "sh-5.1# ",
    "",
    "\u{1b}]0;ops\u{7}\u{1b}[1;32mops@laptop\u{1b}[0m:\u{1b}[34m~\u{1b}[0m$ ",
];

/// What people write between the commands.
const REMARKS: [&str; 9] = [
    "",
    "\n",
    "\n可以看到 Pod 是正常的。\n",
    "再看一下事件：\n",
    "\n## Next\n\n",
    "```\n\nAnd then:\n\n```console\n",
    "^C\n",
    "\n# the pods are fine\n",
    "\n-- \n\n",
];

/// Pages that a terminal is pasted into.
const PAGES: [fn(&str) -> String; 7] = [
    ToOwned::to_owned,
    |t| t.replace('\n', "\r\n"),
    |t| t.replace(' ', "\u{a0}"),
    |t| t.lines().map(|l| format!("> {l}\n")).collect(),
    |t| t.lines().map(|l| format!("    {l}\n")).collect(),
    |t| t.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
    |t| t.lines().map(|l| format!("{l:<160}│\n")).collect(),
];

const BLOCKS: [&str; 4] = [
    "$ kubectl get deploy -n n\nNAME   READY   UP-TO-DATE   AVAILABLE   AGE\nweb    1/1     1            1           2m37s\n",
    "$ kubectl describe deploy web -n n\nName:   web\nNamespace:  n\nCreationTimestamp:  Sun, 22 Nov 2026 18:51:53 +0000\n\
     Selector:  app=web\nReplicas:  1 desired | 1 updated | 1 total | 1 available | 0 unavailable\n",
    "$ kubectl get pods -n n -o wide\nNAME                   READY   STATUS    RESTARTS   AGE     IP           NODE\n\
     web-6b49c57d79-zzx7j   1/1     Running   0          2m37s   10.244.2.7   worker-2\n",
    "$ kubectl get events -n n\nLAST SEEN   TYPE     REASON      OBJECT                     MESSAGE\n\
     2m36s       Normal   Scheduled   pod/web-6b49c57d79-zzx7j   Successfully assigned\n",
];

/// Twice the text takes about twice the time: a long line, many short ones, one command over and over.
#[test]
fn time_is_bounded() {
    let texts = [
        "a".repeat(4 << 20),
        "$ kubectl get pods\nNAME   READY   STATUS   RESTARTS   AGE\na   1/1   Running   0   1d\n"
            .repeat(5_000),
        format!(
            "$ kubectl get pods\nNAME   READY   STATUS   RESTARTS   AGE\n{}",
            "a   1/1   Running   0   1d\n".repeat(50_000)
        ),
        "Name:  a\n".repeat(20_000),
        "[".repeat(1 << 20),
        "root@n:~# df -h\n".repeat(20_000),
    ];
    for text in texts {
        let began = std::time::Instant::now();
        one(&text);
        assert!(began.elapsed().as_secs() < 60, "{:?} took {:?}", text.get(..40), began.elapsed());
    }
}
