#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vm: only
# guard: yes
# timeout: 120
#
# A kernel that is closed at every level: what status says of a socket past the packet path that was
# there before, and that the daemon's hand cuts it without being asked; and who could have one that no
# process shows goes for it once.
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
# shellcheck source=tests/guard/lib.sh
. tests/guard/lib.sh

guard_start
net_address wan 10.9.0.1/24 10.9.0.2/24 wan0
echo 'guard: {kernel_closed_from: open}' >>"$NET_TMP/policy.yaml"
cordon apply --force "$NET_TMP/policy.yaml" >/dev/null || die "the policy is not applied"
test_start 15

holder plain plain
holder passed passed
holder ring-user early
check "without a guard it sends" until_ok 5 sends plain
check "and is no fault" says "cordon is enforcing" cordon status
cordon run --once
check "under the guard it does not send" until_ok 5 is_mute plain
check "status says that it is there" says "past the packet path, one of them python3[$(pid_of plain)]'s" cordon status
check "which is a fault" exits 3 cordon status
refuse "another is not to be had" python3 -c 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)'
daemon_starts || die "the daemon does not start: $(cat "$NET_TMP/run.log")"
cordon run --hand >"$NET_TMP/hand.log" 2>&1 &
check "the hand cuts it" until_ok 20 told "AF_PACKET socket of python3" plain "cut off"
check "its process lives" lives plain
check "who could have one that no process shows is gone" until_ok 30 ended early
check "which did not help" until_ok 20 grep -q 'no process has one of them' "$NET_TMP/hand.log"
holder ring-user late
sleep 12
check "but it was not his: the next one lives" lives late
touch "$NET_TMP/holder.passed.take"
check "nothing is left" until_ok 15 says "cordon is enforcing" cordon status
check "the hand complains of nothing else" test "$(grep '^cordon:' "$NET_TMP/hand.log" | grep -cv 'no process has one of them')" = 0
guard_goes
test_end
