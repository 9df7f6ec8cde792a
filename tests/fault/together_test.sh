#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two commands that change the policy at once: both finish, one after the other, or one says who
# holds the lock; never a mix of both.
set -e
cd "$(dirname "$0")/../.."
. tests/fault/lib.sh
ROUNDS=20

apply_into() { cordon apply --force "$NET_TMP/$1.yaml" >"$NET_TMP/out.$1" 2>&1; }

# race - both at once; says what is wrong, or nothing
race()
{
	local first second status1=0 status2=0
	apply_into 1 &
	first=$!
	apply_into 2 &
	second=$!
	wait $first || status1=$?
	wait $second || status2=$?
	for status in $status1 $status2; do
		[ "$status" -le 1 ] || echo "exit $status"
	done
	[ $((status1 + status2)) -lt 2 ] || echo "both failed"
	[ $status1 = 0 ] || grep -q "another cordon (pid" "$NET_TMP/out.1" || cat "$NET_TMP/out.1"
	[ $status2 = 0 ] || grep -q "another cordon (pid" "$NET_TMP/out.2" || cat "$NET_TMP/out.2"
	in_force "$(by_packets)" || true
}

races() { for _ in $(seq $ROUNDS); do race; done; }

test_start 7
fault_start
check "apply" cordon apply "$NET_TMP/1.yaml"
wrong=$(races)
check "two at once, $ROUNDS times: ${wrong:-one or the other, whole}" test -z "$wrong"
check "settle on one" cordon apply --force "$NET_TMP/1.yaml"

# One that takes long: the lock is held, and the holder's number is in it.
lock=$NET_ROOT/run/cordon/lock
flock "$lock" sh -c "echo \$\$ >'$lock'; echo held >'$NET_TMP/held'; exec sleep 60" &
disown -a
until_ok 10 test -s "$NET_TMP/held"
holder=$(cat "$lock")
refused "a second is told who holds the lock" "another cordon (pid $holder)" \
	cordon apply "$NET_TMP/2.yaml"
check "the first policy is in force" in_force 1
kill "$holder"
check "then it can" until_ok 10 cordon apply "$NET_TMP/2.yaml"
check "the second policy is in force" in_force 2
test_end
