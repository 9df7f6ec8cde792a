#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vm: only
# guard: yes
# timeout: 200
#
# The guard and lockdown at once, each by its own programs on the same hooks: what is listed starts,
# what is not does not, the helper does its work, and nobody takes either away.
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
# shellcheck source=tests/guard/lib.sh
. tests/guard/lib.sh

# What this test itself needs then.
LISTED='find seq bash cat grep ip sleep rm nsenter bpftool sed python3 kill mount umount true env awk mawk tr'

guard_start
mkdir -p "$NET_ROOT/usr" "$NET_ROOT/srv"
mount --bind /usr "$NET_ROOT/usr"
ln -s usr/lib usr/lib64 "$NET_ROOT/"
cp /etc/ld.so.cache "$NET_ROOT/etc/"
echo secret >"$NET_ROOT/srv/token"
{
	echo 'lockdown:'
	echo '  programs:'
	for name in $LISTED; do
		for folder in bin sbin; do
			[ ! -x "/usr/$folder/$name" ] || echo "    - /usr/$folder/$name"
		done
	done
	echo '  secrets: [{name: s, files: [/srv/token], programs: [/usr/bin/cat]}]'
} >>"$NET_TMP/policy.yaml"
cordon apply --force "$NET_TMP/policy.yaml" >/dev/null || die "the policy is not applied"
daemon_starts || die "the daemon does not start: $(cat "$NET_TMP/run.log")"
cordon run --hand >"$NET_TMP/hand.log" 2>&1 &
until_ok 20 grep -q following "$NET_TMP/hand.log" || die "no hand: $(cat "$NET_TMP/hand.log")"
HAND=$(pgrep -f "$HELPER.* run --hand" | tail -n 1)
test_start 18

check "open: a program starts that is not listed" /usr/bin/id
check "and the guard stands" says "stands, on" cordon status
cordon seal lockdown --reason both >"$NET_TMP/sealed" 2>&1 || sed 's/^/# /' "$NET_TMP/sealed"
check "locked down: a listed program starts" /usr/bin/true
refuse "another does not" /usr/bin/id
check "a secret opens for its own program" /usr/bin/cat "$NET_ROOT/srv/token"
refuse "and for no other" /usr/bin/grep secret "$NET_ROOT/srv/token"
check "the guard stands" says "stands, on" cordon status
check "status knows who refuses programs" says "the kernel refused" cordon status
PIN=$(echo "$NET_BPFFS"/lockdown/*/lockdown_open)
[ -e "$PIN" ] || die "lockdown has no links: $(find "$NET_BPFFS/lockdown")"
check "bpftool shows programs, with the names of pins" bash -c 'bpftool -f prog show | grep -q lockdown_open'
refuse "nobody takes its pins away" rm "$PIN"
refuse "nor its links" bpftool link detach pinned "$PIN"
ROOM=$(bpftool -j map show name lockdown_held | sed 's/.*"bytes_value":\([0-9]*\).*/\1/')
read -ra zeros <<<"$(seq -s ' ' "$ROOM" | sed 's/[0-9]\+/0/g')"
refuse "nor writes to its tables" bpftool map update name lockdown_held key 0 0 0 0 value "${zeros[@]}"
refuse "nor ends the hand" kill -9 "$HAND"
refuse "nor the daemon" kill -9 "$(cat "$NET_ROOT/run/cordon/daemon")"
check "the hand finds nothing that it may not do" bash -c "! grep -i 'not permitted' $NET_TMP/hand.log"
check "it is told" until_ok 10 says "tried to send a signal to cordon's process" cordon events --class tamper
guard_goes
umount "$NET_ROOT/usr"
test_end
