#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: only
# timeout: 200
#
# Programs and secrets at lockdown, by the kernel: what is not listed does not start and is no code, by
# whatever way; a secret opens for its own programs alone, and gets no other name; what was refused is
# in the log.
set -e
cd "$(dirname "$0")/../.."
. tests/latch/lib.sh
. tests/latch/orders.sh

# What this test itself needs then.
LISTED='bash dash sh cat grep gojq ip timeout sleep mkdir cp mv ln rm ls sed awk mawk head tail touch true tr
	sort uniq wc stat mount umount nsenter openssl flock date chmod env keyctl xargs find kill'

policy()
{
	local name
	latch_policy "$1"
	{
		echo 'lockdown:'
		echo '  programs:'
		for name in $LISTED; do [ ! -x "/usr/bin/$name" ] || echo "    - /usr/bin/$name"; done | sort -u
		printf '    - /usr/sbin/%s\n' ip tc
		printf '    - /opt/%s\n' tool other
		echo "    - {path: /usr/bin/uname, sha256: \"$(printf '%064d' 1)\"}"
		echo '  libraries: [/opt/lib]'
		echo '  secrets:'
		echo '    - name: s'
		echo '      files: [/srv/keys, /srv/token]'
		echo '      keyrings: ["user:cordon-locked"]'
		echo '      programs: [/usr/bin/head]'
	} >>"$NET_TMP/policy.yaml"
	cordon apply "$NET_TMP/policy.yaml" >/dev/null
}

says_no() { local output; ! output=$("$@" 2>&1) && [[ $output == *"ermission denied"* || $output == *"not permitted"* ]] || { echo "$output"; false; }; }
# earlier ACT ARGUMENT: what comes of it in a process that ran before
earlier() { local answer; echo "$*" >&"${EARLIER[1]}" && read -r -t 30 answer <&"${EARLIER[0]}"; echo "$answer"; }
earlier_gets() { local got; got=$(earlier "$2" "$3"); [ "$got" = "$1" ] || { echo "$got"; false; }; }
preloads() { LD_PRELOAD=$1 /usr/bin/true 2>&1; }
no_preload() { grep -q 'cannot be preloaded\|failed to map' <(preloads "$1"); }
tells() { until_ok 10 told "$1" || { cordon events --class tamper >&2; return 1; }; }
told() { cordon events --class tamper | grep "$1" > /dev/null; }

# What an attacker has made before; the clock of its files is of long ago.
plant()
{
	local lib=/usr/lib/x86_64-linux-gnu
	truncate -s 16M "$NET_TMP/image"
	mkfs.ext4 -q "$NET_TMP/image"
	mkdir -p "$NET_TMP/loop" "$NET_TMP/over" "$NET_TMP/upper" "$NET_TMP/work"
	mount -o loop "$NET_TMP/image" "$NET_TMP/loop"
	date -s '2001-01-01' >/dev/null
	cp /usr/bin/id "$lib/libm.so.6" "$NET_TMP/loop/"
	cp "$lib/libm.so.6" "$NET_TMP/old.so"
	date -s "@$NOW" >/dev/null
	umount "$NET_TMP/loop"
	mount -t tmpfs none "$NET_TMP/over"
	mkdir "$NET_TMP/over/upper" "$NET_TMP/over/work" "$NET_TMP/over/all"
}

test_start 66
latch_world
NOW=$(date +%s)
SRV=$NET_ROOT/srv
mkdir -p "$NET_ROOT/usr" "$SRV/keys/deep" "$SRV/other" "$NET_ROOT/opt/lib"
mount --bind /usr "$NET_ROOT/usr"
mount -o remount,bind,ro "$NET_ROOT/usr"
modprobe -a loop ext4
ln -s usr/lib usr/lib64 "$NET_ROOT/"
cp /etc/ld.so.cache "$NET_ROOT/etc/"
cp /usr/bin/id "$NET_ROOT/opt/tool"
cp /usr/bin/id "$NET_ROOT/opt/other"
cp /usr/lib/x86_64-linux-gnu/libm.so.6 "$NET_ROOT/opt/lib/later.so"
keys ada grace
trust seal ada
trust release grace
echo secret | tee "$SRV/keys/deep/1" "$SRV/token" >/dev/null
KEY=$(keyctl add user cordon-locked secret @u)
printf '#!/usr/bin/python3\nprint(1)\n' >"$NET_TMP/script"
printf '#!/usr/bin/bash\ntrue\n' >"$NET_TMP/shell"
cp /usr/bin/id "$NET_TMP/copy"
cp /usr/bin/true "$NET_TMP/true"
chmod +x "$NET_TMP/script" "$NET_TMP/shell"
plant
policy 1
order open 1 release grace
order revoke 1 revoke ada
check "before, everything starts" /usr/bin/id
coproc EARLIER { exec python3 tests/lockdown/earlier.py; }
read -r -t 30 _ <&"${EARLIER[0]}"
check "and may be traced" earlier_gets 'done' memory $$
cordon run >"$NET_TMP/run.log" 2>&1 &
DAEMON=$!
until_ok 20 grep -q following "$NET_TMP/run.log"
exec 9>>"$NET_ROOT/opt/tool"
cordon seal lockdown --reason 'only what is listed' >"$NET_TMP/sealed" 2>&1 || sed 's/^/# /' "$NET_TMP/sealed"
check "what is not what its digest says is told" grep -q 'uname: it is another one' "$NET_TMP/sealed"
check "status knows who refuses" says 'the kernel refused' cordon status
check "a listed program starts" /usr/bin/true
check "another does not" says_no /usr/bin/id
check "nor one of another digest" says_no /usr/bin/uname
check "nor a copy of one" says_no "$NET_TMP/copy"
check "nor a copy of one that is listed" says_no "$NET_TMP/true"
check "nor a script of an interpreter that is not" says_no "$NET_TMP/script"
check "nor a script that is not, of one that is" says_no "$NET_TMP/shell"
check "but its interpreter reads what it is given" /usr/bin/bash "$NET_TMP/shell"
check "nor by the loader" says_no /lib64/ld-linux-x86-64.so.2 /usr/bin/id
check "what ran goes on" earlier_gets 'done' read /etc/passwd
check "it starts nothing else" earlier_gets EPERM start /usr/bin/id
check "nor from memory" earlier_gets EPERM start_memory /usr/bin/true

# Listed, and changed by who has it open since before; the clock says that it was not.
refuse "what is being written to does not start" "$NET_ROOT/opt/tool"
date -s '2001-01-01' >/dev/null
echo >&9
exec 9>&-
check "what was written to does not, whatever the clock said" says_no "$NET_ROOT/opt/tool"
cp /usr/lib/x86_64-linux-gnu/libm.so.6 "$NET_TMP/new.so"
date -s "@$NOW" >/dev/null
check "nothing that is listed is opened to be written to" says_no cp "$NET_TMP/copy" /usr/bin/true
check "nor renamed" says_no mv -T "$NET_ROOT/opt/tool" "$NET_ROOT/opt/new"

# Libraries.
check "what was written with the clock set back is not preloaded" no_preload "$NET_TMP/new.so"
check "nor what was there before" no_preload "$NET_TMP/old.so"
refuse "what the policy lists as a library is" no_preload "$NET_ROOT/opt/lib/later.so"
check "what ran maps no other code" earlier_gets EPERM map_code "$NET_TMP/old.so"
check "nor as data first" earlier_gets EPERM map_then_protect "$NET_TMP/old.so"
check "but what is listed" earlier_gets 'done' map_code "$NET_ROOT/opt/lib/later.so"
check "and data" earlier_gets 'done' read "$NET_TMP/old.so"

# Mounts.
mount -o loop "$NET_TMP/image" "$NET_TMP/loop"
check "a file system of before has no programs" says_no "$NET_TMP/loop/id"
check "nor libraries" no_preload "$NET_TMP/loop/libm.so.6"
mount --bind "$NET_TMP/loop/id" /usr/bin/uniq
check "nor is one of its files what it is mounted over" says_no /usr/bin/uniq
umount /usr/bin/uniq
check "which is as it was" /usr/bin/uniq /dev/null
mount -t overlay none -o "lowerdir=/usr/bin,upperdir=$NET_TMP/over/upper,workdir=$NET_TMP/over/work" "$NET_TMP/over/all"
check "an overlay of what is listed is not" says_no "$NET_TMP/over/all/true"
umount "$NET_TMP/over/all" "$NET_TMP/loop"

# Others' processes.
sleep 1000 &
SLEEP=$!
check "a listed program is not traced" earlier_gets EPERM trace $SLEEP
check "nor its memory open" earlier_gets EACCES memory $SLEEP
check "nor does one have itself traced" earlier_gets EPERM start_traced /usr/bin/true
check "nor is one what it is not" earlier_gets EPERM feign /usr/bin/head
kill $SLEEP

# Secrets.
check "a secret opens for its program" /usr/bin/head -c 1 "$SRV/keys/deep/1"
check "and for no other" says_no /usr/bin/cat "$SRV/keys/deep/1"
check "nor the file by itself" says_no /usr/bin/cat "$SRV/token"
check "nor for what ran" earlier_gets EPERM read "$SRV/token"
check "nor the folder" says_no /usr/bin/ls "$SRV/keys"
check "nor to be moved" says_no /usr/bin/mv "$SRV/keys/deep/1" "$SRV/other/1"
check "nor by another name" says_no /usr/bin/ln "$SRV/token" "$SRV/other/2"
check "a key is shown" keyctl describe "$KEY"
check "and not read" says_no keyctl print "$KEY"

# Who and what.
check "the log has a program" tells 'program_test.*tried to start the program id at lockdown: refused'
check "a library" tells 'tried to run code of the file old.so'
check "a secret" tells 'cat\[.*tried to open the secret token'
check "a key" tells 'keyctl\[.*tried to open the key cordon-locked'
check "a process" tells 'tried to trace, or get at the memory or files of, the process '
check "and a listed file" tells 'cp\[.*tried to write to the program true'
check "status counts them" grep -q 'the kernel refused 1[0-9] starts' <(cordon status)
kill "$(cat "$NET_ROOT/run/cordon/daemon")"
wait "$DAEMON" || true
reboot
check "where nothing is loaded everything starts" /usr/bin/id
cp /usr/bin/who "$NET_ROOT/opt/later"
mv "$NET_ROOT/opt/later" "$NET_ROOT/opt/other"
cordon run --once >/dev/null 2>"$NET_TMP/once"
check "a boot holds it again, without the hand" says_no /usr/bin/id
check "what was replaced while it was off does not start" says_no "$NET_ROOT/opt/other"
check "which is told" grep -q 'it was changed since the node was shut' "$NET_TMP/once"
check "a revoke reaches secrets" carry revoke
check "and they are gone" test ! -e "$SRV/token"
carry open >/dev/null
check "after a release everything starts" /usr/bin/id
check "and may be traced" earlier_gets 'done' memory $$
kill "$EARLIER_PID"

# Pins that stay where they are.
cordon seal lockdown --reason 'once more' >/dev/null 2>&1 || true
mount -o remount,bind,ro "$NET_TMP/bpffs"
order open 2 release grace
check "that pins cannot be removed is told" says 'kernel programs is not as it was before lockdown' carry open
check "and everything starts" /usr/bin/id
check "with them nothing is held again" says 'the kernel holds no programs and no secrets' \
	cordon seal lockdown --reason 'by what was ended'
check "status does not say so either" says 'the kernel refuses no programs' cordon status
mount -o remount,bind,rw "$NET_TMP/bpffs"
cordon seal lockdown --reason 'by what is new' >/dev/null 2>&1 || true
check "once they can be, it is" says_no /usr/bin/id
order open 3 release grace
carry open >/dev/null
check "until a release" /usr/bin/id
umount "$NET_ROOT/usr" "$NET_TMP/over"
test_end
