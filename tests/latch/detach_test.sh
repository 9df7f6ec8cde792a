#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 240
#
# `detach` by order: opens a sealed node and takes everything out of its kernel, by the command and by
# the inbox of a daemon, which ends; and kill -9 at every step of it.
set -e
cd "$(dirname "$0")/../.."
. tests/latch/lib.sh
. tests/latch/orders.sh

nothing_pinned() { [ -z "$(find "$NET_BPFFS/links" "$NET_BPFFS/maps" "$NET_BPFFS/progs" -type f 2>/dev/null)" ]; }
ended() { ! kill -0 "$DAEMON" 2>/dev/null; }
tells() { cordon events --class own,enforcement | grep -q "$1"; }
attached() { cordon run --once >/dev/null && shut_at "$1"; }

daemon()
{
	cordon run >"$NET_TMP/run.log" 2>&1 &
	DAEMON=$!
	until_ok 20 grep -q following "$NET_TMP/run.log" || die "no daemon: $(cat "$NET_TMP/run.log")"
}

test_start 21
latch_start
keys ada grace
trust seal ada
trust release ada grace
printf 'release 2\n' >"$TRUST/threshold"

cordon seal isolate --reason 'to be detached' >/dev/null
refuse "without a signature a sealed node is not detached" cordon detach
order one 1 detach ada
refuse "nor with one of two" carry one
order other 1 detach 'ada grace' 'node: store-0043'
refuse "nor by an order to another node" carry other
check "and is shut" shut_at isolate
order first 1 detach 'ada grace'
check "by two it is" carry first
check "nothing is held any more" shut_at none
check "no pin is left" nothing_pinned
check "the receipt says so" grep -q '^detached: ' <(last_receipt)
check "with the level until then" grep -q '^latch-before: isolate' <(last_receipt)
check "the next run enforces again" attached open
check "and the log told it" tells 'detach'
refuse "the same order does not come twice" carry first
check "and changes nothing" shut_at open

daemon
cordon seal egress --reason 'with a daemon' >/dev/null
order second 2 detach 'ada grace'
check "with a daemon there" carry second
check "which ends" until_ok 10 ended
check "nothing is held" shut_at none
cordon run --once
daemon
cordon seal isolate --reason 'by the inbox' >/dev/null
order third 3 detach 'ada grace'
inbox third
check "by the inbox, the daemon ends" until_ok 20 ended
wait "$DAEMON" || true
check "nothing is held" shut_at none

# kill -9 after each step: the order can be finished, unless the node is sealed once more.
kill_detach_at()
{
	cordon run --once >/dev/null
	cordon seal isolate --reason 'to be killed' >/dev/null
	order killed $((counter += 1)) detach 'ada grace'
	killed_at "$1" order "$NET_TMP/killed.p7"
}

bad=0 again=0 counter=10 step=0 kills=0 sealed=0
while [ $((step += 7)) -lt 400 ]; do
	kill_detach_at $step || break
	kills=$((kills + 1))
	cordon order "$NET_TMP/killed.p7" >/dev/null 2>&1 || cordon detach >/dev/null 2>&1 || true
	nothing_pinned || { bad=1; echo "# something is left after step $step"; }
	kill_detach_at $step || break
	cordon run --once >/dev/null 2>&1 || true
	cordon seal isolate --reason 'sealed again' >/dev/null
	took release $counter || continue
	sealed=$((sealed + 1))
	carry killed >/dev/null 2>&1 || true
	latch_is isolate || { again=1; echo "# open though sealed after step $step"; }
	order clean $((counter += 1)) detach 'ada grace'
	carry clean >/dev/null 2>&1 || true
done
echo "# killed $kills times, sealed again $sealed times"
check "kill -9 at any step: it can be finished" test $bad = 0 -a $kills -gt 3
check "but not what was sealed again" test $again = 0 -a $sealed -gt 1
order final $((counter += 1)) release 'ada grace'
cordon run --once >/dev/null
carry final >/dev/null || true
check "and the node goes on" shut_at open
test_end
