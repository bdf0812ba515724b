//! Claims that stay unbound, volumes that cannot be attached or mounted, volumes that are full. Compares claims with
//! volumes and classes field by field; a claim that waits for its first consumer is no fault.

mod claims;
mod expansion;
mod fit;
mod missing;
mod mounts;
mod usage;
mod users;
mod zone;

use crate::finding::Sink;
use crate::signal::{Family, Needs, Signal};
use kubecause_evidence::{Kind, Snapshot};
use users::Users;

/// The family.
pub const FAMILY: Family = Family { signals: SIGNALS, observe };

const CLAIMS: &[Needs] = &[Needs::Kind(Kind::PersistentVolumeClaim)];
const CLAIMS_VOLUMES: &[Needs] =
    &[Needs::Kind(Kind::PersistentVolumeClaim), Needs::Kind(Kind::PersistentVolume)];
const CLAIMS_CLASSES: &[Needs] = &[Needs::Kind(Kind::PersistentVolumeClaim), Needs::Kind(Kind::StorageClass)];
const PODS: &[Needs] = &[Needs::Kind(Kind::Pod)];
const PODS_EVENTS: &[Needs] = &[Needs::Kind(Kind::Pod), Needs::Kind(Kind::Event)];

const SIGNALS: &[Signal] = &[
    Signal::fact(
        "claim.unbound",
        "A claim is Pending or Lost although nothing but a volume is missing.",
        CLAIMS,
    ),
    Signal::fact("claim.class-missing", "A claim names a StorageClass that does not exist.", CLAIMS_CLASSES),
    Signal::fact(
        "claim.no-default-class",
        "A claim names no class, and no class is the default.",
        CLAIMS_CLASSES,
    ),
    Signal::fact(
        "claim.capacity-mismatch",
        "A claim wants more than the volumes of its class hold.",
        CLAIMS_VOLUMES,
    ),
    Signal::fact(
        "claim.access-mode-mismatch",
        "A claim wants an access mode that no volume offers.",
        CLAIMS_VOLUMES,
    ),
    Signal::fact(
        "claim.selector-mismatch",
        "No volume has the labels that the claim selects by.",
        CLAIMS_VOLUMES,
    ),
    Signal::fact(
        "claim.volume-mode-mismatch",
        "Block is wanted and Filesystem offered, or the reverse.",
        CLAIMS_VOLUMES,
    ),
    Signal::fact("claim.volume-taken", "The volume that would fit belongs to another claim.", CLAIMS_VOLUMES),
    Signal::fact(
        "claim.volume-class-differs",
        "The volume named in the claim is of another class.",
        CLAIMS_VOLUMES,
    ),
    Signal::fact(
        "claim.named-volume-missing",
        "The volume named in the claim does not exist.",
        CLAIMS_VOLUMES,
    ),
    Signal::fact(
        "claim.no-volume",
        "There is no volume of the class, and nothing that makes one.",
        CLAIMS_VOLUMES,
    ),
    Signal::fact("claim.provisioning-failed", "The provisioner tried and reports an error.", CLAIMS),
    Signal::fact(
        "claim.waits-for-provisioner",
        "A provisioner was asked for a volume and has not answered.",
        CLAIMS,
    ),
    Signal::fact(
        "claim.volume-lost",
        "A claim is Lost: the volume that it was bound to is gone, or belongs to another claim.",
        CLAIMS,
    ),
    Signal::fact(
        "claim.expansion-failing",
        "A claim asks for more than its volume holds, and the storage or kubelet reports that it cannot grow.",
        CLAIMS,
    ),
    Signal::fact(
        "claim.expansion-waits-for-pod",
        "A volume has grown and its file system has not, for a quarter of an hour, while a pod has it mounted.",
        CLAIMS,
    ),
    Signal::fact(
        "claim.missing",
        "A pod mounts a claim that does not exist.",
        &[Needs::Kind(Kind::Pod), Needs::Kind(Kind::PersistentVolumeClaim)],
    ),
    Signal::fact("volume.multi-attach", "A volume that one node holds is wanted on another.", PODS_EVENTS),
    Signal::fact("volume.attach-failed", "Attaching a volume to the node failed.", PODS_EVENTS),
    Signal::fact("volume.driver-missing", "The volume's driver is not registered on the node.", PODS_EVENTS),
    Signal::fact("volume.mount-failed", "Mounting a volume failed with an error of its own.", PODS_EVENTS),
    Signal::fact("volume.wait-timed-out", "Kubelet gave up waiting for the pod's volumes.", PODS_EVENTS),
    Signal::fact(
        "volume.affinity-conflict",
        "The scheduler rejects nodes for the place of the pod's volume.",
        PODS,
    ),
    Signal::fact(
        "volume.affinity-conflict-everywhere",
        "The scheduler rejects every node for the place of the pod's volume.",
        PODS,
    ),
    Signal::fact(
        "volume.no-node-fits",
        "No node that the pod may use is where its volume is.",
        &[
            Needs::Kind(Kind::Pod),
            Needs::Kind(Kind::Node),
            Needs::Kind(Kind::PersistentVolume),
            Needs::Kind(Kind::PersistentVolumeClaim),
        ],
    ),
    Signal::fact(
        "volume.home-node-gone",
        "The pod's volume is tied to one machine by its name, and no node has that name any more.",
        &[
            Needs::Kind(Kind::Pod),
            Needs::Kind(Kind::Node),
            Needs::Kind(Kind::PersistentVolume),
            Needs::Kind(Kind::PersistentVolumeClaim),
        ],
    ),
    Signal::fact(
        "volume.home-nodes-refuse",
        "The nodes where the pod's volume is refuse the pod for another reason.",
        &[
            Needs::Kind(Kind::Pod),
            Needs::Kind(Kind::Node),
            Needs::Kind(Kind::PersistentVolume),
            Needs::Kind(Kind::PersistentVolumeClaim),
        ],
    ),
    Signal::fact("volume.full", "A volume has less than five percent and five GiB, or no inodes, left.", &[]),
    Signal::fact(
        "volume.write-failed-full",
        "A container reports a full disk on the path of a claim.",
        &[Needs::ContainerLog],
    ),
    Signal::fact(
        "volume.write-failed",
        "A container that mounts one claim reports a full disk for a file that it names without its folder, and its node \
         is not short of disk.",
        &[Needs::ContainerLog],
    ),
];

fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    let users = Users::of(snapshot);
    claims::look(snapshot, &users, sink);
    expansion::look(snapshot, &users, sink);
    missing::look(snapshot, sink);
    mounts::look(snapshot, &users, sink);
    zone::look(snapshot, sink);
    usage::look(snapshot, sink);
}

#[cfg(test)]
mod tests;
