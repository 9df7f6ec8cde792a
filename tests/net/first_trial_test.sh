#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The first policy of a node on trial, written so that it locks its author out: with nothing to
# return to, it must still let go.
set -e
cd "$(dirname "$0")/../.."
. tests/net/lib.sh

ping_node() { on_peer wan0 ping -q -n -c 1 -W 0.5 10.1.0.1; }

test_start 7
net_start
net_peer wan0
net_address wan0 10.1.0.1/24 10.1.0.2/24
cat >"$NET_TMP/lock-out.yaml" <<-'END'
	cordon: 1
	serial: 1
	zones:
	  management: {addresses: [10.1.0.0/24]}
	rules:
	  - {name: web, from: management, to: node, services: [tcp/443]}
	quarantine:
	  keep:
	    - {name: web, from: management, to: node, services: [tcp/443]}
END
check "the node can be reached" until_ok 5 ping_node
check "the first policy, on trial" cordon apply "$NET_TMP/lock-out.yaml" --confirm 2
refuse "locks out" ping_node
check "and lapses" until_ok 5 ping_node
check "into audit, which is not enforcing" exits 4 cordon status
check "it is too late to confirm" exits 1 cordon confirm
check "detach" cordon detach
test_end
