//! What a caller may ask to read.

use std::ffi::OsStr;
use std::path::PathBuf;

/// One input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A directory, an archive or a file.
    Path(PathBuf),
    /// Standard input.
    Stdin,
    /// Bytes that the caller holds, with a name for messages.
    Bytes {
        /// What messages and citations call it.
        name: String,
        /// An archive, or output of kubectl.
        bytes: Vec<u8>,
    },
}

impl Input {
    /// The input that a command line argument names; `-` is standard input.
    pub fn from_argument(argument: &OsStr) -> Self {
        if argument == "-" { Self::Stdin } else { Self::Path(argument.into()) }
    }

    /// What messages call it.
    pub fn name(&self) -> String {
        match self {
            Self::Path(path) => path.display().to_string(),
            Self::Stdin => "standard input".to_owned(),
            Self::Bytes { name, .. } => name.clone(),
        }
    }
}

impl From<&str> for Input {
    fn from(path: &str) -> Self {
        Self::Path(path.into())
    }
}

impl From<PathBuf> for Input {
    fn from(path: PathBuf) -> Self {
        Self::Path(path)
    }
}
