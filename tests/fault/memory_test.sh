#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A map that cannot be allocated: the kernel charges maps to the memory cgroup of who makes them, so
# a small cgroup refuses a flow table that is larger. What is in force must not notice.
set -e
cd "$(dirname "$0")/../.."
. tests/fault/lib.sh

# big NUMBER ENTRIES - policy NUMBER with a large flow table, as big.yaml
big() { { cat "$NET_TMP/$1.yaml"; echo "flows: {entries: $2}"; } >"$NET_TMP/big.yaml"; }

# The cgroup of a process that may have so much memory, in either hierarchy; 1: none can be made.
memory_cgroup()
{
	local top
	top=$(awk '$3 == "cgroup" && $4 ~ /(^|,)memory(,|$)/ { print $2; exit }' /proc/self/mounts)
	LIMIT_FILE=memory.limit_in_bytes
	if [ -z "$top" ]; then
		top=$(net_cgroup2)
		grep -qw memory "$top/cgroup.subtree_control" || return 1
		LIMIT_FILE=memory.max
	fi
	MEMORY=$top/$NET-memory
	mkdir "$MEMORY"
}
limit() { echo "$1" >"$MEMORY/$LIMIT_FILE"; }

# In a subshell: its own number moves, not the test's.
confined() { (echo "$BASHPID" >"$MEMORY/cgroup.procs" && cordon "$@"); }

stop() { net_remove_cgroup "$MEMORY"; net_stop; }
stored() { (cd "$NET_ROOT/var/lib/cordon" && find . | sort); }

[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP needs root"; exit 0; }
NET=cordon-$$
memory_cgroup || { echo "1..0 # SKIP no memory cgroup"; exit 0; }
trap 'rmdir "$MEMORY"' EXIT
test_start 11
fault_start
trap stop EXIT
net_quiet wan0

limit 48M
big 1 16000000
refused "a first policy with a table too large" "Cannot allocate memory" \
	confined apply "$NET_TMP/big.yaml"
check "nothing is attached" packets_say both
check "a smaller one" confined apply "$NET_TMP/1.yaml"
stored >"$NET_TMP/before"
big 2 16000000
refused "another policy with a table too large" "Cannot allocate memory" \
	confined apply "$NET_TMP/big.yaml"
check "the first is in force" in_force 1
check "nothing of the second is kept" diff "$NET_TMP/before" <(stored)
refused "a trial" "Cannot allocate memory" confined apply --confirm 60 "$NET_TMP/big.yaml"
check "the first is in force for good" in_force 1
check "a smaller one goes in" confined apply "$NET_TMP/2.yaml"
check "the second is in force" in_force 2
check "and can be taken back" confined rollback
test_end
