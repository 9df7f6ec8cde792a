#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The daemon works with what it keeps of root's rights: interfaces are followed, denials told, pins put
# back, a seal written down. What it gives up is confine_test.c's matter.
set -e
cd "$(dirname "$0")/../.."
. tests/net/lib.sh

of_daemon() { sed -n "s/^$1:\t//p" "/proc/$(cat "$NET_ROOT/run/cordon/daemon")/status"; }
covered() { cordon status --json | gojq -e ".interfaces[] | select(.name == \"$1\") | .hook != \"none\"" >/dev/null; }

test_start 8
net_start
net_peer wan0
net_address wan0 10.1.0.1/24 10.1.0.2/24
net_small_policy
daemon_starts
check "the daemon filters its own calls" test "$(of_daemon Seccomp)" = 2
check "and can gain nothing by a program" test "$(of_daemon NoNewPrivs)" = 1
check "it has lost most of root's rights" test "$(of_daemon CapEff)" = "$(of_daemon CapBnd)" -a \
	$((0x$(of_daemon CapEff) & 1 << 16)) = 0
ip -n "$NODE" link add late0 type veth peer name late1
ip -n "$NODE" link set late0 up
check "a new interface is covered" until_ok 5 covered late0
on_node bash -c 'echo x >/dev/udp/10.1.0.2/9' || true
check "a denial is told" until_ok 5 grep -q 'denied out' "$NET_TMP/run.log"
rm "$NET_BPFFS/maps/control" "$NET_BPFFS/links/wan0-egress"
check "pins are put back" until_ok 5 test -e "$NET_BPFFS/maps/control" -a -e "$NET_BPFFS/links/wan0-egress"
cp "$NET_TMP/policy.yaml" "$NET_ROOT/var/lib/cordon/inbox/"
check "what comes into the inbox is looked at" until_ok 5 grep -q 'policy.yaml refused' "$NET_TMP/run.log"
check "nothing was complained of" test "$(grep -c '^cordon:' "$NET_TMP/run.log")" = 0
daemon_ends
test_end
