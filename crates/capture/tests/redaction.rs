//! Masking twice is masking once, and what is masked is gone.

use kubecause_capture::{MASK, Redactor};
use proptest::prelude::*;
use std::sync::LazyLock;

static REDACTOR: LazyLock<Redactor> = LazyLock::new(|| Redactor::new().expect("rules"));

/// Pieces of which secrets and what looks like them are made.
fn piece() -> impl Strategy<Value = String> {
    let words = [
        "password",
        "token",
        "api_key",
        "secret",
        "Authorization",
        "Bearer ",
        "Basic ",
        "=",
        ": ",
        ":",
        "\"",
        "\\\"",
        "'",
        "://",
        "@",
        "/",
        "{",
        "}",
        ",",
        " ",
        "\n",
        "--",
        "-p",
        "mysql ",
        "redis-cli -a ",
        "curl -u ",
        "eyJhbGciOiJIUzI1NiJ9",
        ".",
        "***",
        "$(X)",
        "?sig=",
        "&",
        "name",
        "value",
        "auth",
        "-----BEGIN PRIVATE KEY-----",
        "-----END PRIVATE KEY-----",
        "tcp(",
        "db:5432",
        "cookie: ",
        "hooks.slack.com/services/",
        "ghp_0123456789abcdefghijABCDEFGHIJ",
        "\\",
    ];
    prop_oneof![
        3 => prop::sample::select(words.to_vec()).prop_map(str::to_owned),
        1 => "[a-zA-Z0-9+/=_.-]{1,24}",
        1 => ".{0,3}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn masking_twice_is_masking_once(pieces in prop::collection::vec(piece(), 0..24)) {
        let text = pieces.concat();
        let once = REDACTOR.text(&text).into_owned();
        let twice = REDACTOR.text(&once).into_owned();
        prop_assert_eq!(&once, &twice, "from {:?}", text);
    }

    #[test]
    fn no_password_is_left(secret in "[A-Za-z0-9]{6,20}q7", host in "[a-z]{3,9}", port in 1024u16..65535) {
        for text in [
            format!("password={secret} host={host} port={port}"),
            format!("connect postgres://shop:{secret}@{host}:{port}/orders failed"),
            format!("{{\"dbPassword\":\"{secret}\",\"host\":\"{host}\",\"port\":{port}}}"),
            format!("Authorization: Bearer {secret}\nHost: {host}:{port}"),
            format!("tool --token {secret} --addr {host}:{port}"),
            format!("redis:\n  password: {secret}\n  addr: {host}:{port}\n"),
        ] {
            let masked = REDACTOR.text(&text);
            prop_assert!(!masked.contains(&secret) && masked.contains(MASK), "{}", masked);
            prop_assert!(masked.contains(&host) && masked.contains(&port.to_string()), "{}", masked);
        }
    }
}
