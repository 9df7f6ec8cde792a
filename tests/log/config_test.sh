#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is changed in how the node is set up is in the log: interfaces, addresses and routes of its
# namespace. Nothing is told that did not change.
set -e
cd "$(dirname "$0")/../.."
. tests/net/lib.sh

events() { cordon events --json --class config; }
# told ACTION JQ-CONDITION: there is one so
told() { events | gojq -es --arg action "$1" "map(select(.event.action == \$action and ($2))) | length > 0" >/dev/null; }
# link NAME CHANGE...: an interface changed just so
link() { local name=$1; shift; told interface ".cordon.interface.name == \"$name\" and .cordon.interface.change == \"$*\""; }
address() { told address ".cordon.address.ip == \"$1\" and .cordon.address.change == \"$2\" and .cordon.interface.name == \"$3\""; }
route() { told route ".cordon.route.destination == \"$1\" and .cordon.route.change == \"$2\" and (${3:-true})"; }
# times JQ-CONDITION: how often
times() { events | gojq -s "map(select($1)) | length"; }
node() { ip -n "$NODE" "$@"; }

test_start 37
net_start
net_peer wan0
net_address wan0 10.1.0.1/24 10.1.0.2/24
net_small_policy
daemon_starts
refuse "nothing was complained of" grep '^cordon:' "$NET_TMP/run.log"

# ---- interfaces, addresses, routes --------------------------------------------------------

node link add late0 type veth peer name late1
check "an interface that comes" until_ok 10 link late0 appeared
check "with its kind and address" told interface '.cordon.interface.name == "late0" and
	.cordon.interface.kind == "veth" and (.cordon.interface.mac | test("^([0-9a-f]{2}:){5}[0-9a-f]{2}$"))'
node link set late0 up
check "up, but the other end is not" until_ok 10 link late0 up
node link set late1 up
check "the cable is in" until_ok 10 link late0 carrier
node link set late1 down
check "and out" until_ok 10 link late0 no-carrier
node link set late1 up
node link set late0 promisc on
check "somebody listens" until_ok 10 link late0 promiscuous
node link set late0 promisc off
check "and stops" until_ok 10 link late0 not-promiscuous
node link set late0 address 02:00:00:00:00:42
check "another hardware address" until_ok 10 told interface '.cordon.interface.change == "hardware-address" and
	.cordon.interface.mac == "02:00:00:00:00:42"'
node link add br0 type bridge
node link set late0 master br0
check "into a bridge" until_ok 10 told interface '.cordon.interface.name == "late0" and .cordon.interface.master == "br0"'
node link set late0 nomaster
node link set late0 down
node link set late0 name early0
check "another name" until_ok 10 told interface '.cordon.interface.change == "renamed" and
	.cordon.interface.name == "early0" and .cordon.interface.former == "late0"'

node address add 10.9.0.1/24 dev wan0
check "an address that comes" until_ok 10 address 10.9.0.1 added wan0
node route add 10.77.0.0/16 via 10.9.0.2
check "a route that comes" until_ok 10 route 10.77.0.0/16 added '.cordon.route.gateway == "10.9.0.2" and
	.cordon.interface.name == "wan0" and .cordon.route.table == 254'
node route replace 10.77.0.0/16 via 10.9.0.3
check "is replaced" until_ok 10 route 10.77.0.0/16 replaced '.cordon.route.gateway == "10.9.0.3"'
node route add blackhole 198.51.100.0/24 table 77
check "a black hole in a table of its own" until_ok 10 route 198.51.100.0/24 added \
	'.cordon.route.type == "blackhole" and .cordon.route.table == 77'
node route del blackhole 198.51.100.0/24 table 77
check "and gone" until_ok 10 route 198.51.100.0/24 removed
node -6 address add fd00:9::1/64 dev wan0 nodad
check "an IPv6 address" until_ok 10 address fd00:9::1 added wan0
node -6 route add default via fd00:9::2
check "an IPv6 default route" until_ok 10 route ::/0 added '.cordon.route.gateway == "fd00:9::2"'
node address del 10.9.0.1/24 dev wan0
check "an address that goes" until_ok 10 address 10.9.0.1 removed wan0
node address add 10.30.0.1/24 dev late1
node route add 10.31.0.0/16 via 10.30.0.2
until_ok 10 route 10.31.0.0/16 added
node link set late1 down
check "an interface takes routes with it, of which the kernel says nothing" until_ok 10 route 10.31.0.0/16 removed
node link del early0
check "the interface that goes" until_ok 10 link early0 gone
check "nothing is told twice" test "$(times '.cordon.interface.name == "late1" and .cordon.interface.change == "appeared"')" = 1
refuse "what was there before is not told" address 10.1.0.1 added wan0
refuse "nor what the kernel keeps for itself" told route '.cordon.route.table == 255'

# ---- parameters of the kernel ---------------------------------------------------------------

parameter() { told parameter ".cordon.parameter.name == \"$1\" and ($2)"; }
in_unit tune.service sysctl -qw net.ipv4.conf.wan0.rp_filter=2
check "a parameter that is set" until_ok 10 parameter net/ipv4/conf/wan0/rp_filter \
	'.cordon.parameter.before == "0" and .cordon.parameter.after == "2"'
check "and by whom" parameter net/ipv4/conf/wan0/rp_filter '.process.name == "sysctl" and .process.pid > 0 and
	.user.id == "0" and .process.entity_id != null'
refuse "what the kernel refuses is refused" in_unit tune.service sh -c 'echo 99999999999 >/proc/sys/net/ipv4/conf/wan0/rp_filter'
check "and told" until_ok 10 parameter net/ipv4/conf/wan0/rp_filter '.cordon.parameter.after == "99999999999"'
in_unit tune.service sh -c "printf '%0200d' 1 >/proc/sys/net/ipv4/conf/wan0/rp_filter" 2>/dev/null || true
check "a long value is cut, which is said" until_ok 10 parameter net/ipv4/conf/wan0/rp_filter '.cordon.parameter.cut'
in_unit tune.service cat /proc/sys/net/ipv4/conf/wan0/log_martians >/dev/null
in_unit tune.service sysctl -qw net.ipv4.conf.wan0.log_martians=1
until_ok 10 parameter net/ipv4/conf/wan0/log_martians true
check "that one is read is not told" test "$(times '.cordon.parameter.name == "net/ipv4/conf/wan0/log_martians"')" = 1
shown() { cordon events --class config | grep -q 'parameter net/ipv4/conf/wan0/rp_filter set to "2", was "0", by sysctl\['; }
check "text for people" shown

# ---- BPF programs ---------------------------------------------------------------------------

bpf() { told bpf-program-loaded "$1"; }
bpftool prog load "$BUILD/bpf/tell.bpf.o" "$NET_TMP/bpffs/foreign" type syscall
check "a BPF program that is loaded, and by whom" until_ok 10 bpf '.cordon.bpf.name == "tell" and
	.cordon.bpf.type == "syscall" and .process.pid > 0'
rm "$NET_TMP/bpffs/foreign"
check "one that is gone" until_ok 10 told bpf-program-unloaded '.cordon.bpf.tag != null'
check "cordon's own are known by what they do" bpf '.cordon.bpf.name == "tell" and .cordon.bpf.ours'
bpftool prog load "$BUILD/tests/net/foreign.bpf.o" "$NET_TMP/bpffs/foreign" >/dev/null
check "others are not" until_ok 10 bpf '.cordon.bpf.ours | not'
rm "$NET_TMP/bpffs/foreign"

kill -STOP "$(cat "$NET_ROOT/run/cordon/daemon")"
for i in $(seq 25); do
	{
		for j in $(seq 100); do echo "address add 10.20.$i.$j/32 dev lo"; done
		for j in $(seq 100); do echo "address del 10.20.$i.$j/32 dev lo"; done
	} | node -batch -
done
node address add 10.20.0.1/32 dev lo
node route add 10.99.0.0/16 via 10.1.0.2
kill -CONT "$(cat "$NET_ROOT/run/cordon/daemon")"
check "in a flood that has no room, loss is told" until_ok 20 told log-loss '.cordon.loss.class == "config"'
check "and what there is then" until_ok 20 address 10.20.0.1 added lo
daemon_ends
test_end
