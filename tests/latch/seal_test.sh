#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
# vm: yes
#
# The latch: what passes at each level, what it outlasts, and that it works with no lock, no daemon
# and no policy. What it remembers, and where, is memory_test's matter.
set -e
cd "$(dirname "$0")/../.."
. tests/latch/lib.sh

STATE=var/lib/cordon
latch_is() { [ "$(cordon status --json | jq -r .latch)" = "$1" ]; }
remembers() { [ "$(cordon status --json | jq -r .latch_state.remembered)" = "$1" ]; }
held_lock() { ! flock -n "$NET_ROOT/run/cordon/lock" true; }
fresh() { reboot; rm -rf "${NET_ROOT:?}/$STATE" "${NET_ROOT:?}/etc/cordon/sealed-once"; }
again() { cordon apply "$NET_TMP/policy.yaml" >/dev/null; }

# A connection that stands: answers, or is an error within 2 seconds.
hold()
{
	# shellcheck disable=SC2016 # expanded by the inner shell
	on "$1" bash -c 'exec 3<>"/dev/tcp/$0/$1" || exit
		while echo >&3 && read -r -t 5 <&3; do echo "$SECONDS"; sleep 0.1; done; echo over' \
		"$2" "$3" >"$NET_TMP/held.$3" 2>/dev/null &
}
goes_on() { local was; was=$(wc -l <"$NET_TMP/held.$1"); sleep 0.6; [ "$(wc -l <"$NET_TMP/held.$1")" -gt "$was" ]; }
is_over() { grep -q over "$NET_TMP/held.$1"; }

test_start 46
latch_start
check "open" shut_at open
hold node 10.1.0.2 82
hold node 10.1.0.2 84
hold wan0 10.1.0.1 81
until_ok 5 test -s "$NET_TMP/held.82" -a -s "$NET_TMP/held.84" -a -s "$NET_TMP/held.81"

check "seal egress" cordon seal egress --reason 'a test'
check "egress" shut_at egress
check "what was open is cut, and its program told" until_ok 3 is_over 82
check "but for the keep list" goes_on 84
check "and what the policy lets in" goes_on 81
check "once more is no mistake" cordon seal egress --reason 'again'
check "status says who" says 'uid 0' cordon status
check "why" says 'a test' cordon status
check "what is still possible" says 'control: node -> wan tcp/84' cordon status
check "and what is not held" says 'AF_XDP' cordon status
check "isolate" cordon seal isolate --reason 'tighter'
check "lets less pass" shut_at isolate
check "also of what was let in before" until_ok 8 is_over 81
check "but for the keep list" goes_on 84
check "a looser level is refused" exits 1 cordon seal egress --reason x
check "with the way out" says 'signed release' cordon seal egress --reason x
check "open is no level to seal at" exits 2 cordon seal open --reason x
check "nor is a made-up one" exits 2 cordon seal tight --reason x
check "lockdown" cordon seal lockdown --reason 'tightest'
check "lets pass what isolate does" shut_at lockdown
check "and says that it holds no programs" says 'holds no programs' cordon seal lockdown --reason x

refuse "detach is refused" cordon detach
refuse "rollback" cordon rollback
latch_policy 2
refuse "and a policy without a signature" again
refuse "also by force" cordon apply --force "$NET_TMP/policy.yaml"
check "all of which changed nothing" shut_at lockdown

reboot
check "a boot" cordon run --once
check "restores it" shut_at lockdown
check "and counts" test "$(cordon status --json | jq .latch_state.boot)" = 1

latch_policy
fresh
again
check "a fresh node is open" shut_at open

# The lock is held by somebody who does not move.
flock "$NET_ROOT/run/cordon/lock" sleep 30 &
HOLDER=$!
until_ok 5 held_lock
cordon seal isolate --reason 'no lock' >/dev/null 2>&1 &
SEAL=$!
check "the lock is taken: shut at once, by the store alone" shut_at isolate
pkill -P $HOLDER 2>/dev/null || true
kill $HOLDER 2>/dev/null || true
wait $HOLDER 2>/dev/null || true
wait $SEAL || true
check "and it is remembered" remembers isolate

# A daemon that is stopped or dead changes nothing.
fresh
again
cordon run >/dev/null 2>&1 &
DAEMON=$!
until_ok 10 test -s "$NET_ROOT/run/cordon/daemon"
kill -STOP "$(cat "$NET_ROOT/run/cordon/daemon")"
check "the daemon is stopped: seal" cordon seal isolate --reason 'stopped'
check "shuts" shut_at isolate
kill -KILL "$(cat "$NET_ROOT/run/cordon/daemon")" 2>/dev/null || true
wait $DAEMON 2>/dev/null || true
check "the daemon is dead: lockdown" cordon seal lockdown --reason 'dead'
check "and it stays shut" shut_at lockdown

# No policy was ever loaded.
fresh
check "no policy: seal" cordon seal isolate --reason 'nothing here'
check "shuts everything" shut_at empty
check "but neighbours are still found" on_peer wan0 sh -c \
	'ip neigh flush dev eth0; ping -q -c 1 -W 1 10.1.0.1 >/dev/null; ip neigh show 10.1.0.1 | grep -q lladdr'
check "and status says so" says 'SEALED' cordon status
reboot
check "a boot" cordon run --once
check "shuts it again" shut_at empty

# The lease is a deadline in the kernel.
fresh
sed -i '$a\  lease: {hours: 1, level: egress}' "$NET_TMP/policy.yaml"
again
reboot
python3 tests/latch/state.py "$NET_ROOT" lease_seconds=$((LEASE = 10))
cordon run --once
check "a lease with a few seconds left" latch_is open
check "shuts the node without a daemon" until_ok $((2 * LEASE)) latch_is egress
check "by packets" shut_at egress
test_end
