#!/bin/sh
# Builds the program that writes sessions: build.sh OUT. Its modules are those of the cluster that e2e/ starts.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=${WORK:-$(mktemp -d)}
cp "$here"/*.go "$here"/../../../../e2e/cluster/go.mod "$here"/../../../../e2e/cluster/go.sum "$work"
out=$(realpath "$1")
cd "$work"
go build -mod=mod -o "$out" .
