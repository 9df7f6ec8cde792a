#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
#
# `wipe`, killed at every step: who starts then goes on with what was taken, whatever was sealed since,
# and says what it did itself and what was gone already; what was not taken yet may come again.
set -e
cd "$(dirname "$0")/../.."
. tests/latch/lib.sh
. tests/latch/orders.sh

SECRET=nobody-is-to-read-this
fill()
{
	rm -rf "${SRV:?}"/*
	mkdir -p "$SRV/data/deep"
	yes $SECRET | head -c 20000 | tee "$SRV/data/1" >"$SRV/data/deep/2"
	cp "$NET_TMP/one" "$NET_TMP/two" "$SRV/"
	sync -f "$SRV"
}

luks()
{
	truncate -s 20M "$NET_TMP/$1"
	echo -n pw | cryptsetup luksFormat -q --type "luks$2" --pbkdf pbkdf2 --pbkdf-force-iterations 1000 \
		"$NET_TMP/$1" -
}
opens() { echo -n pw | cryptsetup open --test-passphrase "$1" - 2>/dev/null; }
has_header() { LC_ALL=C grep -aq $'LUKS\xba\xbe\|SKUL\xba\xbe' "$1"; }
on_disk() { sync -f "$SRV"; LC_ALL=C grep -aq $SECRET "$NET_TMP/disk"; }
wiped()
{
	! opens "$SRV/one" && ! opens "$SRV/two" && ! has_header "$SRV/one" && ! has_header "$SRV/two" &&
		[ ! -e "$SRV/data" ] && ! on_disk
}
# Each of the three once, as one or the other, and nothing that is not.
honest()
{
	local receipt
	receipt=$(last_receipt)
	[ "$(grep -cE '^(destroyed|not-there): (LUKS device|path to wipe) /srv/(one|two|data): ' <<<"$receipt")" = 3 ] &&
		! grep -q '^not-destroyed: ' <<<"$receipt" && grep -q '^result: done' <<<"$receipt" &&
		[ "$1" = "$(grep -c '^not-there: ' <<<"$receipt")" ] || { sed 's/^/# /' <<<"$receipt"; false; }
}
waits() { [ -n "$(find "$NET_ROOT/var/lib/cordon/orders" -type f ! -name '.*' 2>/dev/null)" ]; }
done_waiting() { ! waits; }
gone() { local nr=0; has_header "$SRV/one" || nr=$((nr + 1)); has_header "$SRV/two" || nr=$((nr + 1)); [ -e "$SRV/data" ] || nr=$((nr + 1)); echo $nr; }

hand_goes_on()
{
	order sealed $((counter += 1)) 'seal egress' ada
	carry sealed >/dev/null 2>&1 || true
	cordon run --hand >"$NET_TMP/hand.log" 2>&1 &
	HAND=$!
	until_ok 20 done_waiting || { bad=1; echo "# it still waits after step $1: $(cat "$NET_TMP/hand.log")"; }
	until_ok 5 grep -q ': wipe, 3 of 3 destroyed' "$NET_TMP/hand.log" || { bad=1; echo "# the hand does not say so after step $1"; }
	kill "$(cat "$NET_ROOT/run/cordon/hand")"
	wait "$HAND" || true
	resumed=$((resumed + 1))
}

test_start 5
command -v cryptsetup >/dev/null || die "cryptsetup is needed"
latch_world
SRV=$NET_ROOT/srv
mkdir -p "$SRV"
truncate -s 96M "$NET_TMP/disk"
mkfs.ext4 -q "$NET_TMP/disk"
mount -o loop "$NET_TMP/disk" "$SRV"
finish()
{
	local status=$?
	umount -l "$SRV"
	(exit "$status")
	net_stop
}
trap finish EXIT
keys ada grace
trust seal ada
trust wipe ada grace
echo 'wipe 2' >"$TRUST/threshold"
luks one 1
luks two 2
echo 'lockdown: {wipe: {luks: [/srv/one, /srv/two], paths: [/srv/data]}}' >>"$NET_TMP/policy.yaml"
cordon apply "$NET_TMP/policy.yaml" >/dev/null
bad=0 counter=0 step=0 kills=0 resumed=0 partly=0 untaken=0
while [ $((step += 1)) -lt 60 ]; do
	fill
	order killed $((counter += 1)) wipe 'ada grace'
	killed_at $step order "$NET_TMP/killed.p7" || break
	kills=$((kills + 1))
	before=$(gone)
	[ "$before" = 0 ] || partly=$((partly + 1))
	if waits; then
		hand_goes_on $step
	elif [ "$before" != 3 ]; then
		untaken=$((untaken + 1))
		carry killed >/dev/null || { bad=1; echo "# it does not come again after step $step"; }
	else
		continue
	fi
	wiped || { bad=1; echo "# it is not all wiped after step $step"; }
	honest "$before" || { bad=1; echo "# the receipt of step $step is not true"; }
done
echo "# killed $kills times; $partly with something gone; $resumed gone on with, $untaken ordered again"
check "kill -9 at any step of a wipe" test $bad = 0 -a $kills -gt 8
check "some of them with something gone" test $partly -gt 2
check "some gone on with" test $resumed -gt 4
check "and some ordered again" test $untaken -gt 0
check "not killed, all is wiped" wiped
test_end
