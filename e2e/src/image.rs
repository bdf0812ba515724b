//! Images without a registry: docker archives made of this machine's static busybox, which `ctr images import` takes.

use crate::Lab;
use crate::process::run;
use anyhow::{Context, Result};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::path::Path;

/// The image of every container.
pub const BUSYBOX: &str = "docker.io/library/busybox:1.36";
/// The image of every sandbox; containerd's configuration names it.
pub const PAUSE: &str = "registry.k8s.io/pause:3.10";
/// An image with 40 MiB in it, to fill a disk with images: this name and a tag from 0 to 4.
pub const PADDED: &str = "docker.io/shop/media-tools";
const PADDING: usize = 40 << 20;

/// Makes the archives that are not there yet.
pub fn make_all(lab: &Lab) -> Result<()> {
    let dir = lab.images();
    std::fs::create_dir_all(&dir)?;
    if !dir.join("busybox.tar").exists() {
        write(&dir.join("busybox.tar"), BUSYBOX, busybox_layer(None)?, &[])?;
    }
    if !dir.join("pause.tar").exists() {
        let mut layer = Layer::default();
        layer.file("pause", &std::fs::read(lab.program("pause"))?, 0o755)?;
        write(&dir.join("pause.tar"), PAUSE, layer.finish()?, &["/pause"])?;
    }
    for tag in 0..5 {
        let path = dir.join(format!("padded-{tag}.tar"));
        if !path.exists() {
            write(&path, &format!("{PADDED}:{tag}"), busybox_layer(Some(tag))?, &[])?;
        }
    }
    Ok(())
}

fn busybox_layer(padding: Option<u8>) -> Result<Vec<u8>> {
    let mut layer = Layer::default();
    for dir in ["bin", "etc", "usr", "usr/bin", "sbin", "var", "var/run", "home"] {
        layer.dir(dir, 0o755)?;
    }
    layer.dir("tmp", 0o1777)?;
    let program = ["/bin/busybox", "/usr/bin/busybox"].into_iter().find(|p| Path::new(p).exists());
    let program = program.context("no busybox: install busybox-static")?;
    layer.file("bin/busybox", &std::fs::read(program)?, 0o755)?;
    for applet in run(program, &["--list"])?.lines().filter(|a| *a != "busybox") {
        layer.link(&format!("bin/{applet}"), "busybox")?;
    }
    layer.file("etc/passwd", b"root:x:0:0:root:/:/bin/sh\n", 0o644)?;
    layer.file("etc/group", b"root:x:0:\n", 0o644)?;
    if let Some(tag) = padding {
        layer.file("padding", &noise(PADDING, tag), 0o644)?;
    }
    layer.finish()
}

/// Bytes that do not compress, the same every time.
fn noise(length: usize, seed: u8) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ (u64::from(seed) << 32 | 1);
    let step = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..length).map(step).collect()
}

/// A layer that is being written.
#[derive(Default)]
struct Layer {
    tar: Option<tar::Builder<Vec<u8>>>,
}

impl Layer {
    fn tar(&mut self) -> &mut tar::Builder<Vec<u8>> {
        self.tar.get_or_insert_with(|| tar::Builder::new(Vec::new()))
    }

    fn header(kind: tar::EntryType, mode: u32, size: usize) -> tar::Header {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(size as u64);
        header
    }

    fn dir(&mut self, path: &str, mode: u32) -> Result<()> {
        let mut header = Self::header(tar::EntryType::Directory, mode, 0);
        Ok(self.tar().append_data(&mut header, path, std::io::empty())?)
    }

    fn file(&mut self, path: &str, bytes: &[u8], mode: u32) -> Result<()> {
        let mut header = Self::header(tar::EntryType::Regular, mode, bytes.len());
        Ok(self.tar().append_data(&mut header, path, bytes)?)
    }

    fn link(&mut self, path: &str, target: &str) -> Result<()> {
        let mut header = Self::header(tar::EntryType::Symlink, 0o777, 0);
        Ok(self.tar().append_link(&mut header, path, target)?)
    }

    fn finish(self) -> Result<Vec<u8>> {
        Ok(self.tar.unwrap_or_else(|| tar::Builder::new(Vec::new())).into_inner()?)
    }
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Writes an archive as `docker save` does: one layer, its configuration, a manifest.
fn write(path: &Path, name: &str, layer: Vec<u8>, entrypoint: &[&str]) -> Result<()> {
    let layer_id = digest(&layer);
    let config = json!({
        "architecture": if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" },
        "os": "linux",
        "config": { "Entrypoint": entrypoint, "Env": ["PATH=/bin:/usr/bin:/sbin"] },
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{layer_id}")] },
        "history": [{ "created_by": "kubecause-e2e" }],
    });
    let config = serde_json::to_vec(&config)?;
    let config_name = format!("{}.json", digest(&config));
    let layer_name = format!("{layer_id}/layer.tar");
    let manifest = json!([{ "Config": config_name, "RepoTags": [name], "Layers": [layer_name] }]);
    let mut archive = tar::Builder::new(std::fs::File::create(path)?);
    for (name, bytes) in [
        (config_name, config),
        (layer_name, layer),
        ("manifest.json".to_owned(), serde_json::to_vec(&manifest)?),
    ] {
        let mut header = Layer::header(tar::EntryType::Regular, 0o644, bytes.len());
        archive.append_data(&mut header, name, bytes.as_slice())?;
    }
    Ok(archive.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_names_its_layer_by_what_is_in_it() -> Result<()> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("x.tar");
        let mut layer = Layer::default();
        layer.file("hello", b"hi", 0o644)?;
        let bytes = layer.finish()?;
        let id = digest(&bytes);
        write(&path, "example.com/x:1", bytes, &["/hello"])?;
        let mut archive = tar::Archive::new(std::fs::File::open(&path)?);
        let names: Result<Vec<String>> =
            archive.entries()?.map(|e| Ok(e?.path()?.to_string_lossy().into_owned())).collect();
        let names = names?;
        assert!(names.contains(&format!("{id}/layer.tar")), "{names:?}");
        assert_eq!(names.last().map(String::as_str), Some("manifest.json"));
        Ok(())
    }

    #[test]
    fn padding_differs_by_tag_only() {
        assert_eq!(noise(64, 1), noise(64, 1));
        assert_ne!(noise(64, 1), noise(64, 2));
    }
}
