//! How much is read. Captures come from other people: none may exhaust the machine that reads it.

/// Bounds on one input. What lies beyond a bound is a gap, never an error.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Files in a directory or members in an archive.
    pub files: usize,
    /// Folders within each other.
    pub depth: usize,
    /// Bytes that an archive may unpack to, members that are not read included.
    pub unpacked: u64,
    /// Bytes of an archive within the input, or of a single packed file; it is held in memory while it is read.
    pub nested: u64,
    /// Bytes of a file that holds objects.
    pub objects: u64,
    /// Bytes of any other file that is no log.
    pub small: u64,
    /// Bytes that are kept of one log: its end.
    pub log: u64,
    /// Bytes that are kept of all logs together.
    pub logs: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            files: 200_000,
            depth: 16,
            unpacked: 16 << 30,
            nested: 1 << 30,
            objects: 3 << 30,
            small: 16 << 20,
            log: 256 << 20,
            logs: 2 << 30,
        }
    }
}
