//! Which catalogues a run takes besides the one that ships.

use crate::Failure;
use crate::args::Own;
use kubecause_kit::Kit;
use std::path::PathBuf;

/// What ships, the catalogue in the user's configuration where there is one, those that were named, and these silences.
pub fn load(own: &Own, silences: &[PathBuf]) -> Result<Kit, Failure> {
    let holds_any = |folder: &PathBuf| folder.read_dir().is_ok_and(|mut entries| entries.next().is_some());
    let configured = configured().filter(holds_any);
    let mut folders: Vec<PathBuf> = Vec::new();
    for folder in configured.iter().chain(&own.catalogue) {
        let place = folder.canonicalize().unwrap_or_else(|_| folder.clone());
        if !folders.iter().any(|f| f.canonicalize().is_ok_and(|f| f == place)) {
            folders.push(folder.clone());
        }
    }
    Kit::load(&folders, silences).map_err(Failure::config)
}

/// Where a user keeps a catalogue: see <https://specifications.freedesktop.org/basedir-spec/latest/>.
fn configured() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let config = absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config")))?;
    Some(config.join("kubecause").join("catalogue"))
}
