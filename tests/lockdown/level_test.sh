#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
#
# What lockdown holds down beside the network: units by their cgroups, USB input, the console; noted
# before it is changed, and as it was after a release; by the command alone, by the hand, and after
# kill -9 at every step. The kernel's files are those of a folder of the test's own.
set -e
cd "$(dirname "$0")/../.."
. tests/latch/lib.sh
. tests/latch/orders.sh

lockdown_policy()
{
	latch_policy "$1"
	cat >>"$NET_TMP/policy.yaml" <<-END
	lockdown:
	  units: [salt.service, cockpit.socket]
	  logins: [root]
	  console: off
	  usb_input: off
	END
}

# usb NAME CLASS: an interface that is plugged in, with a driver
usb() { mkdir -p "$USB/$1"; echo "$2" >"$USB/$1/bInterfaceClass"; echo "${3:-1}" >"$USB/$1/authorized"; }
# A file of this folder keeps what stands behind the line that is written; one of the kernel's does not.
is() { [ "$(head -n 1 "$NET_ROOT/$1")" = "$2" ] || { echo "$1: $(cat "$NET_ROOT/$1"), not $2"; return 1; }; }

machine()
{
	USB=$NET_ROOT/sys/bus/usb/devices
	mkdir -p "$NET_ROOT/proc/sys/kernel" "$USB/usb1" "$NET_ROOT/run"
	echo 438 >"$NET_ROOT/proc/sys/kernel/sysrq"
	echo 1 >"$USB/usb1/interface_authorized_default"
	: >"$NET_ROOT/sys/bus/usb/drivers_probe"
	usb 1-1:1.0 03
	usb 1-2:1.0 08
	usb 1-3:1.0 03 0
	echo 'root:x:0:0:root:/root:/bin/bash' >"$NET_ROOT/etc/passwd"
	mkdir -p "$NET_CGROUP/salt.service" "$NET_CGROUP/other.service"
}

# in_cgroup UNIT: a process there; its number is in $PID
in_cgroup() { sleep 1000 & PID=$!; disown; echo $PID >"$NET_CGROUP/$1/cgroup.procs"; }
lives() { kill -0 "$1" 2>/dev/null; }
dies() { until_ok 5 not_lives "$1"; }
not_lives() { ! lives "$1"; }
ledger() { cat "$NET_ROOT/var/lib/cordon/lockdown"; }
as_before()
{
	is proc/sys/kernel/sysrq 438 && is sys/bus/usb/devices/usb1/interface_authorized_default 1 &&
		is sys/bus/usb/devices/1-1:1.0/authorized 1 && is sys/bus/usb/devices/1-2:1.0/authorized 1 &&
		is sys/bus/usb/devices/1-3:1.0/authorized 0 && [ ! -e "$NET_ROOT/run/nologin" ] &&
		[ ! -e "$NET_ROOT/run/systemd/system/salt.service.d" ] &&
		[ ! -e "$NET_ROOT/var/lib/cordon/lockdown" ] &&
		[ "$(cat "$NET_CGROUP/salt.service/cgroup.freeze")" = 0 ]
}
held()
{
	is proc/sys/kernel/sysrq 0 && is sys/bus/usb/devices/usb1/interface_authorized_default 0 &&
		is sys/bus/usb/devices/1-1:1.0/authorized 0 && is sys/bus/usb/devices/1-2:1.0/authorized 1 &&
		[ -e "$NET_ROOT/run/nologin" ] && [ -e "$NET_ROOT/run/systemd/system/salt.service.d/zz-cordon-lockdown.conf" ] &&
		[ "$(cat "$NET_CGROUP/salt.service/cgroup.freeze")" = 1 ]
}
release() { order open $((releases += 1)) release grace; carry open >/dev/null; }
hand() { cordon run --hand >"$NET_TMP/hand.log" 2>&1 & HAND=$!; until_ok 10 grep -q following "$NET_TMP/hand.log"; }
end_hand() { kill "$(cat "$NET_ROOT/run/cordon/hand")"; wait "$HAND" || true; }

test_start 29
latch_world
keys ada grace
trust seal ada
trust release grace
releases=0
machine
latch_policy
cordon apply "$NET_TMP/policy.yaml" >/dev/null
check "without it lockdown is said to be isolate" says 'the same as isolate' cordon seal lockdown --reason none
release
lockdown_policy 1
cordon apply "$NET_TMP/policy.yaml" >/dev/null
in_cgroup salt.service
SALT=$PID
in_cgroup other.service
OTHER=$PID

cordon seal isolate --reason 'not yet' >/dev/null
check "isolate holds none of it" as_before
check "nor ends a unit" lives "$SALT"
check "lockdown" cordon seal lockdown --reason 'all of it'
check "holds it at once, without a daemon" held
check "ends what is in a listed unit" dies "$SALT"
check "and nothing else" lives "$OTHER"
check "another's terminal is a USB storage's" is sys/bus/usb/devices/1-2:1.0/authorized 1
check "which was off already is not noted" sh -c "! grep -q 1-3:1.0 '$NET_ROOT/var/lib/cordon/lockdown'"
check "status says what" says 'holds down salt.service, cockpit.socket, getty@.service' cordon status
check "and who does not follow" says 'nobody follows it on this machine' cordon status
hand
refuse "who does" says 'nobody follows it' cordon status
in_cgroup salt.service
check "what comes into the unit again ends" dies "$PID"
usb 1-4:1.0 03
usb 1-5:1.0 08 0
check "a keyboard that is plugged in is off" until_ok 5 is sys/bus/usb/devices/1-4:1.0/authorized 0
check "a disk is not" until_ok 5 is sys/bus/usb/devices/1-5:1.0/authorized 1
echo 438 >"$NET_ROOT/proc/sys/kernel/sysrq"
check "what is turned on by hand is off again" until_ok 5 is proc/sys/kernel/sysrq 0
rm "$NET_ROOT/run/systemd/system/salt.service.d/zz-cordon-lockdown.conf"
check "a drop-in that is removed is back" until_ok 5 held
end_hand
# As a power failure leaves it: what is in /run and in the kernel is gone.
reboot
rm -rf "$NET_ROOT/run/systemd" "$NET_ROOT/run/nologin"
echo 438 >"$NET_ROOT/proc/sys/kernel/sysrq"
echo 1 >"$USB/usb1/interface_authorized_default"
echo 1 >"$USB/1-1:1.0/authorized"
cordon run --once >/dev/null
hand
check "a boot of a node in lockdown holds it again" until_ok 5 held
end_hand
rm -rf "$USB/1-4:1.0"
release
check "a release, with one pulled out meanwhile, leaves all as it was" as_before
check "and nothing to tell" sh -c "! '$CORDON' --root '$NET_ROOT' --bpffs '$NET_BPFFS' status | grep -q ^lockdown"
cordon seal lockdown --reason 'for an order' >/dev/null
hand
order daemon $((releases += 1)) release grace
carry daemon >/dev/null
check "a release with the hand there" until_ok 5 as_before
end_hand
order sealed 1 'seal lockdown' ada
check "an order to seal" carry sealed
check "holds it, too" held
release
lockdown_policy 2
sed -i '/usb_input/d; /console/d' "$NET_TMP/policy.yaml"
cordon apply "$NET_TMP/policy.yaml" >/dev/null
cordon seal lockdown --reason 'less' >/dev/null
check "what a policy does not say is kept" is proc/sys/kernel/sysrq 438
release

# Who destroys has the lock, and follows nothing.
lockdown_policy 3
cordon apply "$NET_TMP/policy.yaml" >/dev/null
LOCK=$NET_ROOT/run/cordon/hand.lock
(exec 8<>"$LOCK"; flock 8; exec sleep 60) &
DESTROYS=$!
until_ok 5 eval '! flock -n "$LOCK" true'
check "what nobody holds down is told" exits 3 cordon seal lockdown --reason 'one destroys'
hand
check "but not where the hand will" cordon seal lockdown --reason 'one destroys'
kill $DESTROYS
check "which it does" until_ok 5 held
end_hand
release

# kill -9 at every step of a seal and of a release: the next look mends it.
bad=0 kills=0 step=0
while [ $((step += 1)) -lt 60 ]; do
	killed_at $step seal lockdown --reason 'to be killed' || break
	kills=$((kills + 1))
	cordon seal lockdown --reason again >/dev/null 2>&1 || true
	held || { bad=1; echo "# not held after step $step"; }
	release
	as_before || { bad=1; echo "# not as before after step $step"; }
done
echo "# killed $kills times"
check "kill -9 at any step of a seal" test $bad = 0 -a $kills -gt 10
bad=0 kills=0 step=0
while [ $((step += 1)) -lt 80 ]; do
	cordon seal lockdown --reason 'to be released' >/dev/null
	order killed $((releases += 1)) release grace
	killed_at $step order "$NET_TMP/killed.p7" || break
	kills=$((kills + 1))
	hand
	# Open in the kernel and not yet on the disk is not open.
	carry killed >/dev/null 2>&1 || true
	until_ok 5 as_before || { bad=1; echo "# not as before after step $step"; }
	end_hand
done
echo "# killed $kills times"
check "and of a release" test $bad = 0 -a $kills -gt 6
kill $OTHER
test_end
