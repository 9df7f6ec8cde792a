#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# No room on the disk of /var/lib/cordon, by bytes and by inodes: a policy that cannot be kept does
# not come into force, and leaves nothing behind.
set -e
cd "$(dirname "$0")/../.."
. tests/fault/lib.sh

STORE=
mount_store()
{
	mkdir -p "$STORE"
	mount -t tmpfs -o "$1" "$NET" "$STORE"
}
fill_disk() { dd if=/dev/zero of="$STORE/ballast" bs=4k 2>/dev/null || true; }
stored() { (cd "$STORE" && find . ! -name ballast | sort); }
unmount_store() { umount "$STORE" 2>/dev/null || true; net_stop; }

test_start 16
fault_start
STORE=$NET_ROOT/var/lib/cordon
trap unmount_store EXIT

mount_store size=256k
fill_disk
refused "no room for a first policy" "No space left on device" cordon apply "$NET_TMP/1.yaml"
check "nothing is attached" packets_say both
rm "$STORE/ballast"
check "with room" cordon apply "$NET_TMP/1.yaml"
stored >"$NET_TMP/before"
fill_disk
refused "no room for another policy" "No space left on device" cordon apply "$NET_TMP/2.yaml"
check "the first is in force" in_force 1
check "nothing is left of the second" diff "$NET_TMP/before" <(stored)
refused "no room for a trial" "No space left on device" cordon apply --confirm 60 "$NET_TMP/2.yaml"
check "the first is in force for good" in_force 1
rm "$STORE/ballast"
check "with room again" cordon apply "$NET_TMP/2.yaml"
check "the second is in force" in_force 2
check "rollback needs no room" cordon rollback
check "the first is in force again" in_force 1
cordon detach >/dev/null
umount "$STORE"

# Inodes: the root, policy/, and what a generation needs but for the names that point to it.
mount_store size=256k,nr_inodes=7
refused "no inode to name the policy" "No space left on device" cordon apply "$NET_TMP/1.yaml"
check "which is in force nevertheless" packets_say 1
umount "$STORE"
check "a store that is gone: apply makes one" cordon apply --force "$NET_TMP/2.yaml"
check "the second is in force" in_force 2
test_end
