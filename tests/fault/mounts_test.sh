#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: yes
#
# A bpffs that is not mounted, not there or read-only; cgroup2 in every place: unified, hybrid, v1
# alone, none; and which hook a kernel without tcx has.
set -e
cd "$(dirname "$0")/../.."
. tests/fault/lib.sh
PATH=$PATH:/usr/sbin

# elsewhere BPFFS CMD... - the helper with its pins in another place
elsewhere()
{
	local bpffs=$1
	shift
	on_node "$CORDON" --root "$NET_ROOT" --bpffs "$bpffs" --cgroup "$NET_CGROUP" "$@"
}

# Lays out /sys/fs/cgroup in a mount namespace, then runs the helper without --cgroup there. Our own
# cgroup stands for the tree's root, so that no other process of this machine is below a hook.
write_layout()
{
	cat >"$NET_TMP/layout" <<-'END'
	#!/bin/bash
	# layout PLACE TREE CMD... - PLACE is unified, hybrid, v1 or none
	set -e
	place=$1 tree=$2 top=/sys/fs/cgroup
	shift 2
	mkdir -p /tmp/cordon-tree.$$
	mount --bind "$tree" /tmp/cordon-tree.$$
	others=$(awk '$3 == "cgroup2" { print $2 }' /proc/self/mounts | grep -v "^/tmp/cordon-tree.$$" | tac)
	for other in $others; do umount -l "$other"; done
	mount -t tmpfs layout "$top"
	case $place in
	unified) mount --bind /tmp/cordon-tree.$$ "$top" ;;
	hybrid) mkdir "$top/unified" && mount --bind /tmp/cordon-tree.$$ "$top/unified" ;;
	esac
	case $place in
	hybrid | v1) mkdir "$top/named" && mount -t cgroup -o none,name=cordon-test none "$top/named" ;;
	esac
	umount /tmp/cordon-tree.$$
	rmdir /tmp/cordon-tree.$$
	exec "$@"
	END
	chmod +x "$NET_TMP/layout"
}

layout()
{
	local place=$1
	shift
	on_node unshare --mount --propagation private "$NET_TMP/layout" "$place" "$NET_CGROUP" \
		"$PWD/$CORDON" --root "$NET_ROOT" --bpffs "$NET_BPFFS" "$@"
}

hooks_are() { [ "$(bpftool -j cgroup show "$NET_CGROUP" | gojq -s 'map(length) | add // 0')" = "$1" ]; }
exits() { local want=$1 status=0; shift; "$@" >/dev/null 2>&1 || status=$?; [ "$status" = "$want" ]; }

has_tcx() { [ "$(uname -r | awk -F '[.-]' '{ print $1 * 100 + $2 }')" -ge 606 ]; }
hook() { cordon status --json | gojq -r '.interfaces[] | select(.name == "wan0") | .hook'; }

test_start 28
fault_start
write_layout
mkdir "$NET_CGROUP/pos.service"
check "apply" cordon apply "$NET_TMP/1.yaml"
if has_tcx; then want=tcx; else want=clsact; fi
check "this kernel's hook is $want" test "$(hook)" = "$want"
check "which is no fault of the node" exits 0 cordon check --node "$NET_TMP/1.yaml"

refused "a bpffs that is not mounted" "bpffs is not mounted at" \
	elsewhere "$NET_TMP/plain" apply "$NET_TMP/2.yaml"
check "is made nowhere" test ! -e "$NET_TMP/plain"
refused "a bpffs in a folder that is not there" "No such file or directory" \
	elsewhere /nowhere/at/all apply "$NET_TMP/2.yaml"
check "status says that, too" exits 4 elsewhere "$NET_TMP/plain" status
refused "so does detach" "bpffs is not mounted at" elsewhere "$NET_TMP/plain" detach
check "the first policy is in force" in_force 1
mount -o remount,ro "$NET_TMP/bpffs"
refused "a bpffs that is read-only" "Read-only file system" cordon apply "$NET_TMP/2.yaml"
mount -o remount,rw "$NET_TMP/bpffs"
check "the first policy is in force" in_force 1

refused "a cgroup that is not there" "No such file or directory" \
	on_node "$CORDON" --root "$NET_ROOT" --bpffs "$NET_BPFFS" --cgroup /nowhere apply "$NET_TMP/2.yaml"
refused "a folder that is no cgroup2" "is not in a cgroup2 file system" \
	on_node "$CORDON" --root "$NET_ROOT" --bpffs "$NET_BPFFS" --cgroup "$NET_TMP" apply "$NET_TMP/2.yaml"
check "the first policy is in force" in_force 1

# From nothing, so that hooks which are there were put there; loaded once, for that takes its time.
cordon detach >/dev/null
for place in none v1; do
	check "$place: apply" layout "$place" apply --force "$NET_TMP/1.yaml"
	check "$place: it is enforced" packets_say 1
	check "$place: what is missing is said" says "no cgroup2 is mounted" layout "$place" status
	check "$place: and makes it degraded" exits 3 layout "$place" status
done
for place in hybrid unified; do
	rm -f "$NET_BPFFS"/links/cgroup-*
	until_ok 20 hooks_are 0 || die "hooks stay"
	check "$place: apply" layout "$place" apply --force "$NET_TMP/1.yaml"
	check "$place: the hooks are found there" hooks_are 7
	check "$place: all is well" exits 0 layout "$place" status
done
test_end
