#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
# vm: yes
#
# What passes at each level, by packets, also over connections that stand; with a policy and without;
# after a boot; and when a lease runs out. What the commands say is seal_test's matter.
set -e
cd "$(dirname "$0")/../.."
. tests/latch/lib.sh

# A connection that stands: answers, or is an error within 2 seconds.
hold()
{
	# shellcheck disable=SC2016 # expanded by the inner shell
	on "$1" bash -c 'exec 3<>"/dev/tcp/$0/$1" || exit
		while echo >&3 && read -r -t 5 <&3; do echo "$SECONDS"; sleep 0.1; done; echo over' \
		"$2" "$3" >"$NET_TMP/held.$3" 2>/dev/null &
}
goes_on() { local was; was=$(wc -l <"$NET_TMP/held.$1"); sleep 0.6; [ "$(wc -l <"$NET_TMP/held.$1")" -gt "$was" ]; }
is_over() { grep -q over "$NET_TMP/held.$1"; }

test_start 20
latch_start
check "open" shut_at open
hold node 10.1.0.2 82
hold node 10.1.0.2 84
hold wan0 10.1.0.1 81
until_ok 20 test -s "$NET_TMP/held.82" -a -s "$NET_TMP/held.84" -a -s "$NET_TMP/held.81"

check "seal egress" cordon seal egress --reason 'a test'
check "egress" shut_at egress
check "what was open is cut, and its program told" until_ok 5 is_over 82
check "but for the keep list" goes_on 84
check "and what the policy lets in" goes_on 81
cordon seal isolate --reason 'tighter' >/dev/null
check "isolate lets less pass" shut_at isolate
check "also of what was let in before" until_ok 8 is_over 81
check "but for the keep list" goes_on 84
cordon seal lockdown --reason 'tightest' >/dev/null
check "lockdown lets pass what isolate does" shut_at lockdown
reboot
check "a boot" cordon run --once
check "restores it" shut_at lockdown

fresh
check "no policy: seal" cordon seal isolate --reason 'nothing here'
check "shuts everything" shut_at empty
check "but neighbours are still found" on_peer wan0 sh -c \
	'ip neigh flush dev eth0; ping -q -c 1 -W 1 10.1.0.1 >/dev/null; ip neigh show 10.1.0.1 | grep -q lladdr'
reboot
check "a boot" cordon run --once
check "shuts it again" shut_at empty

# The lease is a deadline in the kernel. A slow machine is given more of it.
fresh
sed -i '$a\  lease: {hours: 1, level: egress}' "$NET_TMP/policy.yaml"
again
reboot
python3 tests/latch/state.py "$NET_ROOT" lease_seconds=20
cordon run --once
check "a lease with a few seconds left" latch_is open
check "shuts the node without a daemon" until_ok 40 latch_is egress
check "by packets" shut_at egress
test_end
