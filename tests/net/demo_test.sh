#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 180
#
# The demo as people run it: each of its checks, and nothing left behind, also if it is ended early.
# It needs root and makes namespaces of its own.
set -euo pipefail
cd "$(dirname "$0")/../.."

cordon=${BUILD:-build}/cordon
work=$(mktemp -d /tmp/cordon-demo-test.XXXXXX)
trap 'rm -rf "$work"' EXIT
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP needs root'; exit 0; }
[ -x "$cordon" ] || { echo "Bail out! $cordon is not built"; exit 1; }

n=0
ok() { n=$((n + 1)); echo "ok $n $*"; }
not_ok() { n=$((n + 1)); echo "not ok $n $*"; }
check() { local text=$1; shift; if "$@"; then ok "$text"; else not_ok "$text"; fi; }

cgroup2() { awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts; }
nothing_left() { ! compgen -G "$(cgroup2)/cordon-demo-$1.slice" >/dev/null; }

# end_early SIGNAL STATUS
end_early()
{
	local pid status=0
	# Python, as bash lets its background processes ignore SIGINT.
	python3 -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$cordon" demo >"$work/early" 2>&1 &
	pid=$!
	for _ in {1..500}; do
		grep -q '^Before' "$work/early" && break
		sleep 0.02
	done
	kill -"$1" "$pid"
	wait "$pid" || status=$?
	check "SIG$1 ends it with status $2" [ "$status" = "$2" ]
	check "and leaves nothing" nothing_left "$pid"
}

"$cordon" demo --json >"$work/out" 2>"$work/error" &
demo=$!
status=0
wait "$demo" || status=$?

echo 'TAP version 13'
while IFS='"' read -r _ _ _ what _ _ _ wanted _ _ _ found _ _ verdict; do
	case $verdict in
	': true}') ok "$what $found" ;;
	*) not_ok "$what: $found, not $wanted" ;;
	esac
done <"$work/out"
sed 's/^/# /' "$work/error"
check 'all of it ran' [ "$n" -ge 30 ]
check 'it exits 0' [ "$status" = 0 ]
check 'and leaves nothing' nothing_left "$demo"
end_early INT 130
end_early TERM 143
echo "1..$n"
