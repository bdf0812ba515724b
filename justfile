# A short menu; what is long is in `cargo xtask`.

# Everything that must hold before a change lands
check:
    .ci/run

# The tests
test:
    cargo test --workspace

# The pages under docs/, from the catalogue
docs:
    cargo xtask docs

# A new failure mode: just mode node container-runtime-slow
mode area id:
    cargo xtask new-mode {{area}} {{id}}

# Time, peak memory and bytes on the captures that ship
bench:
    cargo bench --workspace

# Faults in a real cluster: just e2e, just e2e smoke, just e2e api-faults, just e2e NAME,NAME. Needs root; see e2e/README.md
e2e what="all":
    cargo build -p kubecause
    KUBECAUSE_E2E={{what}} cargo test -p kubecause-e2e --test cluster -- --ignored --nocapture
