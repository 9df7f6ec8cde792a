#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: only
# timeout: 200
#
# The module and the helper on one node: what is handed over, sealed, published to the programs and
# shown; orders go to both. And a root who writes to the maps, or takes programs, pins and files
# away, opens nothing.
set -e
cd "$(dirname "$0")/../.."
. tests/kmod/lib.sh
kmod_start 50

kmod_node
kmod_peers
key ada rsa:2048
key grace rsa:2048
cat "$KMOD_TMP/ada.pem" "$KMOD_TMP/grace.pem" >"$TRUST/release.pem"
echo 'release 2' >"$TRUST/threshold"
cat >"$NET_TMP/policy.yaml" <<-END
	cordon: 1
	serial: 1
	node: store-0042
	zones:
	  wan: {interfaces: [wan0]}
	  management: {addresses: [10.20.0.0/24], interfaces: [mgmt0]}
	rules:
	  - {name: web, from: wan, to: node, services: [tcp/80]}
	  - {name: out, from: node, to: wan, services: [udp, icmp]}
	quarantine:
	  keep: [{name: responders, from: management, to: node, services: [tcp/22, icmp]}]
END
opens() { on_peer "$1" timeout 2 bash -c "exec 3<>/dev/tcp/$2/$3"; }
told() { cordon status --json | gojq -r ".module.$1"; }
told_is() { [ "$(told "$1")" = "$2" ]; }
published() { bpftool map dump pinned "$NET_BPFFS/maps/module_latch" -j | gojq -r '.[0].formatted.value.level[1]'; }
socat TCP-LISTEN:22,fork,reuseaddr OPEN:/dev/null & socat TCP-LISTEN:80,fork,reuseaddr OPEN:/dev/null &

# ---- handed over --------------------------------------------------------------------------------

check "without the module status says what is weaker" bash -c \
	"$CORDON --root $NET_ROOT --bpffs $NET_BPFFS status | grep -q 'module      none: who writes'"
kmod_load
check "a policy is put into force" cordon apply --force "$NET_TMP/policy.yaml"
check "the module knows the node" told_is node store-0042
check "who may release it" told_is certificates 2
check "and how many must" told_is threshold 2
check "it is closed" told_is closed true
check "it knows what to keep" told_is has_keep_list true
check "the rule is in two services, and the one into the node for egress, beside 13 built-in ones" \
	told_is keep_rules 16
check "programs read its latch" bash -c "[ $(told programs) -gt 0 ]"
refuse "which nobody else writes" bpftool map update pinned "$NET_BPFFS/maps/module_latch" \
	key 0 0 0 0 value 3 0 0 0 3 0 0 0
check "status is as before" exits 0 cordon status
# Without the right to ask, as with a module of another version.
mute() { setpriv --bounding-set -net_admin "$CORDON" --root "$NET_ROOT" --bpffs "$NET_BPFFS" --cgroup "$NET_CGROUP" "$@"; }
check "a module that does not answer is no missing one" says "LOADED, BUT MUTE" mute status
check "which is a fault" says "the kernel module does not answer" mute status
check "open: the wan comes in" opens wan 203.0.113.1 80

# ---- sealed -------------------------------------------------------------------------------------

check "it is sealed" cordon seal isolate --reason 'a test'
check "in the module, too" is latch 2
check "and in the map that it publishes" [ "$(published)" = 2 ]
refuse "the wan does not come in" opens wan 203.0.113.1 80
check "who is to be let in is" opens mgmt 10.20.0.1 22
control() { python3 tests/latch/state.py "$NET_ROOT" "$@"; }
bpftool map dump pinned "$NET_BPFFS/maps/control" -j | gojq -r '.[0].value[]' >"$NET_TMP/control"
mapfile -t bytes <"$NET_TMP/control"
bytes[4]=0x00
check "a root writes to the pinned map" bpftool map update pinned "$NET_BPFFS/maps/control" \
	key 0 0 0 0 value "${bytes[@]}"
refuse "and the wan does not come in" opens wan 203.0.113.1 80
check "the programs say why, before the backstop" bash -c "
	cd $PWD && . tests/kmod/lib.sh && [ \"\$(field dropped_in)\" = 0 ]"
check "status says that they disagree" bash -c "$CORDON --root $NET_ROOT --bpffs $NET_BPFFS status |
	grep -q 'kernel module holds isolate, but the pinned maps open'"
rm -rf "$NET_BPFFS"
for interface in wan0 mgmt0; do tc qdisc del dev "$interface" clsact 2>/dev/null || true; done
# The kernel frees them when nobody can be running one any more.
check "no program is left" until_ok 5 bash -c '! bpftool -j prog | grep -q ingress_ether'
check "nor does the module count one" until_ok 5 is programs 0
refuse "the wan does not come in" opens wan 203.0.113.1 80
check "it was the backstop" bash -c "cd $PWD && . tests/kmod/lib.sh && [ \"\$(field dropped_in)\" -gt 0 ]"
check "who is to be let in is" opens mgmt 10.20.0.1 22
rm -f "$NET_ROOT"/var/lib/cordon/latch* "$NET_ROOT"/etc/cordon/sealed-once "$NET_ROOT"/var/lib/cordon/policy/sealed-once
check "the helper comes again, with the latch's files gone" cordon run --once
check "and is told by the module that it is sealed" bash -c "
	$CORDON --root $NET_ROOT --bpffs $NET_BPFFS status --json | gojq -e '.latch == \"isolate\"'"

# ---- opened -------------------------------------------------------------------------------------

order one 1 release "ada"
refuse "an order by one of two" cordon order "$KMOD_TMP/one.p7"
check "leaves it shut" is latch 2
challenge=$(cordon status --json | gojq -r '.latch_state.challenge // empty')
order both 1 release "ada grace" 'node: store-0042' ${challenge:+"challenge: $challenge"}
check "where the module does not answer no order opens" says "does not answer" mute order "$KMOD_TMP/both.p7"
check "and it is shut" is latch 2
check "an order by both" cordon order "$KMOD_TMP/both.p7"
check "opens the module" is latch 0
check "the wan comes in" opens wan 203.0.113.1 80

# ---- loaded again, on an open node ---------------------------------------------------------------

# Who this node is, and may release it, is known before its policy is.
echo 'node: store-0042' >"$TRUST/node"
cordon apply --force "$NET_TMP/policy.yaml" >/dev/null
check "the module goes" rmmod cordon
kmod_load
refuse "another command comes first" cordon confirm
check "when it is back it is sealed" cordon seal isolate --reason 'a test'
check "with the policy's keep list" told_is keep_rules 16
order back 2 release "ada grace"
check "and opened" cordon order "$KMOD_TMP/back.p7"

# ---- sealed before a boot by another version, whose image of the policy is of no use ------------

check "the module goes" rmmod cordon
check "sealed without it" cordon seal isolate --reason 'before an update'
rm -rf "$NET_BPFFS"
for interface in wan0 mgmt0; do tc qdisc del dev "$interface" clsact 2>/dev/null || true; done
for image in "$NET_ROOT"/var/lib/cordon/policy/*/image; do echo damaged >"$image"; done
kmod_load
check "the helper makes the image again" cordon run --once
check "the module is sealed" is latch 2
check "with the policy's keep list" told_is keep_rules 16
check "who is to be let in is" opens mgmt 10.20.0.1 22
refuse "the wan is not" opens wan 203.0.113.1 80
order last 3 release "ada grace"
check "and opened" cordon order "$KMOD_TMP/last.p7"
kmod_end
