//! That it reads what `serde_json` reads, and nothing else.

use super::*;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

/// Texts of all tokens, right and wrong ones; each is also cut short and changed in each of its bytes.
const TEXTS: [&str; 14] = [
    r#"{"a":1,"b":[true,false,null],"c":{"d":"e","f":[]},"g":{}}"#,
    "{\n    \"items\": [\n        {\n            \"a\": \"x\"\n        }\n    ],\r\n\t\"n\": -0\n}\n",
    r#"["a\"b\\c\/d\b\f\n\r\té","\ud83d\ude00","\ud83d","ünï","\x","\u12"]"#,
    "[0,-1,10,1.5,-2.5e3,1E+9,1e400,00,01,-,1.,.5,1e,+1,18446744073709551615,-9223372036854775808,123456789012345678]",
    r#"{"a":1,"a":2,}"#,
    "[1,]",
    r#"{"a" : [ 1 , { "b" : [ [ ] ] } ] , "c" : "" }"#,
    r#""a string that is longer than two words of eight bytes, with an end""#,
    "[\"a\tb\"]",
    "{1:2}",
    "nul",
    "[1 2]",
    r#"{"a":{"b":{"c":[{"d":[0]}]}}"#,
    r#"{"a":"b" "c":"d"}"#,
];

fn same(text: &str) {
    let wanted: Option<Value> = serde_json::from_str(text).ok();
    assert_eq!(from_str::<Value>(text).ok(), wanted, "{text}");
    let skipped = serde_json::from_str::<IgnoredAny>(text).is_ok();
    assert_eq!(from_str::<IgnoredAny>(text).is_ok(), skipped, "{text}");
    let raw = serde_json::from_str::<Vec<&RawValue>>(text).ok();
    let own = from_str::<Vec<&RawValue>>(text).ok();
    let texts = |raw: Option<Vec<&RawValue>>| {
        raw.map(|all| all.iter().map(|r| r.get().to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(texts(own), texts(raw), "{text}");
}

#[test]
fn it_reads_what_serde_json_reads() {
    for text in TEXTS {
        same(text);
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            same(&text[..end]);
        }
        for (at, old) in text.char_indices() {
            for new in [
                "", "\"", "\\", "{", "}", "[", "]", ",", ":", " ", "0", "9", "-", ".", "e", "\u{1}", "ü", "n",
            ] {
                same(&[&text[..at], new, &text[at + old.len_utf8()..]].concat());
            }
        }
    }
}

#[test]
fn what_is_nested_too_deep_is_left_to_others() {
    for depth in [1, 126, 127, 128, 129, 100_000] {
        let text = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(from_str::<Value>(&text).is_ok(), depth <= 127, "{depth}");
        assert_eq!(from_str::<IgnoredAny>(&text).is_ok(), depth <= 128, "{depth}");
    }
}

#[test]
fn one_value_behind_the_other() {
    let mut reader = Reader::new(r#"{"a":1} ,"#);
    assert!(Value::deserialize(&mut reader).is_ok());
    assert_eq!(reader.offset(), 7);
    assert_eq!(reader.end(), Err(Unread));
}
