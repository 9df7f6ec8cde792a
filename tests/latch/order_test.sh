#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
#
# Orders on a node: what is carried out, what is refused and with which words, by `cordon order` and
# by the inbox; policies that must be signed; the code for emergencies; the dead-man lease; and
# kill -9 at every step of a release. Orders are made by openssl alone.
set -e
cd "$(dirname "$0")/../.."
. tests/latch/lib.sh
. tests/latch/orders.sh

# refused WORD TEXT NAME: with its own word, exit 1, a record, and nothing changed
refused()
{
	local before output status=0
	before=$(cordon status --json | gojq -c '[.latch, .latch_state.counters]')
	output=$(carry "$3" 2>&1) || status=$?
	if [ $status = 1 ] && [[ $output == "cordon: the order is refused ($1): "* ]] &&
		[ "$(wc -l <<<"$output")" = 1 ] &&
		grep -q "^refusal: $1$" "$(ls -t "$NET_ROOT"/var/lib/cordon/receipts/refused/* | head -n 1)" &&
		[ "$before" = "$(cordon status --json | gojq -c '[.latch, .latch_state.counters]')" ]; then
		ok "$2"
	else
		not_ok "$2"
	fi
	echo "# $output"
}

test_start 96
latch_start
keys ada grace edsger
key barbara rsa:4096
key mallory rsa:2048
trust seal ada grace barbara
trust release ada grace barbara
trust renew edsger
printf 'release 2\n' >"$TRUST/threshold"


head -n 2 "$NET_TMP/ada.pem" >"$TRUST/wipe.pem"
check "a mistake in trust/ is told by status, with its file" says 'trust/wipe.pem: line 2: the text ends within a certificate: nobody is trusted with wipe' \
	cordon status
order seal1 10 'seal isolate' barbara
check "a signed seal" carry seal1
check "shuts, as the mistake is not about seals" shut_at isolate
rm "$TRUST/wipe.pem"
check "leaves a receipt" test "$(receipts)" = 1
for line in 'action: seal isolate' 'signed-by: barbara' 'latch-after: isolate' 'read-to-shut-us: [0-9]' \
	'policy: [0-9a-f]' 'program: egress_ether [0-9a-f]' 'boot-id: [0-9a-f]' 'wall-clock: 2'; do
	check "with its $line" grep -q "^$line" <(last_receipt)
done
check "status says by which order" says 'order 10 of tests, signed by barbara' cordon status
check "and what a release takes" says 'signed by 2 of the 3 keys' cordon status

refuse "no release without a signature" cordon release
chmod 755 "$NET_TMP"
check "who may not look is told that, not how it is" says 'this needs root' \
	on_node setpriv --reuid=65534 --clear-groups "$CORDON" --root "$NET_ROOT" --bpffs "$NET_BPFFS" release
echo 'release 9' >"$TRUST/threshold"
check "a mistake in trust/ is what release tells" says 'threshold: line 1: 9 keys' cordon release
refuse "not that there were no key" says 'there is no key' cordon release
printf 'release 2\n' >"$TRUST/threshold"
check "release tells a program, too" test "$(cordon release --json | gojq .latch_state.release_keys)" = 3
order one 20 release ada
told() { cordon order --json "$NET_TMP/one.p7" 2>/dev/null | gojq -r "$1"; }
check "to a program a refusal is one" test "$(told '.refusal')" = too-few-signers
check "and says nothing of the latch, which was not looked at" test "$(told '.latch_after')" = null
refused too-few-signers "one signature of two" one
order twice 20 release 'ada ada'
refused too-few-signers "two of the same key" twice
order mallory 20 release 'mallory'
refused untrusted "somebody else's" mallory
order mixed 20 release 'ada mallory'
refused too-few-signers "one of them and somebody else's" mixed
order wrong 20 release edsger
refused wrong-role "a key for another role" wrong
order elsewhere 20 release 'ada grace' 'node: store-0043'
refused other-node "for another node" elsewhere
order fleet 20 release 'ada grace' 'fleet: kiosks'
refused other-node "for a fleet that it is not in" fleet
order unknown 20 release 'ada grace' 'node: store-0042' 'force: yes'
refused malformed "an unknown field" unknown
order late 20 release 'ada grace' 'node: store-0042' 'not-before-boot: 9'
refused too-early "for a later boot" late
order challenged 20 release 'ada grace' 'node: store-0042' "challenge: $(printf '%032d' 7)"
refused challenge "a challenge that the node did not make" challenged
order good 20 release 'ada grace'
head -c -1 "$NET_TMP/good.p7" >"$NET_TMP/cut.p7"
refused malformed "cut by a byte" cut
(cat "$NET_TMP/good.p7"; echo) >"$NET_TMP/padded.p7"
refused malformed "a byte longer" padded
sed 's/store-0042/store-0041/' "$NET_TMP/good.p7" >"$NET_TMP/forged.p7"
refused bad-signature "changed after it was signed" forged
check "all of which left it shut" shut_at isolate
check "the good one" carry good
check "opens" shut_at open
refused replayed "but only once" good
order lower 20 release 'ada grace' 'node: store-0042' 'lease: 1h'
refused replayed "nor another with its counter" lower
order snapshot 30 snapshot ada
evidence=$NET_ROOT/var/lib/cordon/evidence
# A disk that makes who writes to it wait.
truncate -s 32M "$NET_TMP/disk"
mkfs.ext4 -q "$NET_TMP/disk"
mkdir -p "$evidence"
mount -o loop "$NET_TMP/disk" "$evidence"
# The test's own status is the last one that net_stop sees.
thaw()
{
	local status=$?
	set +e
	fsfreeze -u "$evidence" 2>/dev/null
	umount -l "$evidence" 2>/dev/null
	(exit "$status")
	net_stop
}
trap thaw EXIT
fsfreeze -f "$evidence"
carry snapshot >"$NET_TMP/snapshot.out" &
SNAPSHOT=$!
kept() { [ "$1" = 0 ] || { echo "exit $1: $(cat "$NET_TMP/snapshot.out")"; return 1; }; }
until_ok 10 took seal 30
check "a snapshot that takes its time" cordon seal isolate --reason 'while it takes its time'
fsfreeze -u "$evidence"
kept=0
wait $SNAPSHOT || kept=$?
check "is kept whole" kept $kept
check "and does not open what was sealed meanwhile" remembers isolate
order reopen 21 release 'ada grace'
carry reopen >/dev/null
order snapshot 31 snapshot ada
check "a snapshot" carry snapshot
tar xf "$evidence"/000031-*.tar -C "$NET_TMP" || true
check "is what the node's commands said" gojq -e '.latch == "open" and .serial == 1' "$NET_TMP"/000031-*/1-cordon/status.json
check "with its flows" gojq -e . "$NET_TMP"/000031-*/1-cordon/flows.json
umount "$evidence"

printf 'node: store-0042\nfleet: kiosks shops\n' >"$TRUST/node"
order tofleet 32 'seal egress' ada 'fleet: shops'
cordon run >"$NET_TMP/run.log" 2>&1 &
DAEMON=$!
until_ok 20 grep -q following "$NET_TMP/run.log"
inbox tofleet
check "by the inbox, for a fleet" until_ok 10 latch_is egress
check "it is taken out" until_ok 5 inbox_is_empty
inbox one
check "one that is refused is told" until_ok 10 grep -q 'one.p7 refused (too-few-signers)' "$NET_TMP/run.log"
check "and taken out" until_ok 5 inbox_is_empty
order medium 33 release 'ada grace'
mkdir -p "$NET_ROOT/var/lib/cordon/inbox/usb"
mount -t tmpfs medium "$NET_ROOT/var/lib/cordon/inbox/usb"
cp "$NET_TMP/medium.p7" "$NET_ROOT/var/lib/cordon/inbox/usb/"
check "on a medium that is mounted there" until_ok 10 latch_is open
umount "$NET_ROOT/var/lib/cordon/inbox/usb"
order late 34 release 'ada grace' 'node: store-0042' 'not-before-boot: 9'
cp "$NET_TMP/late.p7" "$NET_ROOT/var/lib/cordon/inbox/"
check "one for a later boot" until_ok 10 grep -q 'late.p7 refused (too-early)' "$NET_TMP/run.log"
check "waits there" test -e "$NET_ROOT/var/lib/cordon/inbox/late.p7"
order busy 35 'seal egress' ada
refusals() { find "$NET_ROOT/var/lib/cordon/receipts/refused" -type f | wc -l; }
before=$(refusals)
mv "$TRUST/seal.pem" "$NET_TMP/seal.pem"
mkdir "$TRUST/seal.pem"
inbox busy
check "one that fails for a passing reason" until_ok 10 grep -q \
	'busy.p7 refused (failed): .*seal.pem: it is a directory; it is tried again' "$NET_TMP/run.log"
sleep 2.5
check "waits" test -e "$NET_ROOT/var/lib/cordon/inbox/busy.p7"
check "and is told and recorded once" test "$(grep -c busy.p7 "$NET_TMP/run.log") $(refusals)" = "1 $((before + 1))"
rmdir "$TRUST/seal.pem"
mv "$NET_TMP/seal.pem" "$TRUST/seal.pem"
check "and is carried out when that has passed" until_ok 20 latch_is egress
check "and taken out" until_ok 5 test ! -e "$NET_ROOT/var/lib/cordon/inbox/busy.p7"
truncate -s 65M "$NET_ROOT/var/lib/cordon/inbox/huge"
check "a file that is too large is told" until_ok 10 grep -q 'huge refused (failed): it cannot be read: it is too large$' \
	"$NET_TMP/run.log"
check "and taken out" until_ok 5 test ! -e "$NET_ROOT/var/lib/cordon/inbox/huge"
kill "$(cat "$NET_ROOT/run/cordon/daemon")"
wait "$DAEMON" || true
order reopen 36 release 'ada grace'
carry reopen >/dev/null

# Policies that must be signed.
trust policy edsger
latch_policy 2
refused_unsigned() { says 'must be signed' cordon apply "$NET_TMP/policy.yaml"; }
check "an unsigned policy is refused" refused_unsigned
bundle policy2 1 "$NET_TMP/policy.yaml" edsger
check "a bundle" cordon apply "$NET_TMP/policy2.p7"
check "is in force" test "$(cordon status --json | gojq .serial)" = 2
refuse "but not twice" cordon apply "$NET_TMP/policy2.p7"
latch_policy 1
bundle policy1 2 "$NET_TMP/policy.yaml" edsger
refuse "nor one with a lower serial" cordon apply "$NET_TMP/policy1.p7"
latch_policy 3
bundle policy3 3 "$NET_TMP/policy.yaml" edsger
sed -i 's/tcp\/86/tcp\/87/; s/tcp\/85/tcp\/86/' "$NET_TMP/policy3"
sign policy3 edsger
refused failed "nor one that is not what its digest says" policy3
latch_policy 3
bundle inboxed 3 "$NET_TMP/policy.yaml" edsger
cordon run >"$NET_TMP/run.log" 2>&1 &
DAEMON=$!
until_ok 20 grep -q following "$NET_TMP/run.log"
inbox inboxed
check "a bundle by the inbox" until_ok 10 serial_is 3
check "leaves the daemon no dead children" until_ok 5 has_no_children
kill "$(cat "$NET_ROOT/run/cordon/daemon")"
wait "$DAEMON" || true

# The code for emergencies counts once, and only from a signed policy.
code=correct-horse-battery
latch_policy 4
printf '  break-glass: sha256:%s\n' "$(printf %s $code | sha256sum | cut -d' ' -f1)" >>"$NET_TMP/policy.yaml"
bundle policy4 4 "$NET_TMP/policy.yaml" edsger
check "a policy with a code" cordon apply "$NET_TMP/policy4.p7"
refuse "the code on an open node" cordon release --break-glass <<<$code
cordon seal isolate --reason 'for the code' >/dev/null
refuse "a wrong code" cordon release --break-glass <<<wrong
check "keeps it shut" shut_at isolate
check "the right one" cordon release --break-glass <<<$code
check "opens" shut_at open
check "and says how" says 'break-glass' cordon status
cordon seal isolate --reason 'again' >/dev/null
refuse "not twice" cordon release --break-glass <<<$code
order open5 40 release 'ada grace'
check "an order does" carry open5

# A release before what a boot restores: done, and what is missing is said.
cordon seal isolate --reason 'to be released early' >/dev/null
reboot
order early 41 release 'ada grace'
check "a release of what is not loaded yet" exits 3 carry early
check "says what is missing" grep -q '^why: .*cordon run --once' <(last_receipt)
check "status, too" says 'on disk, but not in force' cordon status
cordon run --once
check "which a boot brings back" shut_at open

# The lease: by boots, and by seconds with nobody there to count them.
latch_policy 5
printf '  lease: {hours: 1, boots: 2, level: egress}\n' >>"$NET_TMP/policy.yaml"
bundle policy5 5 "$NET_TMP/policy.yaml" edsger
check "a policy with a lease" cordon apply "$NET_TMP/policy5.p7"
check "which status shows" says '0 h 59 min of uptime, 2 boots left, then egress' cordon status
for boot in 1 2; do
	reboot
	state boot=$((1000 + boot))
	cordon run --once
	[ $boot = 1 ] && check "a boot of the two" shut_at open
done
check "two boots without a renewal" shut_at egress
order renew1 1 renew edsger
check "a renewal" carry renew1
check "opens nothing" latch_is egress
order open6 42 release 'ada grace'
carry open6 >/dev/null
reboot
state lease_seconds=4
cordon run --once
check "four seconds are left" latch_is open
sleep 4
check "which pass with no daemon" shut_at egress
rm "$NET_BPFFS/maps/rules"
check "maps made anew" cordon run --once
check "hold what the lease shut" latch_is egress
order open8 43 release 'ada grace'
carry open8 >/dev/null
reboot
state lease_seconds=3000
cordon run --once
state lease_seconds=3600
rm "$NET_BPFFS/maps/rules"
check "maps made anew while it runs" cordon run --once
check "give it no more time" test "$(cordon status --json | gojq '.latch_state.lease_seconds <= 3000')" = true

# Whoever waited for the lock while a release went on must not shut again what it opened.
bad=0
for round in 1 2 3 4 5 6; do
	cordon seal isolate --reason 'to be raced' >/dev/null
	order raced $((44 + round)) release 'ada grace'
	rm -f "$NET_TMP/held"
	flock "$NET_ROOT/run/cordon/lock" sh -c 'touch "$0" && sleep 0.3' "$NET_TMP/held" &
	HOLDER=$!
	until_ok 20 test -e "$NET_TMP/held"
	cordon order "$NET_TMP/raced.p7" >/dev/null 2>&1 &
	RELEASE=$!
	cordon run --once >/dev/null 2>&1 &
	wait $HOLDER $! || true
	wait $RELEASE || bad=1
	latch_is open || bad=1
done
check "a release and who waited with it" test $bad = 0

# kill -9 after each step of a release: sealed or open, and the order can be finished, unless the node
# is sealed once more.
kill_release_at()
{
	cordon seal isolate --reason 'to be killed' >/dev/null
	order killed $((counter += 1)) release 'ada grace'
	killed_at "$1" order "$NET_TMP/killed.p7"
}

order open7 60 release 'ada grace'
carry open7 >/dev/null
bad=0 replayed=0 counter=70 step=0 kills=0 taken=0
while [ $((step += 1)) -lt 40 ]; do
	kill_release_at $step || break
	kills=$((kills + 1))
	carry killed >/dev/null 2>&1 || true
	latch_is open || { bad=1; echo "# not open after being killed at step $step"; }
	kill_release_at $step || break
	took release $counter || continue
	taken=$((taken + 1))
	cordon seal isolate --reason 'sealed again' >/dev/null
	carry killed >/dev/null 2>&1 || true
	latch_is isolate || { replayed=1; echo "# open though sealed after step $step"; }
done
echo "# killed $kills times, and $taken times it was taken"
check "kill -9 at any step of a release: it can be finished" test $bad = 0 -a $kills -gt 3
check "but not what was sealed again" test $replayed = 0 -a $taken -gt 1
latch_is isolate || cordon seal isolate --reason 'once more' >/dev/null
order last $((counter += 1)) release 'ada grace'
carry last >/dev/null
refused replayed "and then not again" last
test_end
