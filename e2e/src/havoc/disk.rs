//! The disk of a node: filled from outside, from a pod, through a hostPath, with files that hold nothing, with images; and
//! thresholds that no disk can meet.

use super::*;
use crate::image::PAUSE;

const PRESSURE: (&str, &str, &str) = (NODE_LIST, "/status/conditions/*/reason", "^KubeletHasDiskPressure$");

pub(super) const ALL: &[Havoc] = &[
    Havoc {
        name: "disk-filled-from-outside",
        says: "a file of 1.6 GiB that is not Kubernetes' fills the disk of worker-1",
        smoke: false,
        root: (&["nodefs-filled-by-unmanaged-files"], VICTIM),
        allowed: &["evicted-pods-left-behind"],
        until: &[PRESSURE],
        settles: None,
        put_in: |c| fill(c, "backup.tar", 1650),
        take_out: |c| {
            std::fs::remove_file(victim(c)?.dir().join("backup.tar"))?;
            restore_images(c)
        },
    },
    Havoc {
        name: "disk-filled-by-pod",
        says: "a pod writes 1.7 GiB into its own filesystem",
        smoke: false,
        root: (&["pod-ephemeral-storage-hog"], ""),
        allowed: &["evicted-pods-left-behind"],
        until: &[PRESSURE],
        settles: None,
        put_in: |c| {
            c.api.apply(&on_victim(
                "recorder",
                1,
                "dd if=/dev/zero of=/var/recording bs=1M count=1700; sleep 86400",
                "",
            ))
        },
        take_out: |c| {
            delete(c, &["deployment", "recorder"])?;
            restore_images(c)
        },
    },
    Havoc {
        name: "disk-filled-by-hostpath",
        says: "a pod writes 1.7 GiB into a hostPath on the disk of worker-1",
        smoke: false,
        root: (&["hostpath-volume-hog", "nodefs-filled-by-unmanaged-files"], ""),
        allowed: &["evicted-pods-left-behind"],
        until: &[PRESSURE],
        settles: None,
        put_in: |c| {
            let path = victim(c)?.dir().join("archive");
            let more = format!(
                "        volumeMounts: [{{name: archive, mountPath: /archive}}]\n      volumes: [{{name: archive, hostPath: {{path: {}, type: DirectoryOrCreate}}}}]\n",
                path.display()
            );
            c.api.apply(&on_victim(
                "archiver",
                1,
                "dd if=/dev/zero of=/archive/dump bs=1M count=1650; sleep 86400",
                &more,
            ))
        },
        take_out: |c| {
            delete(c, &["deployment", "archiver"])?;
            // A kubelet that could not start the pod has not made it.
            std::fs::remove_dir_all(victim(c)?.dir().join("archive")).or(std::io::Result::Ok(()))?;
            restore_images(c)
        },
    },
    Havoc {
        name: "inodes-used-up",
        says: "130,000 empty files use up the inodes of worker-1",
        smoke: false,
        root: (&["nodefs-inodes-exhausted"], VICTIM),
        allowed: &["evicted-pods-left-behind"],
        until: &[PRESSURE],
        settles: None,
        put_in: |c| {
            let dir = victim(c)?.dir().join("sessions");
            std::fs::create_dir_all(&dir)?;
            (0..128_000)
                .try_for_each(|n| std::fs::File::create(dir.join(format!("s{n}"))).map(drop))
                .or(Ok(()))
        },
        take_out: |c| {
            std::fs::remove_dir_all(victim(c)?.dir().join("sessions"))?;
            restore_images(c)
        },
    },
    Havoc {
        name: "threshold-misfit",
        says: "worker-1 wants 98 % of its disk free",
        smoke: false,
        root: (&["eviction-threshold-misfit"], VICTIM),
        allowed: &["evicted-pods-left-behind"],
        until: &[PRESSURE],
        settles: None,
        put_in: |c| {
            reconfigure(
                c,
                "evictionHard: {nodefs.available: 98%, memory.available: 100Mi, nodefs.inodesFree: 5%}\n",
            )
        },
        take_out: |c| {
            reconfigure(c, "")?;
            restore_images(c)
        },
    },
    Havoc {
        name: "memory-threshold-misfit",
        says: "worker-1 wants 500 GiB of memory free",
        smoke: false,
        root: (&["eviction-threshold-misfit"], VICTIM),
        allowed: &["evicted-pods-left-behind"],
        until: &[(NODE_LIST, "/status/conditions/*/reason", "^KubeletHasInsufficientMemory$")],
        settles: None,
        put_in: |c| reconfigure(c, "evictionHard: {memory.available: 95%}\n"),
        take_out: |c| reconfigure(c, ""),
    },
    Havoc {
        name: "image-gc-failing",
        says: "image garbage collection starts at 20 % of a disk that a foreign file fills to 50 %",
        smoke: false,
        root: (
            &[
                "image-gc-failing",
                "image-gc-threshold-misfit",
                "nodefs-filled-by-unmanaged-files",
                "sandbox-image-missing",
            ],
            VICTIM,
        ),
        allowed: &["sandbox-image-missing", "image-gc-failing", "image-gc-threshold-misfit"],
        until: &[(ALL_EVENTS, "/reason", "^(ImageGCFailed|FreeDiskSpaceFailed)$")],
        settles: None,
        put_in: |c| {
            fill(c, "backup.tar", 900)?;
            reconfigure(c, "imageGCHighThresholdPercent: 20\nimageGCLowThresholdPercent: 10\n")
        },
        take_out: |c| {
            std::fs::remove_file(victim(c)?.dir().join("backup.tar"))?;
            restore_images(c)?;
            reconfigure(c, "")
        },
    },
    Havoc {
        name: "sandbox-image-missing",
        says: "the pause image of worker-1 was collected, and no registry can be reached",
        smoke: true,
        root: (&["sandbox-image-missing"], VICTIM),
        allowed: &[],
        until: &[(EVENT_LIST, "/message", "failed to get sandbox image")],
        settles: None,
        put_in: |c| {
            victim(c)?.ctr(&["images", "rm", PAUSE])?;
            c.api.apply(&on_victim("newcomer", 2, "sleep 86400", ""))
        },
        take_out: |c| {
            victim(c)?.import("pause")?;
            delete(c, &["deployment", "newcomer"])
        },
    },
];

/// Under pressure a kubelet deletes images that no container uses: the pause image with them, which no registry gives back.
/// The next pods could not start. Waits until the pressure is over, since it would take them again.
fn restore_images(cluster: &Cluster) -> Result<()> {
    wait_for_no_pressure(cluster)?;
    ["pause", "busybox"].iter().try_for_each(|image| victim(cluster)?.import(image))
}

/// A file of that many MiB on the victim's disk.
fn fill(cluster: &Cluster, name: &str, mebibytes: u32) -> Result<()> {
    let path = victim(cluster)?.dir().join(name);
    crate::process::run("fallocate", &["-l".to_owned(), format!("{mebibytes}M"), path.display().to_string()])
        .map(drop)
}
