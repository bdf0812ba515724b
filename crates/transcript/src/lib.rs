//! Pasted terminals: the text that `kubectl`, `journalctl`, `df` and their like print, read back into the objects, logs and node
//! facts that it was printed from.
//!
//! Objects come out in the API's own JSON form, so that they pass through the same types as any other capture. What a printer
//! does not show is absent from them. Knows the printers; does not know files, snapshots or causes.

pub mod describe;
