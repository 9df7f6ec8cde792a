#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: yes
#
# Who gains privileges otherwise than by a program that gives them is told, once; who gets them from a
# set-user-ID program, or in a user namespace of his own, is not. There is no hole in this kernel that
# a test could use: it makes the watcher forget that a program gave them instead. And login sessions
# that begin are told.
cd "$(dirname "$0")/../.." || exit
. tests/net/lib.sh

NOBODY=(setpriv --reuid 65534 --regid 65534 --clear-groups)

logins() { cordon events --json --class auth; }
# times CONDITION N: so many records there are
times() { [ "$(logins | gojq -s "map(select($1)) | length")" = "$2" ]; }
gains() { echo ".event.action == \"privilege-gained\" and .process.pid == $1"; }

# start NAME - a set-user-ID program of root's, by nobody; its id is in $PID
start()
{
	mkfifo "$NET_TMP/$1.in"
	"${NOBODY[@]}" "$NET_TMP/gain" <"$NET_TMP/$1.in" >"$NET_TMP/$1.out" &
	PID=$!
	exec {IN}>"$NET_TMP/$1.in"
	until_ok 10 grep -q ready "$NET_TMP/$1.out"
}
# make NAME N - it makes a process, its Nth
has_made() { [ "$(grep -c made "$NET_TMP/$1.out")" = "$2" ]; }
make() { echo >&"$IN" && until_ok 10 has_made "$1" "$2"; }

# What the watcher knows of programs that give privileges.
grants()
{
	bpftool -j prog show pinned "$NET_BPFFS/progs/process_fork" | gojq '.map_ids[]' |
		while read -r id; do
			[ "$(bpftool -j map show id "$id" | gojq -r .name)" != privilege_grant ] || echo "$id"
		done
}
forget()
{
	local id key
	id=$(grants)
	bpftool -j map dump id "$id" | gojq -r '.[].key | join(" ")' | while read -r key; do
		# shellcheck disable=SC2086 # bytes
		bpftool map delete id "$id" key hex ${key//0x/}
	done
	[ "$(bpftool -j map dump id "$id" | gojq length)" = 0 ]
}

test_start 11
net_start
chmod 711 "$NET_TMP"
install -m 4755 "$BUILD/tests/log/privilege_helper" "$NET_TMP/gain"
net_peer wan0
net_small_policy
daemon_starts

start first
FIRST=$PID
check "a program that gives privileges makes a process" make first 1
check "it is forgotten that it gives them" forget
check "it makes another" make first 2
check "that is told, as a gain" until_ok 10 times "$(gains "$PID") and .user.effective.id == \"0\" and .cordon.privilege.former.uid == 65534" 1
make first 3
exec {IN}>&-
start second
echo exec >&"$IN"
exec {IN}>&-
wait "$PID"
"${NOBODY[@]}" unshare --user --map-root-user sh -c '/bin/true; /bin/true; echo $$' >"$NET_TMP/own"
check "once" times "$(gains "$FIRST")" 1
check "a program that gives them is not" times "$(gains "$PID")" 0
check "nor who has a user namespace of his own" times "$(gains "$(cat "$NET_TMP/own")")" 0

start third
forget
echo exec >&"$IN"
exec {IN}>&-
wait "$PID"
if [ -e "$NET_BPFFS/progs/process_prepare" ]; then
	check "who starts a program with what he gained is told before" until_ok 10 times "$(gains "$PID")" 1
else
	skip "before 6.10 the kernel does not say when a program is about to be started"
fi

if [ -w /proc/self/loginuid ]; then
	# shellcheck disable=SC2016 # expanded by the inner shell
	bash -c 'echo 54321 >/proc/self/loginuid || exit; /bin/true; /bin/true; cat /proc/self/sessionid' >"$NET_TMP/session"
	session=".event.action == \"session\" and .cordon.session == $(cat "$NET_TMP/session")"
	check "a login session is told" until_ok 10 times "$session and .cordon.login.id == \"54321\"" 1
	check "once" times "$session" 1
else
	skip "this kernel knows no login sessions"
	skip "this kernel knows no login sessions"
fi
daemon_ends
refuse "nothing is complained of" grep "^cordon: .*processes" "$NET_TMP/run.log"
test_end
