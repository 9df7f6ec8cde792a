#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: only
#
# What is changed of a machine, which only a virtual one is there for: modules of the kernel,
# mounts, devices, the clock.
cd "$(dirname "$0")/../.." || exit
. tests/net/lib.sh

events() { cordon events --json --class config; }
# told ACTION JQ-CONDITION: there is one so
told() { events | gojq -es --arg action "$1" "map(select(.event.action == \$action and ($2))) | length > 0" >/dev/null; }
mount_is() { told mount ".cordon.mount.change == \"$1\" and .cordon.mount.point == \"$2\" and (${3:-true})"; }
device() { told device ".cordon.device.change == \"$1\" and .cordon.device.subsystem == \"$2\" and (${3:-true})"; }

if ! grep -q QEMU /proc/cpuinfo; then
	echo "1..0 # SKIP changes the machine: in a VM only"
	exit 0
fi
test_start 27
net_start
net_peer wan0
# Of its files an overlay tells nothing, and it is no reason to be silent of others.
mount -t tmpfs tmpfs "$NET_ROOT/etc"
mkdir -p "$NET_ROOT"/etc/{cordon,pam.d,ssh} /var/tmp/pam.d
mount --bind /var/tmp/pam.d "$NET_ROOT/etc/pam.d"
net_small_policy
# Tests before this one may have needed them.
modprobe -ra dummy loop
daemon_starts
complaints() { grep '^cordon:' "$NET_TMP/run.log" | grep -v 'changes of files'; }
refuse "nothing was complained of" complaints
check "but that some files are not told" grep -q 'changes of files in .*/pam.d.* are not told' "$NET_TMP/run.log"
unwatched() { [ "$(events | gojq -s "map(select(.event.action == \"unwatched\" and .file.path == \"$NET_ROOT/etc/$1\")) | length")" = "$2" ]; }
check "which the log says once" until_ok 20 unwatched pam.d 1
check "and of no other" unwatched ssh 0
echo x >"$NET_ROOT/etc/ssh/sshd_config"
check "those are told" until_ok 20 told file ".file.path == \"$NET_ROOT/etc/ssh/sshd_config\""

# ---- modules --------------------------------------------------------------------------------

modprobe dummy numdummies=0
check "a module that is loaded, and by whom" until_ok 20 told module-loaded \
	'.cordon.module.name == "dummy" and .process.name == "modprobe" and .user.id == "0"'
modprobe -r dummy
check "and unloaded" until_ok 20 told module-unloaded '.cordon.module.name == "dummy"'

# ---- mounts ---------------------------------------------------------------------------------

place="$NET_TMP/a place"
mkdir "$place" "$place.2"
mount -t tmpfs -o nosuid,size=1m cordon-test "$place"
check "a mount" until_ok 20 mount_is mounted "$place" '.cordon.mount.type == "tmpfs" and
	.cordon.mount.source == "cordon-test" and (.cordon.mount.options | contains("nosuid"))'
mount -o remount,ro "$place"
check "other options" until_ok 20 mount_is changed "$place" '.cordon.mount.options | startswith("ro")'
mount --move "$place" "$place.2"
check "moved" until_ok 20 mount_is moved "$place.2"
umount "$place.2"
check "unmounted" until_ok 20 mount_is unmounted "$place.2"
mount -t tmpfs '' "$place"
check "one without a name" until_ok 20 mount_is mounted "$place" '.cordon.mount.source == null'
umount "$place"

# ---- devices --------------------------------------------------------------------------------

modprobe loop max_loop=2
check "a block device that comes" until_ok 20 device added block '.cordon.device.node == "loop0" and .cordon.device.type == "disk"'
echo remove >/sys/block/loop1/uevent
truncate -s 3M "$NET_TMP/disk"
losetup /dev/loop0 "$NET_TMP/disk"
check "a medium in it" until_ok 20 device changed block '.cordon.device.node == "loop0" and .cordon.device.bytes == 3145728'
refuse "what was only said before is not told" device removed block '.cordon.device.node == "loop1"'
losetup -d /dev/loop0
modprobe -r loop
check "that goes" until_ok 20 device removed block '.cordon.device.node == "loop0"'
modprobe vhci-hcd
check "a USB device, with vendor and serial number" until_ok 20 device added usb '.cordon.device.id == "1d6b:0002" and
	(.cordon.device.vendor | startswith("Linux")) and (.cordon.device.serial_number | startswith("vhci_hcd"))'
modprobe -r vhci-hcd
check "that goes, too" until_ok 20 device removed usb '.cordon.device.id == "1d6b:0002"'
modprobe -a uinput evdev
python3 - <<'END'
import fcntl, os, struct
fd = os.open("/dev/uinput", os.O_WRONLY)
fcntl.ioctl(fd, 0x40045564, 1)  # UI_SET_EVBIT, EV_KEY
fcntl.ioctl(fd, 0x40045565, 30)  # UI_SET_KEYBIT, KEY_A
os.write(fd, struct.pack("80sHHHHI256x256x256x256x", b"Evil Keyboard", 3, 0x1337, 0x4242, 1, 0))
fcntl.ioctl(fd, 0x5501)  # UI_DEV_CREATE
END
check "a keyboard" until_ok 20 device added input '.cordon.device.id == "1337:4242" and .cordon.device.model == "Evil Keyboard"'
check "that is pulled out" until_ok 20 device removed input '.cordon.device.id == "1337:4242"'

# ---- lid and button -------------------------------------------------------------------------

moved() { device changed input ".cordon.device.model == \"Test Lid\" and .cordon.device.state == \"$1\""; }
mkfifo "$NET_TMP/moves"
python3 - "$NET_TMP" <<'END' &
import fcntl, os, struct, sys, time
fd = os.open("/dev/uinput", os.O_WRONLY)
fcntl.ioctl(fd, 0x40045564, 1)  # UI_SET_EVBIT, EV_KEY
fcntl.ioctl(fd, 0x40045564, 5)  # EV_SW
fcntl.ioctl(fd, 0x4004556d, 0)  # UI_SET_SWBIT, SW_LID
fcntl.ioctl(fd, 0x40045565, 116)  # UI_SET_KEYBIT, KEY_POWER
os.write(fd, struct.pack("80sHHHHI256x256x256x256x", b"Test Lid", 0x19, 0, 5, 0, 0))
fcntl.ioctl(fd, 0x5501)
def say(kind, code, value):
    for event in (kind, code, value), (0, 0, 0):
        os.write(fd, struct.pack("qqHHi", 0, 0, *event))
for word in open(sys.argv[1] + "/moves"):
    say(*map(int, word.split()))
END
lid=$!
exec {moves}>"$NET_TMP/moves"
# It is listened to within ten seconds of its coming.
closed() { echo '5 0 0' >&"$moves" && echo '5 0 1' >&"$moves" && moved 'lid closed'; }
check "a lid that is closed" until_ok 60 closed
check "and opened" until_ok 20 moved 'lid opened'
echo '1 116 1' >&"$moves"
echo '1 116 0' >&"$moves"
check "a power button, once a press" until_ok 20 moved 'power button pressed'
check "and no release" test "$(events | gojq -s 'map(select(.cordon.device.state == "power button pressed")) | length')" = 1
exec {moves}>&-
modprobe button
# Whoever runs the machine presses it; it is listened to within ten seconds of its coming.
pressed() { echo press >&3 && device changed input '.cordon.device.model == "Power Button" and .cordon.device.path != null'; }
if { true >&3; } 2>/dev/null && grep -q '"Power Button"' /proc/bus/input/devices; then
	check "the machine's own" until_ok 60 pressed
else
	skip "nobody presses this machine's"
fi
wait "$lid"

# ---- the clock ------------------------------------------------------------------------------

date -s '+1 hour' >/dev/null
check "the clock, set forward" until_ok 20 told clock '.cordon.clock.step | tonumber | . / 1e9 | . > 3590 and . < 3610'
date -s '-2 hours' >/dev/null
check "and back" until_ok 20 told clock '.cordon.clock.step | tonumber | . / 1e9 | . < -7190 and . > -7210'
date -s '+1 hour' >/dev/null
daemon_ends
umount "$NET_ROOT/etc/pam.d" "$NET_ROOT/etc"
test_end
