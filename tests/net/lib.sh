# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A node and its peers in network namespaces, for tests that want real packets. Source it, call
# net_start, then use the functions below; everything is taken down when the script ends, however
# it ends. It must not touch this machine's own interfaces, cgroups, pins or policy.
#
#   net_start                  a bpffs, a cgroup, a root folder and the namespace of the node
#   net_own                    instead of it this machine's own namespace, in a virtual machine
#   net_peer PEER [IFACE]      a peer namespace, joined to the node's interface IFACE (PEER)
#   net_quiet PEER             it solicits no routers any more, which a node would deny, count and log
#   net_address PEER NODE-ADDRESS/LEN PEER-ADDRESS/LEN
#   on_node CMD...             run in the node's namespace
#   on_peer PEER CMD...        run in a peer's
#   in_unit UNIT CMD...        run on the node, in the cgroup of UNIT
#   cordon CMD...              the helper, on the node, with its own root, bpffs and cgroup
#   cordon_from PEER CMD...    the same in a peer's namespace, as from a container
#   net_small_policy           a policy in force that lets in port 22 at wan0 and nothing else
#   daemon_starts, daemon_ends `cordon run`; what it says is in $NET_TMP/run.log
#   daemon_dies                by kill -9, and is gone
#   until_ok SECONDS CMD...    wait for a condition, not for a time
#   test_start N, ok TEXT, not_ok TEXT, check TEXT CMD..., refuse TEXT CMD..., skip TEXT: TAP
#
# Variables: NET (prefix of names), NODE (namespace), NET_TMP, NET_ROOT, NET_BPFFS, NET_CGROUP.

BUILD=${BUILD:-build}
CORDON=${CORDON:-$BUILD/cordon}
NET=cordon-$$
NODE=$NET-node
NET_PEERS=()
NET_LINKS=()
NET_OWN=
NET_TESTS=0
NET_FAILED=0
# Nothing ever comes here: to wait at without starting a program.
exec {NET_NEVER}<> <(:)

die() { echo "Bail out! $*"; exit 1; }

# The cgroup2 mount, unified or hybrid.
net_cgroup2() { awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts; }

# A folder's processes go first: a cgroup with one left cannot be removed.
net_remove_cgroup()
{
	local folder
	[ -d "$1" ] || return 0
	find "$1" -depth -type d | while read -r folder; do
		xargs -r kill -9 <"$folder/cgroup.procs" 2>/dev/null
		for _ in $(seq 50); do
			rmdir "$folder" 2>/dev/null && break
			sleep 0.02
		done
	done
}

# What is mounted in our folder may be the machine's own, and is not to be removed with it.
net_is_mounted() { awk -v at="$NET_TMP/" 'index($5, at) == 1 { print $5; found = 1 } END { exit !found }' /proc/self/mountinfo >&2; }

net_stop()
{
	local status=$? peer
	trap - EXIT INT TERM HUP
	set +e
	# Whoever is in it would be killed.
	! grep -q "/$NET.slice" /proc/self/cgroup || echo $$ >"$(net_cgroup2)/cgroup.procs"
	if [ "$NET_OWN" ]; then
		printf 'link delete %s\n' "${NET_LINKS[@]}" | ip -force -batch - 2>/dev/null
		ip netns del "$NODE"
	fi
	for peer in "${NET_PEERS[@]}" node; do
		ip netns pids "$NET-$peer" 2>/dev/null | xargs -r kill -9 2>/dev/null
		ip netns del "$NET-$peer" 2>/dev/null
	done
	if [ -n "${NET_TMP:-}" ]; then
		net_remove_cgroup "$NET_CGROUP"
		umount --lazy "$NET_TMP/bpffs" 2>/dev/null
		net_is_mounted || rm -rf "$NET_TMP"
	fi
	exit "$status"
}

net_start()
{
	[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP needs root"; exit 0; }
	[ -x "$CORDON" ] || die "$CORDON is not built"
	trap net_stop EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	NET_TMP=$(mktemp -d "/tmp/$NET.XXXXXX")
	NET_ROOT=$NET_TMP/root
	NET_BPFFS=$NET_TMP/bpffs/cordon
	# A slice, so that units below it are where systemd would put them.
	NET_CGROUP=$(net_cgroup2)/$NET.slice
	mkdir -p "$NET_TMP/bpffs" "$NET_ROOT/etc/cordon" "$NET_CGROUP"
	mount -t bpf "$NET" "$NET_TMP/bpffs" || die "cannot mount a bpffs"
	ip netns add "$NODE"
	ip -n "$NODE" link set lo up
	# Duplicate address detection would make every test wait for a second.
	net_sysctl
}

net_sysctl()
{
	on_node sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.forwarding=1 \
		net.ipv4.ip_forward=1
}

# What holds a whole machine speaks to no other namespace.
net_own()
{
	[ -d /run/vm ] || die "only in a virtual machine"
	NET_OWN=yes
	ip netns del "$NODE"
	ip netns attach "$NODE" $$
	ip link set lo up
	net_sysctl
}

net_peer()
{
	local peer=$1 interface=${2:-$1}
	NET_PEERS+=("$peer")
	NET_LINKS+=("$interface")
	ip netns add "$NET-$peer"
	on_peer "$peer" sysctl -qw net.ipv6.conf.default.accept_dad=0
	ip -n "$NODE" -batch - <<-END
		link add $interface type veth peer name eth0 netns $NET-$peer
		link set $interface up
	END
	printf 'link set %s up\n' lo eth0 | ip -n "$NET-$peer" -batch -
}

net_quiet() { on_peer "$1" sysctl -qw net.ipv6.conf.eth0.router_solicitations=0; }

# The peer's default route leads through the node, so that forwarding can be tried.
net_address()
{
	local peer=$1 family=-4
	case $2 in *:*) family=-6 ;; esac
	ip "$family" -n "$NODE" address add "$2" dev "${4:-$peer}"
	ip "$family" -n "$NET-$peer" address add "$3" dev eth0
	ip "$family" -n "$NET-$peer" route add default via "${2%/*}" 2>/dev/null || true
}

# Not `ip netns exec`: it mounts a fresh /sys, without our cgroups.
on_node() { nsenter --net="/run/netns/$NODE" -- "$@"; }

on_peer()
{
	local peer=$1
	shift
	nsenter --net="/run/netns/$NET-$peer" -- "$@"
}

in_unit()
{
	local folder=$NET_CGROUP/$1
	shift
	mkdir -p "$folder"
	# shellcheck disable=SC2016 # expanded by the inner shell
	on_node sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$folder" "$@"
}

cordon()
{
	on_node "$CORDON" --root "$NET_ROOT" --bpffs "$NET_BPFFS" --cgroup "$NET_CGROUP" "$@"
}

cordon_from()
{
	local peer=$1
	shift
	on_peer "$peer" "$CORDON" --root "$NET_ROOT" --bpffs "$NET_BPFFS" --cgroup "$NET_CGROUP" "$@"
}

# The pauses grow, from 20 ms to 320, or as long as asking takes twice, up to a second: a slow machine
# has more to do than to answer. They last for SECONDS, and as long again, so that who asks slowly
# still asks often enough.
until_ok()
{
	local left=$(($1 * 100)) pause=1 rest time began
	shift
	while began=${EPOCHREALTIME/[.,]/}; ! "$@" >/dev/null 2>&1; do
		rest=$(((${EPOCHREALTIME/[.,]/} - began) / 10000))
		rest=$((rest < pause ? pause : rest < 50 ? rest : 50))
		[ "$((left -= rest < 32 ? rest : 32))" -gt 0 ] || return 1
		printf -v time '%d.%02d' $((2 * rest / 100)) $((2 * rest % 100))
		read -r -t "$time" -u "$NET_NEVER" || true
		[ "$pause" -ge 16 ] || pause=$((2 * pause))
	done
}

net_small_policy()
{
	cat >"$NET_TMP/policy.yaml" <<-END
		cordon: 1
		serial: 1
		zones: {wan: {interfaces: [wan0]}}
		rules: [{name: in, from: wan, to: node, services: [tcp/22]}]
	END
	cordon apply --force "$NET_TMP/policy.yaml" >/dev/null || die "the policy is not applied"
}

daemon_starts()
{
	: >"$NET_TMP/run.log" # what one before it said is no answer
	cordon run >>"$NET_TMP/run.log" 2>&1 &
	until_ok 20 grep -q following "$NET_TMP/run.log"
}

daemon_ends()
{
	kill "$(cat "$NET_ROOT/run/cordon/daemon")"
	wait
}

daemon_dies()
{
	local victim
	victim=$(cat "$NET_ROOT/run/cordon/daemon")
	kill -9 "$victim"
	# It holds its lock until the kernel has taken all apart.
	until_ok 20 gone "$victim"
}

gone() { ! kill -0 "$1" 2>/dev/null; }

# exits STATUS CMD..., says TEXT CMD...: for check and refuse
exits() { local want=$1 status=0; shift; "$@" >/dev/null 2>&1 || status=$?; [ "$status" = "$want" ]; }
says() { local want=$1; shift; "$@" 2>&1 | grep -qF -- "$want"; }
now_ms() { awk '{ printf "%d\n", $1 * 1000 }' /proc/uptime; }

test_start() { echo "TAP version 13"; echo "1..$1"; }
ok() { NET_TESTS=$((NET_TESTS + 1)); echo "ok $NET_TESTS $*"; }
not_ok() { NET_TESTS=$((NET_TESTS + 1)); NET_FAILED=1; echo "not ok $NET_TESTS $*"; }
skip() { NET_TESTS=$((NET_TESTS + 1)); echo "ok $NET_TESTS # SKIP $*"; }

# check TEXT CMD...: the command must succeed; what it says is shown if it does not
check()
{
	local text=$1 output
	shift
	if output=$("$@" 2>&1); then ok "$text"; else not_ok "$text"; echo "${output//$'\n'/$'\n'# }" | sed '1s/^/# /'; fi
}

# refuse TEXT CMD...: the command must fail
refuse()
{
	local text=$1 output
	shift
	if output=$("$@" 2>&1); then not_ok "$text"; echo "${output//$'\n'/$'\n'# }" | sed '1s/^/# /'; else ok "$text"; fi
}

test_end() { exit "$NET_FAILED"; }
