#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: yes
#
# The ring of enforcement as it is read: records stay until they are kept, also when the reader dies,
# each is seen once, and what found no room is told in its place and counted exactly.
set -e
cd "$(dirname "$0")/../.."
. tests/net/lib.sh

ring() { timeout 60 "$BUILD/tests/log/ring_helper" "$NET_ROOT" "$NET_BPFFS" "$@" >"$NET_TMP/ring"; }
count() { grep -c "^$1" "$NET_TMP/ring" || true; }
lost() { awk '$1 == "loss" { sum += $4 } END { print sum + 0 }' "$NET_TMP/ring"; }
numbers() { awk '$1 == "record" { print $3 }' "$NET_TMP/ring" | xargs; }
test_equal() { [ "$("$2")" = "$1" ]; }
told() { sed -n 's/^told //p' "$NET_TMP/ring"; }
# Are sequences and losses together without a hole?
whole() { awk '$1 == "record" { if (next_one != "" && $2 != next_one) bad = 1; next_one = $2 + 1 }
	$1 == "loss" { if (next_one != "" && $3 != next_one) bad = 1; next_one = $3 + $4 }
	END { exit bad }' "$NET_TMP/ring"; }

test_start 23
net_start
net_peer wan0
# Nothing is denied but what is told here.
ip -n "$NODE" link set wan0 down
net_small_policy
# All of a test is told on one CPU: its sequence has no hole.
taskset -p -c "$(taskset -p -c $$ | sed 's/.*: //; s/[-,].*//')" $$ >/dev/null

ring take keep
check "what a command told is in the log when it ends" test "$(count record)" = 0
check "and there is a log" test -s "$NET_ROOT/var/lib/cordon/log/enforcement.00000000"
ring tell 3
ring take
check "records come in their order" test "$(numbers)" = "0 1 2"
ring take rewind take keep
check "and stay until they are kept: also for another reader" test "$(numbers)" = "0 1 2 0 1 2"
check "each is seen once" grep -q '^block 3 viewed 3$' "$NET_TMP/ring"
ring take
check "what was kept is gone" test "$(count record)" = 0

ring tell 400
told=$(told)
check "a ring has an end" test "$told" -gt 100 -a "$told" -lt 400
ring take keep take keep take keep take keep
check "a flood: all that fitted" test "$(count record)" = "$told"
check "and what did not, exactly" test "$(lost)" = $((400 - told))
check "without a hole" whole
ring tell 1
ring take keep
check "is told once" test "$(count record) $(lost)" = "1 0"

ring tell 300
ring take keep
cp "$NET_TMP/ring" "$NET_TMP/first"
ring tell 10
ring take rewind take keep take keep take keep take keep
sed -i '1,/^block/d' "$NET_TMP/ring"
cat "$NET_TMP/first" "$NET_TMP/ring" >"$NET_TMP/both"
mv "$NET_TMP/both" "$NET_TMP/ring"
check "a flood before other records" test "$(count record)" = $((told + 10))
check "is counted" test "$(lost)" = $((300 - told))
check "in its place" whole
check "before what came after it" test "$(grep -v ^block "$NET_TMP/ring" | tail -n 11 | cut -d' ' -f1 | xargs)" = \
	"loss record record record record record record record record record record"
ring take keep
check "and once" test "$(lost)" = 0
ring tell 3
ring take resume take
check "who was killed behind a write wrote it once" test "$(numbers)" = "0 1 2"
ring tell 400
told=$(told)
ring take resume take resume take resume take resume take keep
check "all that fitted, also of a flood" test "$(count record)" = "$told"
check "and its losses" test "$(lost)" = $((400 - told))
ring stray 1
ring tell 3
ring take resume take
check "nor do others' records in between make it twice" test "$(numbers)" = "0 1 2"
ring tell 3
ring take keep resume take
check "what was kept is not asked for again" test "$(numbers)" = "0 1 2"

daemon_starts
ring stray 3
stray() { cordon events --class tamper --json | gojq -s 'map(select(.event.action == "stray").cordon.stray.records) | add'; }
check "what somebody else writes there is told, and left out" until_ok 20 test_equal 3 stray
daemon_ends
refuse "there is no reader of what is not loaded" timeout 60 "$BUILD/tests/log/ring_helper" / /nowhere take
test_end
