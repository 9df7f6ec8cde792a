#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: only
# timeout: 200
#
# The module alone at `egress`, its boot gate with each of its ways out, and its watch.
set -e
cd "$(dirname "$0")/../.."
. tests/kmod/lib.sh
kmod_start 52

kmod_node
kmod_peers
opens() { on_peer "$1" timeout 2 bash -c "exec 3<>/dev/tcp/$2/$3"; }
reaches() { timeout 2 bash -c "exec 3<>/dev/tcp/$1/$2"; }
socat TCP-LISTEN:22,fork,reuseaddr OPEN:/dev/null &
socat TCP-LISTEN:80,fork,reuseaddr OPEN:/dev/null &
for peer in wan mgmt; do on_peer "$peer" socat TCP-LISTEN:8883,fork,reuseaddr OPEN:/dev/null & done
key ada rsa:2048
list=(in:6:22:10.20.0.0/24 out:6:8883:10.20.0.0/24 egress:in:6:80:any)
release()
{
	order "sound$1" "$1" release ada
	module order "$KMOD_TMP/sound$1.p7"
}

# ---- egress -------------------------------------------------------------------------------------

kmod_load
set_up ada
module keep "${list[@]}"
module seal egress >/dev/null
check "egress: what the policy lets in comes in" opens wan 203.0.113.1 80
check "and the keep list" opens mgmt 10.20.0.1 22
check "which also goes out" reaches 10.20.0.2 8883
refuse "nothing else goes out" reaches 203.0.113.2 8883
module seal isolate >/dev/null
refuse "isolate: not what the policy lets in" opens wan 203.0.113.1 80
check "a release opens it" release 1
check "the wan comes in" opens wan 203.0.113.1 80
rmmod cordon

# ---- the gate -----------------------------------------------------------------------------------

echo gate_keep=in/tcp/22/10.20.0.0/24 >"$KMOD_TMP/gate"
# shellcheck disable=SC2046 # a word for each parameter
kmod_load gate=1 $(cordon gate "$KMOD_TMP/gate")
refuse "the gate is shut" opens wan 203.0.113.1 80
check "but for its keep list" opens mgmt 10.20.0.1 22
check "and loopback" reaches 127.0.0.1 22
refuse "it cannot be unloaded" rmmod cordon
check "a policy stands" module stand
check "and it is open" opens wan 203.0.113.1 80
rmmod cordon
kmod_load gate=1
refuse "without a keep list nobody gets in" opens mgmt 10.20.0.1 22
refuse "nor opens an order while nobody may release" release 1
set_up ada
check "an order opens the gate" release 1
check "and it is open" opens wan 203.0.113.1 80
rmmod cordon
kmod_load gate=1 gate_fallback_seconds=3 gate_fallback=open
refuse "before its owner's time the gate is shut" opens wan 203.0.113.1 80
check "then it opens" until_ok 6 opens wan 203.0.113.1 80
rmmod cordon
refuse "a keep list that nobody understands" insmod "$KMOD" gate=1 gate_keep=1,2,3
refuse "a fallback that is none" insmod "$KMOD" gate=1 gate_fallback=maybe

# What the initramfs runs, with the module that is at hand here.
mkdir -p /etc/cordon "$KMOD_TMP/bin"
printf '#!/bin/sh\nshift\nexec insmod %s "$@"\n' "$PWD/$KMOD" >"$KMOD_TMP/bin/modprobe"
chmod +x "$KMOD_TMP/bin/modprobe"
gate() { PATH=$KMOD_TMP/bin:$PATH sh userspace/boot/gate; }
gate_takes() { echo "$1" >"$KMOD_TMP/gate"; cordon gate "$KMOD_TMP/gate" >/etc/cordon/gate; }
check "a gate's file may be baked in" gate_takes \
	"gate_keep=in/tcp/22/10.20.0.0/24,out/udp/1-9/::/0 gate_fallback_seconds=60 gate_fallback=open # why"
check "and shuts the gate at boot" gate
check "but for its keep list" opens mgmt 10.20.0.1 22
check "until a policy stands" module stand
rmmod cordon
for word in gate_fallback=maybe gate_fallback_seconds=1m gate_kept=in/tcp/22/10.0.0.0/8 gate_keep=in/tcp/22 \
	gate_keep=up/tcp/22/10.0.0.0/8 gate_keep=in/tcp/22/10.0.0.1/8 "gate_keep=$(seq -s, -f in/tcp/%g/::/0 65)"; do
	refuse "not one with ${word:0:40}" gate_takes "$word"
done
echo gate_fallback=maybe >/etc/cordon/gate
check "what the module refuses at boot, too" gate
refuse "and the gate is shut without it" opens mgmt 10.20.0.1 22
check "which is told" eval 'dmesg | grep -q "the gate is shut without its keep list"'
check "until a policy stands" module stand
rmmod cordon

# ---- the watch ----------------------------------------------------------------------------------

silent() { [ "$(field silent)" -ge 9 ]; }
kmod_load
module keep watch_seconds=8 watch_latch=2
module beat 1 >/dev/null
check "silence is told" until_ok 20 silent
check "but shuts nothing that nobody could open" is latch 0
set_up ada
check "from then on it does, when its time has come again" until_ok 20 is latch 2
check "who opens it, and it stays open" release 1
module beat 12 >"$KMOD_TMP/lively"
check "with signs of life for longer than that it is open" \
	gojq -e '.latch == 0' "$KMOD_TMP/lively"
check "silence shuts the node" until_ok 20 is latch 2
check "which a release opens" release 2
module beat 3 >/dev/null
bpftool map create /sys/fs/bpf/unread type array key 4 value 8 entries 1 name unread flags 0x80
bpftool map freeze pinned /sys/fs/bpf/unread
check "a map that no program reads" module map /sys/fs/bpf/unread
check "has no programs" is programs 0
module beat 12 >/dev/null
check "is silence, whatever the helper says" is latch 2

# ---- a gate whose time is over before anybody is known ------------------------------------------

rm /sys/fs/bpf/unread
check "opened again" release 3
rmmod cordon
kmod_load gate=1 gate_fallback_seconds=1
sleep 3
refuse "it stays shut" opens wan 203.0.113.1 80
check "but is not sealed" is latch 0
check "who may release may come late" set_up ada
check "then it is sealed" until_ok 5 is latch 2
check "and opened by a release" release 3
rm /etc/cordon/gate
kmod_end
