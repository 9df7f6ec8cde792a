#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: yes
#
# What processes do is in the log: who started what, with which arguments, where and as whom, and how
# it ended. What has no room is counted exactly, and nothing is missing when the daemon is killed.
# The kernel tells of all processes of the machine: only those of this test are looked at.
cd "$(dirname "$0")/../.." || exit
. tests/net/lib.sh

HELPER=$(realpath "$BUILD/tests/log/process_helper")
NOBODY=(setpriv --reuid 65534 --regid 65534 --clear-groups)

policy()
{
	cat >"$NET_TMP/policy.yaml" <<-END
		cordon: 1
		serial: 1
		zones: {wan: {interfaces: [wan0]}}
		rules: [{name: in, from: wan, to: node, services: [tcp/22]}]
		log: {exec: $1}
	END
	cordon apply --force "$NET_TMP/policy.yaml" >/dev/null
}

daemon() { cat "$NET_ROOT/run/cordon/daemon"; }
daemon_start()
{
	: >"$NET_TMP/run.out"
	cordon run >"$NET_TMP/run.out" 2>>"$NET_TMP/run.err" &
	until_ok 60 grep -q 'in force' "$NET_TMP/run.out" || die "no daemon: $(cat "$NET_TMP/run.err")"
}
daemon_stop() { kill "$(daemon)"; wait 2>/dev/null; }

# What the log says of a kind that has all of NAME=PATTERN...; until it does
all_of() { "$HELPER" read "$NET_ROOT/var/lib/cordon/log" "$@"; }
told_now() { [ -n "$(all_of "$@")" ]; }
told() { until_ok 20 told_now "$@" || { all_of "$1" "$2"; return 1; }; }
value() { sed -n "s/.* $1=\([^ ]*\).*/\1/p" <<<"$2"; }

# start CMD...: run it, and know its number
start() { "$@" >/dev/null 2>&1 & PID=$!; wait "$PID" 2>/dev/null; }

# Losses as the kernel counts them.
counted()
{
	bpftool -j map lookup pinned "$NET_BPFFS/maps/losses" key hex 07 00 00 00 |
		python3 -c 'import json, sys
print(sum(cpu["value"]["lost"] for cpu in json.load(sys.stdin)["formatted"]["values"]))'
}
sums() { "$HELPER" check "$NET_ROOT/var/lib/cordon/log"; }
all_counted() { [ "$(sums | cut -d' ' -f2)" = "$(counted)" ]; }
is_followed() { ls "$NET_BPFFS"/links/process-{fork,exec,exit,cgroup} >/dev/null 2>&1; }
is_not_followed() { ! ls "$NET_BPFFS"/links/process-* >/dev/null 2>&1; }

test_start 42
net_start
chmod 711 "$NET_TMP"
net_peer wan0
mkdir -p "$NET_ROOT/var/lib/cordon"
policy all
refuse "without the daemon nothing is followed" is_followed
daemon_start
check "with it, processes are" is_followed

# ---- what is told -------------------------------------------------------------------------

mkdir "$NET_TMP/place"
cp /bin/true "$NET_TMP/place/plain"
cd "$NET_TMP/place" || exit
start /bin/echo one 'two words' ''
cd - >/dev/null || exit
check "a program, with its arguments and where" told exec "pid=$PID" "parent=$$" "path=/bin/echo" \
	"interpreter=" "directory=$NET_TMP/place" 'arguments=/bin/echo\|one\|two\?words\|'
exec=$(all_of exec "pid=$PID" path=/bin/echo)
check "by which inode and device" test "$(value inode "$exec")" = "$(stat -Lc %i /bin/echo)"
check "as whom" test "$(value uid "$exec") $(value euid "$exec") $(value gid "$exec")" = "0 0 0"
check "with which capabilities" test "$(value capabilities "$exec")" = \
	"$(awk '$1 == "CapEff:" { sub("^0*", "", $2); print $2 }' /proc/self/status)"
check "its beginning" told fork "pid=$$" "child=$PID" "child_start=$(value start "$exec")" \
	"start=$(value parent_start "$exec")"
check "its end" told exit "pid=$PID" "start=$(value start "$exec")" status=0
peak=$(value peak "$(all_of exit "pid=$PID")")
check "and what it took" test "$peak" -gt 100 -a "$peak" -lt 1000000

start sh -c 'exit 7'
check "an exit code" told exit "pid=$PID" status=$((7 << 8))
start sh -c 'kill -TERM $$'
check "a signal" told exit "pid=$PID" status=15
start sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done'
told exit "pid=$PID"
check "CPU time" test "$(value cpu_ns "$(all_of exit "pid=$PID")")" -gt 10000000

printf '#!/bin/sh -e\n:\n' >"$NET_TMP/place/script"
chmod +x "$NET_TMP/place/script"
start "$NET_TMP/place/script" word
check "a script, and what runs it" told exec "pid=$PID" "path=$NET_TMP/place/script" \
	interpreter=/bin/sh "arguments=/bin/sh\|-e\|$NET_TMP/place/script\|word"

start python3 -c 'import os
fd = os.memfd_create("hidden")
os.write(fd, open("/bin/true", "rb").read())
os.execve(fd, ["innocent"], {})'
check "a program that is in no file" told exec "pid=$PID" 'path=/dev/fd/[0-9]+' arguments=innocent

long=$(printf '%02000d' 0)
start /bin/true "$long"
check "arguments that are too long are cut, which is said" told exec "pid=$PID" path=/bin/true \
	flags=8 arguments_size=2011 told=1024
deep=$NET_TMP/place/$(printf '%0150d/%0150d' 1 2)
mkdir -p "$deep"
cp /bin/true "$deep/"
cd "$deep" || exit
start "$deep/true"
cd - >/dev/null || exit
check "of a long directory the end is told, of a program's path the beginning, which is said" \
	told exec "pid=$PID" flags=5 "directory=$(basename "$deep")" "path=${deep:0:255}"

start "${NOBODY[@]}" "$NET_TMP/place/plain"
check "another user, who gains nothing" told exec "pid=$PID" uid=65534 euid=65534 gid=65534 \
	capabilities=0 flags=0
cp /bin/true "$NET_TMP/place/gains"
chmod 4755 "$NET_TMP/place/gains"
start "${NOBODY[@]}" "$NET_TMP/place/gains"
check "by a set-user-ID program he does" told exec "pid=$PID" uid=65534 euid=0 flags=32
start "$NET_TMP/place/gains"
check "whose own it is does not" told exec "pid=$PID" flags=0 "path=$NET_TMP/place/gains"

start unshare --pid --fork "$NET_TMP/place/plain" contained
check "a container's own number" told exec "parent=$PID" own=1 "arguments=$NET_TMP/place/plain\|contained"
check "and namespace" test "$(value namespace "$(all_of exec "parent=$PID" own=1)")" != \
	"$(readlink /proc/self/ns/pid | tr -dc 0-9)"

start "$HELPER" threads 20
told exit "pid=$PID"
check "threads are not told" test "$(all_of fork "pid=$PID" | wc -l)" = 0
check "nor that they end" test "$(all_of exit "pid=$PID" | wc -l)" = 1
start "$HELPER" leader 5
check "a process ends with its last thread" told exit "pid=$PID" status=0
check "once" test "$(all_of exit "pid=$PID" | wc -l)" = 1

start "$HELPER" thread "$NET_TMP/place/plain" by-thread
check "a thread starts a program as its process" told exec "pid=$PID" \
	"arguments=$NET_TMP/place/plain\|by-thread"
check "which goes on" told exit "pid=$PID" status=0 \
	"start=$(value start "$(all_of exec "pid=$PID" "path=$NET_TMP/place/plain")")"
check "and ends once" test "$(all_of exit "pid=$PID" | wc -l)" = 1

check "what the cgroups are called" told cgroup "cgroup=$(stat -c %i "$NET_CGROUP")" "path=/$NET.slice"
mkdir "$NET_CGROUP/made.service"
check "also of those that are made" told cgroup "cgroup=$(stat -c %i "$NET_CGROUP/made.service")" \
	"path=/$NET.slice/made.service"
in_unit made.service "$NET_TMP/place/plain" in-unit
check "in which a process is" told exec "cgroup=$(stat -c %i "$NET_CGROUP/made.service")" \
	'arguments=[^ ]*\|in-unit'

# ---- loss ---------------------------------------------------------------------------------

"$HELPER" execs 500 /bin/true &
loop=$!
sleep 0.2
daemon_dies
daemon_start
wait "$loop"
told exit "pid=$loop" status=0
check "the daemon is killed: everything is told" test "$(all_of fork "pid=$loop" | cut -d' ' -f6- | sort -u | wc -l)" = 500
check "without a hole" sums

if grep -q QEMU /proc/cpuinfo; then
	skip "a flood takes too long here"
	skip "likewise"
	skip "likewise"
	skip "likewise"
else
	"$HELPER" forks 10000 &
	many=$!
	wait "$many"
	told exit "pid=$many"
	check "10,000 processes are all told" test "$(all_of fork "pid=$many" | wc -l)" = \
		$((10000 - $(counted)))
	kill -STOP "$(daemon)"
	(cd "$deep" && "$HELPER" execs 3500 "$deep/true" "$long")
	kill -CONT "$(daemon)"
	check "a flood while nobody reads: what has no room is counted" test "$(counted)" -gt 100
	check "and told, exactly" until_ok 20 all_counted
	check "in its place" sums
fi

# ---- as the policy has it -----------------------------------------------------------------

policy none
check "a policy may not want it" until_ok 20 is_not_followed
policy all
check "and want it again" until_ok 20 is_followed
refuse "which nobody takes for tampering" grep -q tamper "$NET_TMP/run.out"
daemon_stop
check "it is followed while no daemon runs" is_followed
cordon detach >/dev/null
refuse "until it is detached" ls "$NET_BPFFS"
test_end
