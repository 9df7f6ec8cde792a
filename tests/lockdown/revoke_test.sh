#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
#
# `revoke` and `wipe`: who may order them, what is destroyed, and what the receipt says of it; by the
# command and by the inbox, whose daemon leaves it to its hand; and kill -9 at every step. Files are on
# an ext4 of the test's own, disks are loop devices and files, keys have names that nobody else uses.
set -e
cd "$(dirname "$0")/../.."
. tests/latch/lib.sh
. tests/latch/orders.sh
KEY=cordon-test-$$

lockdown_policy()
{
	latch_policy "$1"
	cat >>"$NET_TMP/policy.yaml" <<-END
	lockdown:
	  secrets:
	    - name: store
	      files: [/srv/keys, /srv/token, /srv/link, /srv/way/token]
	      keyrings: ["user:$KEY", "keyring:$KEY-ring"]
	  wipe: {luks: [/srv/one, /srv/two, /dev/disk], paths: [/srv/data]}
	END
}

# What a fresh node has; PATTERN is in each file, so that it can be looked for in the raw disk.
PATTERN=this-is-a-secret-of-the-store
secrets()
{
	local i
	chattr -R -i "$SRV" 2>/dev/null || true
	rm -rf "${SRV:?}"/*
	mkdir -p "$SRV/keys/deep/deeper" "$SRV/elsewhere" "$SRV/data" "$SRV/mount"
	for i in 1 2 3; do yes $PATTERN | head -c 20000 >"$SRV/keys/$i"; done
	yes $PATTERN | head -c 5000 >"$SRV/keys/deep/deeper/4"
	mkfifo "$SRV/keys/pipe"
	ln -s "$SRV/elsewhere/kept" "$SRV/keys/symlink"
	echo kept | tee "$SRV/elsewhere/kept" "$SRV/elsewhere/token" >/dev/null
	yes $PATTERN | head -c 5000 >"$SRV/token"
	chattr +i "$SRV/token"
	ln -s elsewhere/kept "$SRV/link"
	ln -s elsewhere "$SRV/way"
	yes other-data | head -c 5000 >"$SRV/data/x"
	ln "$SRV/data/x" "$SRV/other-name"
	sync -f "$SRV"
	keyctl add user "$KEY" secret @u >/dev/null
	keyctl newring "$KEY-ring" @u >/dev/null
	keyctl add user "$KEY-inner" inner "%keyring:$KEY-ring" >/dev/null
}

on_disk() { LC_ALL=C grep -aq "$PATTERN" "$NET_TMP/disk"; }
has_key() { keyctl search @u user "$KEY"; }
destroyed() { [ ! -e "$SRV/keys" ] && [ ! -e "$SRV/token" ]; }
line() { grep -q "^$1" <(last_receipt) || { last_receipt; false; }; }
waits() { [ -z "$(find "$NET_ROOT/var/lib/cordon/orders" -type f 2>/dev/null)" ]; }
opens() { echo -n pw | cryptsetup open --test-passphrase "$1" - 2>/dev/null; }
luks()
{
	rm -f "$SRV/$1"
	truncate -s 20M "$SRV/$1"
	echo -n pw | cryptsetup luksFormat -q --type "luks$2" --pbkdf pbkdf2 --pbkdf-force-iterations 1000 \
		"$SRV/$1" -
}
magic() { LC_ALL=C grep -aobc $'LUKS\xba\xbe\|SKUL\xba\xbe' "$1"; }

test_start 53
command -v cryptsetup >/dev/null && command -v keyctl >/dev/null || die "cryptsetup and keyctl are needed"
latch_world
SRV=$NET_ROOT/srv
mkdir -p "$SRV" "$NET_ROOT/dev"
truncate -s 96M "$NET_TMP/disk"
mkfs.ext4 -q "$NET_TMP/disk"
mount -o loop "$NET_TMP/disk" "$SRV"
finish()
{
	local status=$?
	set +e
	chattr -R -i "$SRV" 2>/dev/null
	umount -l "$SRV"
	[ -z "$LOOP" ] || losetup -d "$LOOP"
	keyctl purge user "$KEY" >/dev/null
	keyctl purge keyring "$KEY-ring" >/dev/null
	(exit "$status")
	net_stop
}
trap finish EXIT
keys ada grace edsger
trust seal ada
trust release grace
trust wipe ada grace
lockdown_policy 1
cordon apply "$NET_TMP/policy.yaml" >/dev/null

check "the summary counts them" says '4 secret files, 2 keys, 3 LUKS devices to wipe, 1 path to wipe' \
	cordon check "$NET_TMP/policy.yaml"
nothing() { cordon check --node "$NET_TMP/policy.yaml" || true; }
check "what is not there is told" says 'file of a secret /srv/keys: there is none' nothing
secrets
refuse "what is there is not" says 'file of a secret /srv/keys' nothing

order other 1 revoke grace
refuse "who may not seal does not revoke" carry other
check "nothing is touched" test -s "$SRV/keys/1"
check "the disk has it" on_disk
order revoke 10 revoke ada
check "a revoke of what is partly out of reach" exits 3 carry revoke
check "is done" line 'result: done'
check "files are gone" destroyed
sync -f "$SRV"
refuse "and the raw disk has nothing of them" on_disk
check "the receipt counts them" line 'destroyed: file of a secret /srv/keys: 4 files overwritten and unlinked, 2 without content'
check "one that could not be changed, too" line 'destroyed: file of a secret /srv/token: 1 file overwritten'
check "a link is not followed" test -s "$SRV/elsewhere/kept"
check "which is said" line 'not-destroyed: file of a secret /srv/link: it was a symbolic link'
check "nor one on the way" line 'not-destroyed: file of a secret /srv/way/token: a symbolic link is on the way'
check "and what it leads to is there" test -s "$SRV/elsewhere/token"
refuse "the key is gone" has_key
check "the receipt says so" line "destroyed: key of a secret user:$KEY: 1 revoked and invalidated"
check "of the ring, too" line "destroyed: key of a secret keyring:$KEY-ring: 1 revoked"
check "why it is not all" line 'why: 2 of 6 are not'
check "the log tells it" says 'revoke' cordon events --class own,enforcement
check "it may come again" exits 3 carry revoke
check "and says what is gone already" line 'not-there: file of a secret /srv/keys: there is none'
order later 11 'seal egress' ada
carry later >/dev/null
check "also after a seal" exits 3 carry revoke
check "which took its counter" took seal 11
rm "$SRV/way"
mkdir "$SRV/way"
check "done wholly" carry revoke
refuse "it does not come again" carry revoke
order open 1 release grace
carry open >/dev/null

# The daemon has given up what it takes.
secrets
rm -f "$SRV/way" "$SRV/link"
cordon run >"$NET_TMP/run.log" 2>&1 &
DAEMON=$!
until_ok 20 grep -q following "$NET_TMP/run.log"
order inboxed 20 revoke ada
inbox inboxed
check "by the inbox it is left to the hand" until_ok 10 grep -q 'for cordon run --hand' "$NET_TMP/run.log"
check "which is not there" test -s "$SRV/keys/1"
cordon run --hand >"$NET_TMP/hand.log" 2>&1 &
HAND=$!
check "when it is, it is done" until_ok 10 grep -q 'revoke, 6 of 6 destroyed' "$NET_TMP/hand.log"
check "wholly" destroyed
check "with a receipt" line 'action: revoke'
check "and nothing waits" until_ok 5 waits
check "a second hand is refused" exits 1 cordon run --hand
kill "$(cat "$NET_ROOT/run/cordon/hand")"
wait "$HAND" || true
kill "$(cat "$NET_ROOT/run/cordon/daemon")"
wait "$DAEMON" || true

# kill -9 at every step: what was taken is gone on with by who starts then, whatever was sealed since.
kill_revoke_at()
{
	order killed $((counter += 1)) revoke ada
	killed_at "$1" order "$NET_TMP/killed.p7"
}
bad=0 counter=30 step=0 kills=0 resumed=0
while [ $((step += 2)) -lt 60 ]; do
	secrets
	rm -f "$SRV/way" "$SRV/link"
	kill_revoke_at $step || break
	kills=$((kills + 1))
	if [ -n "$(find "$NET_ROOT/var/lib/cordon/orders" -type f ! -name '.*' 2>/dev/null)" ]; then
		order sealed $((counter += 1)) 'seal egress' ada
		carry sealed >/dev/null 2>&1 || true
		cordon run --hand >"$NET_TMP/hand.log" 2>&1 &
		HAND=$!
		until_ok 10 destroyed || { bad=1; echo "# not destroyed after step $step: $(cat "$NET_TMP/hand.log")"; }
		until_ok 5 waits || { bad=1; echo "# it still waits after step $step"; }
		kill "$(cat "$NET_ROOT/run/cordon/hand")"
		wait "$HAND" || true
		resumed=$((resumed + 1))
	fi
done
echo "# killed $kills times, resumed $resumed times"
check "kill -9 at any step of a revoke" test $bad = 0 -a $kills -gt 5 -a $resumed -gt 3
order open2 2 release grace
carry open2 >/dev/null

# Disks.
secrets
luks one 1
luks two 2
truncate -s 24M "$NET_TMP/third"
LOOP=$(losetup -f --show "$NET_TMP/third")
echo -n pw | cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$LOOP" -
ln -s "$LOOP" "$NET_ROOT/dev/disk"
for disk in "$SRV/one" "$SRV/two" "$LOOP"; do check "$(basename "$disk") opens" opens "$disk"; done
order wipe1 1 wipe 'ada grace'
check "who must sign a wipe is not assumed" exits 1 carry wipe1
check "which is said" says 'how many keys must sign for wipe is not said' carry wipe1
check "by status, too" says 'nobody is trusted with wipe' cordon status
echo 'wipe 2' >"$TRUST/threshold"
order wipe2 1 wipe 'ada ada'
refuse "one key of two is too few" carry wipe2
check "a disk is as it was" opens "$SRV/two"
check "by two" carry wipe1
for disk in "$SRV/one" "$SRV/two" "$LOOP"; do
	refuse "$(basename "$disk") does not open any more" opens "$disk"
done
check "no header is left" test "$(magic "$SRV/one")$(magic "$SRV/two")$(magic "$NET_TMP/third")" = 000
check "the receipt says what" line 'destroyed: LUKS device /srv/one: LUKS1 header and key slots overwritten'
check "of both copies" line 'destroyed: LUKS device /dev/disk: LUKS2 headers and key slots overwritten'
check "and that data has another name" line 'destroyed: path to wipe /srv/data: 1 file overwritten and unlinked; 1 of them had other names'
refuse "which has nothing of it either" grep -q other-data "$SRV/other-name"
check "what was no secret is there" test -s "$SRV/elsewhere/kept"
test_end
