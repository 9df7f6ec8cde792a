#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 180
#
# What the daemon wrote, as `cordon events` tells it: denials, policy, latch and what was taken, by
# every filter, in both forms, while it is written and on another machine.
set -e
cd "$(dirname "$0")/../.."
. tests/net/lib.sh

events() { cordon events "$@"; }
# Of what comes from this test alone: processes are the whole machine's.
count() { events --class own,enforcement,denial "$@" | wc -l; }
# More may be told between two looks.
is_all() { [ "$(count "$@")" = "$(count)" ]; }
# Does each line of JSON pass a filter of jq, and is there one?
every() { local filter=$1; shift; events --json "$@" | gojq -se "length > 0 and all(.[]; $filter)"; }
told() { grep -qF -- "$1" "$NET_TMP/run.log"; }
# This test's own commands are in the log, too, with what they look for: of processes only those of
# its units are looked at.
has()
{
	local text=$1
	shift
	[ $# -gt 0 ] || set -- --class own,enforcement,denial
	events "$@" | grep -qF -- "$text"
}
denied() { has "denied connect no-rule: tcp/$1" --class denial; }
try() { in_unit "$1" timeout 2 bash -c "exec 3<>/dev/tcp/10.9.0.2/$2" 2>/dev/null || true; }
# What the daemon printed of a denial, and the log says: the same but for time and class.
same()
{
	local line
	line=$(grep -m 1 "tcp/$1 " "$NET_TMP/run.log") && has " $line" --class denial
}

test_start 59
net_start
net_peer wan0
net_address wan0 10.9.0.1/24 10.9.0.2/24
cat >"$NET_TMP/policy.yaml" <<-END
	cordon: 1
	serial: 7
	node: store-0042
	zones: {wan: {addresses: [10.9.0.0/24], interfaces: [wan0]}}
	workloads: {pos: {units: [pos.service]}}
	rules: [{name: in, from: wan, to: node, services: [tcp/22]}]
	log: {exec: all}
	quarantine: {keep: [{name: in, from: wan, to: node, services: [tcp/22]}]}
END
refuse "no log, no events" events
check "and it is said which one is missing" says "$NET_ROOT/var/lib/cordon/log: no log was begun yet" events
in_unit pos.service true
cordon apply "$NET_TMP/policy.yaml" >/dev/null
cordon run >"$NET_TMP/run.log" 2>&1 &
run=$!
check "the daemon runs" until_ok 30 test -e "$NET_ROOT/run/cordon/daemon"
check "what it tells of itself is there" until_ok 30 has "start on store-0042, Linux " --class own
check "and the policy" until_ok 30 has "policy applied: serial 7, "

cordon events --follow --class own,enforcement,denial >"$NET_TMP/follow" &
follow=$!
cordon events --follow --json --since 1h --class enforcement,denial >"$NET_TMP/follow.json" &
follow_json=$!
check "who asks for what was gets that first" until_ok 30 grep -q '"serial":7' "$NET_TMP/follow.json"
try pos.service 443
check "a denial is in the log" until_ok 30 denied 443
check "and told to who follows" until_ok 30 grep -qF "denied connect no-rule: tcp/443" "$NET_TMP/follow"
check "in JSON, too" until_ok 30 grep -q '"destination":{"ip":"10.9.0.2","port":443}' "$NET_TMP/follow.json"
check "it reads as the daemon told it" until_ok 30 same 443
all_followed() { [ "$(grep -c tcp/443 "$NET_TMP/follow")" = "$(events --class denial | grep -c tcp/443)" ]; }
check "who follows is told all, and nothing twice" until_ok 10 all_followed
refuse "nor what was before" grep -q "policy applied" "$NET_TMP/follow"
kill "$follow" "$follow_json"
wait "$follow" "$follow_json" 2>/dev/null || true

try other.service 444
check "another unit is denied, too" until_ok 30 denied 444
cordon seal egress --reason 'a drill' >/dev/null
check "the latch, by whom and why" until_ok 30 has "latch from open to egress, by " --class enforcement
check "with the reason" has ": a drill"

# ---- filters -----------------------------------------------------------------------------------

check "by class" every '.cordon.class == "own"' --class own
check "by several" every '.cordon.class == "own" or .cordon.class == "enforcement" or .cordon.class == "denial"' --class own,enforcement,denial
check "by user" every '.user.id == "0" or .user.effective.id == "0" or .cordon.login.id == "0"' --user root
check "by the user's number" test "$(count --user 0)" = "$(count --user root)"
refuse "of another there is none" has denied --user 4242
check "by unit" every '.cordon.unit == "pos.service" and .destination.port == 443' --unit pos.service --class denial
check "by reason" every '.event.reason == "no-rule"' --reason no-rule
pid=$(events --json --reason no-rule | gojq -s '[.[].process.pid | values][0]')
check "by process" every ".process.pid == $pid" --pid "$pid"
check "since" until_ok 10 is_all --since 1h
check "until" test "$(count --until 1h)" = 0
check "between" test "$(count --since 2h --until 1h)" = 0
check "since a moment" until_ok 10 is_all --since "$(date -u -d '1 hour ago' '+%Y-%m-%d %H:%M')"
check "of this boot" until_ok 10 is_all --boot
check "names are those of the generation in force" every '.destination.port != 443 or .cordon.denial.to == "wan"' --reason no-rule

for bad in '--class nothing' '--user no-such-user' '--pid 0' '--reason none' '--since tomorrow' \
	'--until 1' '--unit /' '--tree --follow' '--tree --reason no-rule' '--tree --rule in' '--rule=' '--nothing'; do
	# shellcheck disable=SC2086 # an option and its value
	check "$bad: refused as usage" exits 2 events $bad
done
check "in one clear line" test "$(events --class nothing 2>&1 | grep -c 'there is no class nothing')" = 1

# ---- processes ---------------------------------------------------------------------------------

work='echo hello | cat; (exit 3); setpriv --reuid 65534 --clear-groups /bin/echo "$(printf "\\033[31mx")"; sh -c "kill -9 \$\$"; exec sleep 0'
in_unit work.service sh -c "$work" >/dev/null 2>&1 || true
check "what was run" until_ok 30 has 'uid 0 in work.service' --unit work.service --class process
check "by whom, with its arguments" until_ok 30 has '/usr/bin/setpriv --reuid 65534 --clear-groups' --unit work.service
check "how it ended" until_ok 30 has 'uid 0 in work.service: signal 9 after ' --unit work.service
check "as another user" until_ok 30 has '/bin/echo "?[31mx"' --user 65534
check "of whom there is no more" every '.user.id == "65534" or .user.effective.id == "65534"' --user 65534
until_ok 30 has 'exit sleep[' --unit work.service
tree() { events --tree --unit work.service | sed 's/.*\[[0-9]*\]/&/; s/^.\{39\}//; s/\[[0-9]*\] //'; }
tree >"$NET_TMP/tree"
check "as a tree: who started whom" awk '/=> .*sleep 0, exit 0$/ { root = index($0, "/") }
	/^ *\/usr\/bin\/cat, exit 0$/ { cat = index($0, "/") }
	/^ *\/usr\/bin\/setpriv .* => \/bin\/echo .*, exit 0$/ { echo = index($0, "/") }
	/^ *\(fork\), exit 3$/ { sub_shell = index($0, "(") }
	/, signal 9$/ { killed = index($0, "/") }
	END { child = root + 2; exit !(root && cat == child && echo == child && sub_shell == child && killed == child) }' "$NET_TMP/tree"
check "each with its beginning and its time" test "$(events --tree --json --unit work.service |
	gojq -se 'map(select(.process.exit_code == 3 and (.process.start | length) == 30 and .event.duration > 0)) | length')" = 1
check "a process by its number" test "$(events --json --unit work.service | gojq -s '[.[] | select(.event.action == "exit" and .cordon.process.signal == 9)][0].process.pid' |
	xargs -I{} "$CORDON" --root "$NET_ROOT" events --json --pid {} | gojq -s 'map(.event.action) | unique | length')" -ge 3

# ---- elsewhere ---------------------------------------------------------------------------------

cp -r "$NET_ROOT/var/lib/cordon/log" "$NET_TMP/copy"
elsewhere() { "$CORDON" --root /nowhere events --class own,enforcement,denial "$NET_TMP/copy"; }
check "on another machine it is read by the names that the log tells" says "10.9.0.2 (wan)" elsewhere
check "and all of it" test "$(elsewhere | wc -l)" -ge "$(count --until 10s)"
head -c 200 /dev/zero >>"$(echo "$NET_TMP"/copy/own.*0)"
check "bytes that are no block are said" says "200 bytes of the log are no blocks of records" elsewhere
check "and while it is followed" says "200 bytes of the log are no blocks of records" \
	timeout 3 "$CORDON" --root /nowhere events --follow "$NET_TMP/copy"
check "and the rest is shown" test "$(elsewhere 2>/dev/null | wc -l)" = "$(elsewhere 2>&1 | grep -vc '^cordon: ')"
echo 'no zstd' >"$NET_TMP/copy/own.00000099.zst"
check "so is a segment that cannot be read" says "1 segments cannot be read: own.00000099.zst" elsewhere
check "and the answer is not whole" exits 1 elsewhere
check "JSON is JSON" every '."@timestamp" and .ecs.version == "8.17.0" and .host.boot.id == "'"$(cat /proc/sys/kernel/random/boot_id)"'"'

kill "$(cat "$NET_ROOT/run/cordon/daemon")"
wait "$run" || true
check "its end is told" has "stop: told to end" --class own
test_end
