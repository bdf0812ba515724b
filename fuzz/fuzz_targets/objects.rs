#![no_main]
//! What must hold stands in `kubecause_testkit::hostile`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kubecause_testkit::hostile::run("objects", bytes));
