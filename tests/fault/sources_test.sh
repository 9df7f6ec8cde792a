#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
#
# What tells the log is seen by status, link by link; taken away it is put back by the daemon and
# told, or missed by status while no daemon runs, and put back by the next; a policy that wants none
# of it has none missed; and detach takes all of it out of the kernel.
set -e
cd "$(dirname "$0")/../.."
. tests/net/lib.sh
PATH=$PATH:/usr/sbin
PATIENCE=20

told() { grep -qF "tamper: $1 was taken away; $2" "$NET_TMP/run.log"; }
status_says() { cordon status 2>&1 | grep -qF -- "$1"; }
well() { cordon status >/dev/null; }
link_id() { bpftool -j link show pinned "$NET_BPFFS/links/$1" | gojq .id; }
sources() { cordon status --json | gojq -r '.log_sources | to_entries[] | select(.value == '"$1"') | .key'; }
is_logged() { cordon events --class tamper | grep -qF -- "$1"; }
# It fails after all that it says of a probe.
in_kernel() { bpftool link show id "$1" 2>/dev/null | grep -q "^$1:"; }
none_in_kernel() { local id; for id in "$@"; do ! in_kernel "$id" || return 1; done; }
same_link() { [ "$(link_id "$1")" = "$2" ]; }
another_link() { [ -e "$NET_BPFFS/links/$1" ] && [ "$(link_id "$1")" != "$2" ]; }

test_start 29
net_start
net_peer wan0
net_small_policy
check "before a daemon nothing is missed" well
check "nor there" status_says "sources     none: cordon run"
daemon_starts
check "with a daemon all is well" well
sources true >"$NET_TMP/sources"
check "each link that tells the log is shown" grep -qx process-exec "$NET_TMP/sources"
check "by kinds" status_says "sources     process listen config"
check "none is missing" test -z "$(sources false)"
(cd "$NET_BPFFS/links" && printf '%s\n' *) | grep -v '^cgroup-\|^wan0-' | sort >"$NET_TMP/links"
check "they are all that there is" diff <(sort "$NET_TMP/sources") "$NET_TMP/links"

declare -A before
while read -r link; do before[$link]=$(link_id "$link"); done <"$NET_TMP/links"
(cd "$NET_BPFFS/links" && xargs rm <"$NET_TMP/links")
same=0
for link in "${!before[@]}"; do
	until_ok $PATIENCE same_link "$link" "${before[$link]}" || { same=1; echo "# not $link"; }
done
check "unpinned, each is pinned again, and the same" test $same = 0
check "which is said" told "the pin links/listen-state" "pinned again"
check "and logged" until_ok $PATIENCE is_logged "links/process-fork"
rm -f "$NET_BPFFS/progs/process_exec" "$NET_BPFFS/maps/process_ring"
check "a program and a ring, likewise" until_ok $PATIENCE test -e "$NET_BPFFS/progs/process_exec" -a \
	-e "$NET_BPFFS/maps/process_ring"

bpftool link detach pinned "$NET_BPFFS/links/config-parameter"
check "one that is taken off its hook is another" \
	until_ok $PATIENCE another_link config-parameter "${before[config-parameter]}"
check "which is said" until_ok $PATIENCE told "the log's source config-parameter" "attached again"
check "and logged" until_ok $PATIENCE is_logged "config-parameter"
check "and works" until_ok $PATIENCE well

daemon_ends
check "without a daemon they stay" test "$(sources true | wc -l)" = "$(wc -l <"$NET_TMP/links")"
check "and nothing is missed" well
bpftool link detach pinned "$NET_BPFFS/links/config-parameter"
rm "$NET_BPFFS/links/process-fork" "$NET_BPFFS/progs/process_fork" "$NET_BPFFS/progs/listen_state"
check "taken away then, status is degraded" exits 3 cordon status
check "and names what is unpinned" status_says "the log's source process-fork is not attached"
check "what is off its hook" status_says "NOT config-parameter"
check "and what goes on without its pin" status_says "the pin progs/listen_state is gone"
daemon_starts
check "a daemon puts all of it right" until_ok $PATIENCE well
sources true >"$NET_TMP/again"
check "all of them are there" diff "$NET_TMP/sources" "$NET_TMP/again"

echo "log: {exec: none}" >>"$NET_TMP/policy.yaml"
check "a policy that wants no processes" cordon apply --force "$NET_TMP/policy.yaml"
check "has none" until_ok $PATIENCE test ! -e "$NET_BPFFS/links/process-exit"
check "and none missed" well

mapfile -t ids < <(for pin in "$NET_BPFFS"/links/*; do link_id "${pin##*/}"; done)
daemon_ends
check "they are in the kernel" in_kernel "${ids[0]}"
check "detach" cordon detach
check "takes all of them out of it" until_ok $PATIENCE none_in_kernel "${ids[@]}"
test_end
