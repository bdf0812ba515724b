//! Why an input could not be read at all. What is merely missing or broken inside of one is a `Gap`.

use std::io;

/// Why an input could not be read at all. Each says which input and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Nothing was given to read.
    #[error("no input was given: name a capture directory, an archive, a file, or - for standard input")]
    NoInput,
    /// The input itself could not be opened or read.
    #[error("cannot read {path}: check that it exists and that you may read it")]
    Io {
        /// The input.
        path: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// The input holds nothing.
    #[error("{path} is empty: there is nothing to read in it")]
    Empty {
        /// The input.
        path: String,
    },
    /// The input is not one of the known kinds.
    #[error(
        "{path} holds nothing that kubecause can read{hint}: give it a capture directory, an archive of one, the \
         output of kubectl get -o json or -o yaml, or a pasted terminal"
    )]
    Unknown {
        /// The input.
        path: String,
        /// What was seen instead, beginning with a blank, or nothing.
        hint: String,
    },
    /// The input holds more than one capture.
    #[error("{path} holds {count} captures: name one of them, such as {first}")]
    Several {
        /// The input.
        path: String,
        /// How many captures it holds.
        count: usize,
        /// The first of them.
        first: String,
    },
}
