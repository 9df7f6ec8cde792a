#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A log whose disk is full: the daemon says so, once, and when it is over; nothing is lost meanwhile.
# A log that cannot be opened is said, too.
set -e
cd "$(dirname "$0")/../.."
. tests/net/lib.sh

said() { [ "$(grep -cF -- "$1" "$NET_TMP/run.log")" = "${2:-1}" ]; }
# What ran in a unit of its own, as the log tells it.
ran() { cordon events --class process --unit "$1" | grep -q '/true$'; }

test_start 10
net_start
net_peer wan0
LOG=$NET_ROOT/var/lib/cordon/log
mkdir -p "$LOG"
mount -t tmpfs -o size=1m,mode=700 "$NET" "$LOG"
net_small_policy
daemon_starts
in_unit before.service true
check "a record is written" until_ok 30 ran before.service
dd if=/dev/zero of="$LOG/fill" bs=4k 2>/dev/null || true
in_unit during.service true
check "a full disk is said" until_ok 30 said "cordon: cannot write the log $LOG: No space left on device; records wait in their rings"
check "and by status" says "no room is left on its disk" cordon status
refuse "what happened then is not written" ran during.service
rm "$LOG/fill"
check "that it is over is said" until_ok 30 said "cordon: the log is written again"
check "and what happened then is written" until_ok 30 ran during.service
check "each was said once" said "records wait in their rings"
daemon_ends
mv "$LOG/keys" "$NET_TMP/keys"
mkdir "$LOG/keys"
daemon_starts
check "a log that cannot be opened is said" until_ok 30 said "; records wait in their rings"
rmdir "$LOG/keys"
mv "$NET_TMP/keys" "$LOG/keys"
check "and when it can" until_ok 30 said "cordon: the log is written again"
in_unit after.service true
check "a record is written again" until_ok 30 ran after.service
daemon_ends
umount "$LOG"
test_end
