#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: only
# timeout: 120
#
# Who may log in at lockdown, and what has the console: real processes, so only in a virtual
# machine. A login is a process whose login user was set, as pam_loginuid does.
set -e
cd "$(dirname "$0")/../.."
. tests/latch/lib.sh
. tests/latch/orders.sh

# login USER: a process of a new session of that user; its number is in $PID
login() { (echo "$1" >/proc/self/loginuid; exec sleep 1000) & PID=$!; disown; until_ok 5 is_sleep "$PID"; }
is_sleep() { [ "$(cat "/proc/$1/comm" 2>/dev/null)" = sleep ]; }
lives() { kill -0 "$1" 2>/dev/null; }
ended() { ! lives "$1"; }

test_start 12
latch_world
mkdir -p "$NET_ROOT/proc" "$NET_ROOT/run"
keys ada grace
trust seal ada
trust release grace
printf 'root:x:0:0::/:/bin/sh\nalice:x:1001:1001::/:/bin/sh\nbob:x:1002:1002::/:/bin/sh\n' >"$NET_ROOT/etc/passwd"
printf 'lockdown: {logins: [root, alice], console: off}\n' >>"$NET_TMP/policy.yaml"
cordon apply "$NET_TMP/policy.yaml" >/dev/null
mount --bind /proc "$NET_ROOT/proc"
echo 438 >/proc/sys/kernel/sysrq
login 1002
EARLIER=$PID
setsid -c sleep 1000 </dev/tty1 &
until_ok 5 pgrep -x sleep >/dev/null
CONSOLE=$(pgrep -n -x sleep)
cordon seal lockdown --reason 'who is there' >/dev/null
check "whoever was logged in goes on" lives "$EARLIER"
check "who sits at the console does not" until_ok 5 ended "$CONSOLE"
check "SysRq is off" test "$(cat /proc/sys/kernel/sysrq)" = 0
login 1002
cordon run --hand >"$NET_TMP/hand.log" 2>&1 &
check "who logs in and is not listed ends" until_ok 10 ended "$PID"
login 0
ROOT=$PID
login 1001
ALICE=$PID
login 1002
check "again" until_ok 10 ended "$PID"
check "root is listed" lives $ROOT
check "and so is alice" lives $ALICE
check "for whom pam_nologin stands aside" test ! -e "$NET_ROOT/run/nologin"
check "who was there still is" lives "$EARLIER"
order open 1 release grace
carry open >/dev/null
check "after a release SysRq is as it was" until_ok 5 test "$(cat /proc/sys/kernel/sysrq)" = 438
login 1002
sleep 2.5
check "and who logs in stays" lives "$PID"
check "the log has the seal" says 'lockdown' cordon events --class enforcement
kill "$(cat "$NET_ROOT/run/cordon/hand")" "$ROOT" "$ALICE" "$EARLIER" "$PID"
umount "$NET_ROOT/proc"
test_end
