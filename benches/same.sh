#!/usr/bin/env bash
# Whether two builds of kubecause say the same, to the byte, of every capture under fixtures/, and of those that are named:
#   benches/same.sh OLD NEW [CAPTURE...]
# What makes reading faster must not change what is read.
set -euo pipefail
cd "$(dirname "$0")/.."
old=$1 new=$2
shift 2
differ=0 all=0
for capture in fixtures/cases/* fixtures/healthy/* "$@"; do
  case $capture in *.md | *.toml | *.txt) continue ;; esac
  all=$((all + 1))
  # That there are incidents is no failure here.
  "$old" diagnose --from "$capture" -o json >"${TMPDIR:-/tmp}/same.old.$$" 2>&1 || true
  "$new" diagnose --from "$capture" -o json >"${TMPDIR:-/tmp}/same.new.$$" 2>&1 || true
  cmp -s "${TMPDIR:-/tmp}/same.old.$$" "${TMPDIR:-/tmp}/same.new.$$" || { differ=$((differ + 1)); echo "differs: $capture"; }
done
rm -f "${TMPDIR:-/tmp}/same.old.$$" "${TMPDIR:-/tmp}/same.new.$$"
echo "$all captures, $differ of which differ"
[ "$differ" = 0 ]
