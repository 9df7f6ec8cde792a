#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: own
# timeout: 1500
#
# attack_test's rows against a node that guard and module hold too, under every level, by a root on it:
#
#   tests/attack/held_test.sh 6.1|6.12
#
# The node is a machine of its own, as both hold a whole one; what is outside of it is here, in namespaces
# (far.py). ATTACK_COLUMNS="held-open held-isolate" makes fewer columns. The table is in
# $BUILD/held/KERNEL/table.txt.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
# shellcheck source=tests/attack/ends.sh
. tests/attack/ends.sh
# shellcheck source=tests/attack/judge.sh
. tests/attack/judge.sh

kernel=${1:?which kernel: 6.1 or 6.12}
[ -e "$BUILD/kmod/$kernel/cordon.ko" ] || die "$BUILD/kmod/$kernel/cordon.ko is not built: make kmods"
read -ra columns <<<"${ATTACK_COLUMNS:-held-open held-egress held-isolate held-lockdown}"
out=$BUILD/held/$kernel
rm -rf "$out"
mkdir -p "$out"

# A tap that stays, for QEMU to come to.
far_end()
{
	NET_PEERS+=("$1")
	ip netns add "$NET-$1"
	ip -n "$NET-$1" link set lo up
	on_peer "$1" sysctl -qw net.ipv6.conf.default.accept_dad=0
}

far_tap()
{
	on_peer "$1" ip tuntap add dev "$2" mode tap vnet_hdr
	on_peer "$1" ip link set "$2" address "$3" up
}

make_column()
{
	local failed=0 with=(acts)
	[ "$1" != held-lockdown ] || with=()
	timeout -k 5 1000 tests/attack/far.py "$kernel" env BUILD="$BUILD" \
		tests/attack/column "$1" "${with[@]}" >"$out/$1.json" 2>"$out/$1.err" || failed=$?
	[ $failed = 0 ] && gojq -e . "$out/$1.json" >/dev/null 2>&1 && return
	sed 's/^/# /' "$out/$1.err"
	tail -c 2000 "$out/$1.json" | sed 's/^/# /'
	die "no column $1: $failed"
}

net_start
far_end wan0
far_end lan0
far_tap wan0 eth0 02:00:00:00:01:02
far_tap lan0 eth0 02:00:00:00:02:02
far_tap wan0 eth9 02:00:00:00:09:02
far_ends
far_ends_know 02:00:00:00:01:01 02:00:00:00:02:01
export NET NET_TMP NET_ROOT NET_BPFFS NET_CGROUP CORDON BUILD PYTHONDONTWRITEBYTECODE=1
test_start "$(python3 tests/attack/table.py count "${columns[@]}")"
for column in "${columns[@]}"; do make_column "$column"; done
files=("${columns[@]/%/.json}")
judge "$out/table.txt" "${files[@]/#/$out/}"
test_end
