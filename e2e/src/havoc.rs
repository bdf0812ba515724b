//! Faults that no manifest makes: a process stopped, a disk filled, credentials taken away.
