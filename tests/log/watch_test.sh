#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Files that matter: who changes one is in the log, with what is in it then; whatever way it is
# changed, and also when its folder comes later. Others are not.
set -e
cd "$(dirname "$0")/../.."
. tests/net/lib.sh

events() { cordon events --json --class config; }
# told CHANGE PATH [JQ-CONDITION]
told()
{
	events | gojq -es --arg change "$1" --arg path "$NET_ROOT$2" \
		"map(select(.file.path == \$path and (.cordon.file.change | contains(\$change)) and (${3:-true}))) | length > 0" \
		>/dev/null
}
digest() { sha256sum "$1" | cut -d' ' -f1; }

test_start 21
net_start
net_peer wan0
mkdir -p "$NET_ROOT"/etc/{sudoers.d,cron.d,cordon}
echo 'root:x:0:0::/root:/bin/sh' >"$NET_ROOT/etc/passwd"
net_small_policy
daemon_starts
refuse "nothing was complained of" grep -q 'not told' "$NET_TMP/run.log"

echo 'eve:x:0:0::/root:/bin/sh' >>"$NET_ROOT/etc/passwd"
check "a line more in passwd" until_ok 10 told written /etc/passwd
check "with what is in it" told written /etc/passwd ".file.hash.sha256 == \"$(digest "$NET_ROOT/etc/passwd")\""
bash -c 'echo $$ >"$0"; exec sh -c "echo x >>$1"' "$NET_TMP/pid" "$NET_ROOT/etc/passwd"
check "and by whom" until_ok 10 told written /etc/passwd ".process.pid == $(cat "$NET_TMP/pid")"
cp "$NET_ROOT/etc/passwd" "$NET_ROOT/etc/passwd+"
mv "$NET_ROOT/etc/passwd+" "$NET_ROOT/etc/passwd"
check "replaced by another file, as useradd does" until_ok 10 told moved-here /etc/passwd
echo 'mallory:x:0:0::/root:/bin/sh' >>"$NET_ROOT/etc/passwd"
check "which is watched, too" until_ok 10 told written /etc/passwd \
	".file.hash.sha256 == \"$(digest "$NET_ROOT/etc/passwd")\""
chmod 666 "$NET_ROOT/etc/passwd"
check "another mode" until_ok 10 told attributes /etc/passwd '.file.mode == "0666"'
echo 'eve ALL=(ALL) NOPASSWD: ALL' >"$NET_ROOT/etc/sudoers.d/eve"
check "a file that comes" until_ok 10 told created /etc/sudoers.d/eve
ln "$NET_ROOT/etc/sudoers.d/eve" "$NET_TMP/other name"
other() { told "$1" "$2" '.cordon.file.change | contains("by-another-name")'; }
check "another name for it, elsewhere" until_ok 10 other attributes /etc/sudoers.d/eve
echo 'mallory ALL=(ALL) NOPASSWD: ALL' >>"$NET_TMP/other name"
check "by which it is written" until_ok 10 other written /etc/sudoers.d/eve
check "with what is in it" told written /etc/sudoers.d/eve ".file.hash.sha256 == \"$(digest "$NET_TMP/other name")\""
ln "$NET_ROOT/etc/passwd" "$NET_TMP/passwd"
echo >>"$NET_TMP/passwd"
check "one that came in place of another, too" until_ok 10 other written /etc/passwd
rm "$NET_ROOT/etc/sudoers.d/eve"
check "and goes" until_ok 10 told deleted /etc/sudoers.d/eve '.file.size == null'
mkdir -p "$NET_ROOT/etc/ssh"
sleep 1
echo x >"$NET_ROOT/etc/ssh/sshd_config"
check "a folder that comes later is watched" until_ok 10 told written /etc/ssh/sshd_config
mkdir -p "$NET_ROOT/etc/cordon/trust"
sleep 1
echo x >"$NET_ROOT/etc/cordon/trust/release.pem"
check "trust, too" until_ok 10 told written /etc/cordon/trust/release.pem
before=$(events | wc -l)
echo x >>"$NET_TMP/other name"
echo x >"$NET_ROOT/etc/motd"
refuse "what does not matter is not told" told written /etc/motd
check "nor what was of the list once" test "$(events | wc -l)" = "$before"
for i in $(seq 200); do echo "$i" >"$NET_ROOT/etc/cron.d/job$i"; done
many() { [ "$(events | gojq -s 'map(select(.file.path // "" | test("cron.d/job"))) | map(.file.path) | unique | length')" = 200 ]; }
check "two hundred at once" until_ok 20 many
# A process that ends, and another one with its number before anybody has looked.
impostor()
{
	echo "$(($1 - 1))" >/proc/sys/kernel/ns_last_pid
	sleep 60 &
	sleeper=$!
	[ "$sleeper" = "$1" ] || { kill "$sleeper"; return 1; }
}
again()
{
	kill -STOP "$(cat "$NET_ROOT/run/cordon/daemon")"
	sh -c 'echo $$ >"$0"; echo >>"$1"' "$NET_TMP/pid" "$NET_ROOT/etc/group"
	pid=$(cat "$NET_TMP/pid")
	impostor "$pid"
	local status=$?
	kill -CONT "$(cat "$NET_ROOT/run/cordon/daemon")"
	return "$status"
}
if [ -w /proc/sys/kernel/ns_last_pid ] && { again || again || again; }; then
	check "who has ended is not called what another is called" until_ok 10 told written /etc/group \
		".process.pid == $pid and .process.name == null"
	kill "$sleeper"
else
	skip "no process can be given a number"
fi
shown() { cordon events --class config | grep -q 'file .*/etc/passwd written, now .*, by watch_test'; }
check "text for people" shown
daemon_ends
check "nothing of it breaks the chain" bash -c "$CORDON --root $NET_ROOT log key >$NET_TMP/key && $CORDON --root $NET_ROOT log verify --key $NET_TMP/key"
test_end
