#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A process below our cgroup, but in another network namespace, is no process of the node: its
# calls are left to the hooks that meet its packets.
set -e
cd "$(dirname "$0")/../.."
. tests/net/lib.sh

# in_box PEER CMD...: in the peer's namespace, in a cgroup that the call hooks see
in_box()
{
	local peer=$1
	shift
	mkdir -p "$NET_CGROUP/box"
	# shellcheck disable=SC2016 # expanded by the inner shell
	on_peer "$peer" sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$NET_CGROUP/box" "$@"
}

try() { in_box box sh -c "printf hello | timeout 5 ncat -w 1 $1 $2"; }
denied() { cordon counters --denials | grep -q "$1"; }

test_start 6
net_start
net_peer box
net_address box 10.1.0.1/24 10.1.0.2/24
net_peer shop
net_address shop 10.2.0.1/24 10.2.0.2/24
cat >"$NET_TMP/policy.yaml" <<-'END'
	cordon: 1
	serial: 1
	zones:
	  boxes: {addresses: [10.1.0.0/24]}
	  shop:  {addresses: [10.2.0.0/24]}
	rules:
	  - {name: buy, from: boxes, to: shop, services: [tcp/443]}
	quarantine:
	  keep:
	    - {name: ssh, from: shop, to: node, services: [tcp/22]}
END
on_peer shop ncat -l -k 443 >/dev/null 2>&1 &
on_peer shop ncat -l -k 80 >/dev/null 2>&1 &
check "a box reaches port 443" until_ok 5 try 10.2.0.2 443
check "and port 80" until_ok 5 try 10.2.0.2 80
check "apply" cordon apply "$NET_TMP/policy.yaml"
check "what is forwarded by a rule is not refused to the caller" try 10.2.0.2 443
refuse "what no rule forwards does not pass" try 10.2.0.2 80
refuse "and it is the packet that was denied, not the call" denied connect
test_end
