#!/bin/sh
# Writes ../kubectl-<minor>.txt with the printers of each version of kubectl. Needs Go and its module proxy; takes minutes a version.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=${WORK:-$(mktemp -d)}
for version in "${@:-v0.36.3 v0.30.14 v0.24.17 v0.18.0}"; do
	for v in $version; do
		minor=1.$(echo "$v" | cut -d. -f2)
		mkdir -p "$work/$minor"
		cd "$work/$minor"
		cp "$here/main.go" .
		[ -f go.mod ] || go mod init golden >/dev/null 2>&1
		# The module's own home is gone.
		go mod edit -replace=vbom.ml/util=github.com/fvbommel/util@v0.0.0-20180919145318-efcd4e0f9787
		go get "k8s.io/kubectl@$v" "k8s.io/client-go@$v" "k8s.io/apimachinery@$v" "k8s.io/api@$v" "k8s.io/cli-runtime@$v" \
			$(case $v in v0.18.*) ;; *) echo "k8s.io/component-base@$v k8s.io/component-helpers@$v k8s.io/metrics@$v" ;; esac)
		go mod tidy
		go run . "$here/../objects.json" >"$here/../kubectl-$minor.txt"
		echo "kubectl-$minor.txt"
	done
done
