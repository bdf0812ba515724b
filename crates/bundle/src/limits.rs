//! How much is read. Captures come from other people: none may exhaust the machine that reads it.

/// Bounds on one input. What lies beyond a bound is a gap, never an error.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Files in a directory or members in an archive.
    pub files: usize,
    /// Bytes of the paths of all files together.
    pub names: usize,
    /// Folders within each other.
    pub depth: usize,
    /// Bytes that an archive may unpack to, members that are not read included.
    pub unpacked: u64,
    /// Of these, as many as any input may unpack to, however small it is. Beyond them it must have one byte for 200 that it unpacks to.
    pub free: u64,
    /// Bytes of an archive within the input, or of a single packed file; it is held in memory while it is read.
    pub nested: u64,
    /// Bytes of a file that holds objects.
    pub objects: u64,
    /// Objects of all files together.
    pub number: usize,
    /// Bytes of any other file that is no log.
    pub small: u64,
    /// Bytes of all those files together.
    pub smalls: u64,
    /// Bytes that are kept of one log: its end.
    pub log: u64,
    /// Bytes that are kept of all logs together.
    pub logs: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            files: 200_000,
            names: 64 << 20,
            depth: 16,
            unpacked: 16 << 30,
            free: 256 << 20,
            nested: 1 << 30,
            objects: 3 << 30,
            number: 4_000_000,
            small: 16 << 20,
            smalls: 1 << 30,
            log: 256 << 20,
            logs: 2 << 30,
        }
    }
}

impl Limits {
    /// So many times its own length may an input unpack to. Lists of objects pack to a twentieth or a fiftieth, logs to a hundredth.
    const RATIO: u64 = 200;

    /// The bounds on an input of that packed length: a few kilobytes must not keep a machine busy for minutes.
    pub(crate) fn of_packed(self, length: u64) -> Self {
        let most = length.saturating_mul(Self::RATIO).saturating_add(self.free);
        Self { unpacked: self.unpacked.min(most), objects: self.objects.min(most), ..self }
    }
}
