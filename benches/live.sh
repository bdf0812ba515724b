#!/usr/bin/env bash
# A live diagnosis of a large cluster beside plain GETs of the same lists. A real etcd and API server, no kubelets.
#   benches/live.sh [NODES [PODS [FAULTS]]]
# Needs what e2e/README.md names (etcd, openssl, Go for the first run), curl and GNU time; and the ports 2379 and 6443.
set -euo pipefail
cd "$(dirname "$0")/.."
nodes=${1:-2000} pods=${2:-50000} faults=${3:-12}
work=${KUBECAUSE_E2E_DIR:-$PWD/target/crowd}
export KUBECAUSE_E2E_DIR=$work
capture=$work/capture-$nodes-$pods
cargo build --quiet --release -p kubecause -p kubecause-e2e -p xtask
bin=${CARGO_TARGET_DIR:-target}/release
mkdir -p "$work"
[ -d "$capture" ] || "$bin/xtask" synth --nodes "$nodes" --pods "$pods" --faults "$faults" "$capture" >/dev/null
trap '"$bin/lab" down' EXIT
"$bin/lab" crowd "$capture" | head -1

timed() { # label, command …: seconds, CPU seconds, peak memory of the best of three runs
    local label=$1
    shift
    for _ in 1 2 3; do
        /usr/bin/time -f '%e %U %S %M' -o "$work/time" "$@" >"$work/out" 2>"$work/err" || test $? -le 2
        tail -1 "$work/time"
    done | sort -n | head -1 | awk -v label="$label" '{printf "| %s | %.2f s | %.2f s | %.0f MB |\n", label, $1, $2 + $3, $4 / 1024}'
}
kubecause() { timed "$1" "$bin/kubecause" diagnose --kubeconfig "$work/reader.conf" --no-looks -o json; }

kubecause warm-up >/dev/null
# The lists that it asked for, from the API server's own record; whole, in one answer each.
grep '"username":"kubecause"' "$work/control-plane/audit.log" | grep '"verb":"list"' | grep -v '"responseStatus":{[^}]*"code":4' |
    sed -E 's/.*"requestURI":"([^"?]*).*/\1/' | sort -u |
    sed -E 's|.*|url = "https://127.0.0.1:6443&"\noutput = /dev/null|' >"$work/lists"
gets=(curl --silent --insecure --header "Authorization: Bearer reader-token" --header "Accept: application/json" --parallel)

echo "| $nodes nodes, $pods pods, $(grep -c url "$work/lists") lists | time | CPU time | peak memory |"
echo "|---|---|---|---|"
timed "plain GETs, as many at once as curl likes" "${gets[@]}" --config "$work/lists"
timed "plain GETs, compressed" "${gets[@]}" --compressed --config "$work/lists"
kubecause "kubecause diagnose --no-looks"
