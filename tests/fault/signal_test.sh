#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Signals that come while the daemon loads for the first time: they wait until it is done. SIGHUP
# then is what it always is, SIGTERM ends a daemon whose policy is in force.
set -e
cd "$(dirname "$0")/../.."
. tests/fault/lib.sh

# Not by the function `cordon`: the number must be the daemon's own.
run()
{
	rm -f "$NET_TMP/run"
	nsenter --net="/run/netns/$NODE" -- "$CORDON" --root "$NET_ROOT" --bpffs "$NET_BPFFS" \
		--cgroup "$NET_CGROUP" run >"$NET_TMP/run" 2>&1 &
	daemon=$!
}

# signal_while_loading SIGNAL: to a new daemon whose first maps are pinned, and whose programs are not
signal_while_loading()
{
	local _
	for _ in $(seq 20); do
		cordon detach >/dev/null 2>&1 || true
		run
		until_ok 60 test -e "$NET_BPFFS/maps/control" || die "nothing is loaded"
		kill -STOP "$daemon"
		if [ ! -e "$NET_BPFFS/maps/build" ]; then
			kill -s "$1" "$daemon"
			kill -CONT "$daemon"
			return 0
		fi
		kill -KILL "$daemon"
		kill -CONT "$daemon"
		wait "$daemon" 2>/dev/null || true
	done
	die "it is never loading"
}

end_of_daemon() { status=0; wait "$daemon" || status=$?; echo "exit $status" >"$NET_TMP/end"; }

test_start 7
fault_start
mkdir -p "$NET_ROOT/etc/cordon"
cp "$NET_TMP/1.yaml" "$NET_ROOT/etc/cordon/policy.yaml"

signal_while_loading HUP
check "SIGHUP: the daemon goes on" until_ok 60 grep -q "in force" "$NET_TMP/run"
check "and lives" kill -0 "$daemon"
check "its policy is in force" in_force 1
kill -TERM "$daemon"
end_of_daemon
check "it ends when told" grep -qx "exit 0" "$NET_TMP/end"

signal_while_loading TERM
end_of_daemon
check "SIGTERM: it ends in order" grep -qx "exit 0" "$NET_TMP/end"
check "with its policy in force" in_force 1
refuse "and without complaint" grep "^cordon" "$NET_TMP/run"
test_end
