//! Kubernetes quantities: `100m`, `16Mi`, `1e3`, `1.5G`.

use crate::Sym;
use serde::Deserialize;
use std::fmt;

/// A quantity as it was written. Source of the grammar: `k8s.io/apimachinery/pkg/api/resource/quantity.go`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(transparent)]
pub struct Quantity(Sym);

impl Quantity {
    /// A quantity of that text.
    pub fn new(text: &str) -> Self {
        Self(Sym::new(text))
    }

    /// The text as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value in whole units (cores, bytes, pods); `None` where the text is no quantity.
    pub fn value(&self) -> Option<f64> {
        parse(&self.0)
    }

    /// The value in thousandths, the unit in which CPU is counted; saturating.
    pub fn milli(&self) -> Option<i64> {
        self.value().map(|v| (v * 1000.0).round() as i64)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The value of a quantity's text in whole units.
pub fn parse(text: &str) -> Option<f64> {
    let text = text.trim();
    let split = text
        .char_indices()
        .find(|&(i, c)| !(c.is_ascii_digit() || c == '.' || (i == 0 && (c == '+' || c == '-'))))
        .map_or(text.len(), |(i, _)| i);
    let (number, suffix) = text.split_at(split);
    let number: f64 = number.parse().ok()?;
    let factor = match suffix {
        "" => 1.0,
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "E" => 1e18,
        "Ki" => 1024.0,
        "Mi" => 1024.0_f64.powi(2),
        "Gi" => 1024.0_f64.powi(3),
        "Ti" => 1024.0_f64.powi(4),
        "Pi" => 1024.0_f64.powi(5),
        "Ei" => 1024.0_f64.powi(6),
        _ => 10_f64.powi(suffix.strip_prefix(['e', 'E'])?.parse::<i32>().ok()?),
    };
    let value = number * factor;
    value.is_finite().then_some(value)
}

/// Bytes for people: `1.6 GiB`, `305 MiB`, `56 KiB`.
pub fn bytes(value: f64) -> String {
    let mut value = value;
    for unit in ["B", "KiB", "MiB", "GiB", "TiB"] {
        if value.abs() < 1024.0 {
            return if unit == "B" || value.abs() >= 100.0 {
                format!("{value:.0} {unit}")
            } else {
                format!("{value:.1} {unit}")
            };
        }
        value /= 1024.0;
    }
    format!("{value:.1} PiB")
}

#[cfg(test)]
mod tests {
    use super::{bytes, parse};

    #[test]
    fn quantities_of_every_form() {
        for (text, want) in [
            ("100m", 0.1),
            ("2", 2.0),
            ("16Mi", 16_777_216.0),
            ("1.5G", 1.5e9),
            ("1e3", 1000.0),
            ("-1", -1.0),
        ] {
            assert_eq!(parse(text), Some(want), "{text}");
        }
        for bad in ["", "Mi", "1Zi", "1e", "1e999", "--1", "1 Gi"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn bytes_for_people() {
        assert_eq!(bytes(1_847_832_576.0), "1.7 GiB");
        assert_eq!(bytes(57_344.0), "56.0 KiB");
    }
}
