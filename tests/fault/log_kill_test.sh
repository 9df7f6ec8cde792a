#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 240
#
# kill -9 of the daemon at any moment while it writes the log: each record is in it once, or counted as
# lost, and the log is sound.
cd "$(dirname "$0")/../.." || exit
. tests/net/lib.sh

ROUNDS=12
STARTS=200

starts() { for i in $(seq $STARTS); do "$NET_TMP/true" "mark-$1-$i-$$" & done; wait; }
events() { cordon events --json --class process; }
marks() { events | gojq -r 'select(.event.action == "exec") | .process.args[1] // ""' | grep -- "^mark-.*-$$\$"; }
losses() { events | gojq -s 'map(.cordon.loss.records // 0) | add'; }
each_once() { [ "$(marks | sort | uniq -d | wc -l)" = 0 ]; }
accounted() { local seen; seen=$(marks | wc -l); [ $((seen + $(losses))) -ge $((ROUNDS * STARTS)) ]; }

[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP needs root"; exit 0; }
test_start 4
net_start
net_peer wan0
net_small_policy
cp /bin/true "$NET_TMP/true"
RANDOM=${CORDON_SEED:-$$}
echo "# CORDON_SEED=${CORDON_SEED:-$$}"
for round in $(seq $ROUNDS); do
	daemon_starts || die "no daemon: $(cat "$NET_TMP/run.log")"
	starts "$round" &
	load=$!
	sleep "0.$((RANDOM % 5))$((RANDOM % 10))"
	daemon_dies
	wait "$load"
done 2>/dev/null
daemon_starts
check "what was started is in the log or counted" until_ok 3 accounted
check "each once" each_once
daemon_ends
cordon log key "$NET_TMP/key" >/dev/null
check "the log is sound" cordon log verify --key "$NET_TMP/key"
check "nothing was lost with so little to tell" test "$(losses)" = 0
test_end
