#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 240
#
# A seal while a release, or a detach, is under way: stopped between two of its steps it goes on while
# the seal waits for the lock, or when that has given up waiting. In the end the node is shut.
set -e
cd "$(dirname "$0")/../.."
. tests/latch/lib.sh
. tests/latch/orders.sh

holder_has_stopped() { grep -q '^State:.T' "/proc/$(cat "$NET_ROOT/run/cordon/lock")/status"; }
go_on() { kill -CONT "$(cat "$NET_ROOT/run/cordon/lock")"; }
ends() { until_ok 20 test -e "$NET_TMP/$1.status"; }
status_of() { ends "$1" && [ "$(cat "$NET_TMP/$1.status")" = "$2" ]; }

# begin NAME CMD...: beside us; its exit status goes into a file
begin()
{
	rm -f "$NET_TMP/$1.status"
	{ status=0; "${@:2}" >"$NET_TMP/$1.log" 2>&1 || status=$?; echo "$status" >"$NET_TMP/$1.status"; } &
}

# stop_at STEP CMD...: as "way", under the lock
stop_at()
{
	begin way env CORDON_STOP_AT="$1" nsenter --net="/run/netns/$NODE" -- "$FAULTY" --root "$NET_ROOT" \
		--bpffs "$NET_BPFFS" --cgroup "$NET_CGROUP" "${@:2}"
	until_ok 20 holder_has_stopped || { cat "$NET_TMP/way.log"; return 1; }
}

# seal_behind STEP early|late CMD...: CMD stops there, a seal begins, and CMD goes on
seal_behind()
{
	stop_at "$1" "${@:3}" || return 1
	begin seal cordon seal isolate --reason 'while that was under way'
	if [ "$2" = late ]; then ends seal; else sleep 0.5; fi
	go_on
	ends way && ends seal
}

# shut_behind NAME early|late STEP CMD...: in the kernel, and on disk
shut_behind()
{
	check "$1, $2: $3" seal_behind "$3" "$2" "${@:4}"
	check "it is shut" shut_at isolate
	check "and remembers it" remembers isolate
}

# As it was sealed once more behind it, the order is no longer good.
next_order()
{
	cordon apply --force "$NET_TMP/policy.yaml" >/dev/null 2>&1 || true
	order opens $((counter += 1)) release ada
	carry opens >/dev/null || true
	cordon run --once >/dev/null
	[ -z "${1:-}" ] || order way $((counter += 1)) "$1" ada
}

test_start 36
latch_start
keys ada
trust release ada
counter=0

for at in early late; do
	next_order release
	cordon seal egress --reason 'to be released' >/dev/null
	shut_behind release $at "latch released" order "$NET_TMP/way.p7"
done
for step in "order taken" "latch released" "guard lowered" "hooks gone"; do
	next_order detach
	cordon seal egress --reason 'to be detached' >/dev/null
	shut_behind "detach by order" late "$step" order "$NET_TMP/way.p7"
done
next_order detach
cordon seal egress --reason 'to be detached' >/dev/null
shut_behind "detach by order" early "hooks gone" order "$NET_TMP/way.p7"
check "which fails" status_of way 1
check "and says why" grep -q 'refused (failed): the node was sealed again' "$NET_TMP/way.log"
last_refused() { cat "$(ls -t "$NET_ROOT"/var/lib/cordon/receipts/refused/* | head -n 1)"; }
check "as its last receipt does" grep -q '^why: the node was sealed again' <(last_refused)
next_order
shut_behind "detach of an open node" early "hooks gone" detach
next_order
shut_behind "detach of an open node" late "hooks gone" detach
check "which fails" status_of way 1
check "and says why" grep -q 'sealed again' "$NET_TMP/way.log"

# Who seals may die behind the store: that alone shuts the node, and a release was not for it.
dies() { ! CORDON_KILL_AT="latch store" faulty seal isolate --reason 'and dies' >/dev/null 2>&1; }
store_behind()
{
	stop_at "order taken" order "$NET_TMP/way.p7" && dies || return 1
	go_on
	ends way
}
next_order release
cordon seal egress --reason 'to be released' >/dev/null
check "release: who seals meanwhile dies behind the store" store_behind
check "it is refused" status_of way 1
check "and the node is shut" shut_at isolate
next_order
check "and the node goes on" shut_at open
test_end
