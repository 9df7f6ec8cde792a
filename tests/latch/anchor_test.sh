#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 400
#
# What a TPM knows of the latch: that the disk of before is refused, whichever part of it is put back or
# forged; what a release must carry then; a TPM that is cleared, gone or silent; and kill -9, and then
# no power, at every step. The TPM is swtpm; tests/boot has a node with one behind a kernel's driver.
. tests/latch/tpm.sh
set -e
cd "$(dirname "$0")/../.."
. tests/latch/lib.sh
. tests/latch/orders.sh

if ! tpm_there; then echo "1..0 # SKIP there is no swtpm"; exit 0; fi

anchor() { cordon status --json | gojq -r ".latch_state.anchor.$1"; }
anchor_is() { [ "$(anchor kind)" = "$1" ]; }
says_why() { cordon status --json | gojq -r .latch_state.reason | grep -qF -- "$1"; }
forgot() { [ "$(cordon status --json | gojq '.latch_state.counters.release == null')" = true ]; }
challenge() { cordon status --json | gojq -r '.latch_state.challenge // ""'; }

save() { rm -rf "${NET_TMP:?}/saved"; cp -a "$NET_ROOT/var" "$NET_TMP/saved"; }
put_back() { rm -rf "${NET_ROOT:?}/var"; cp -a "$NET_TMP/saved" "$NET_ROOT/var"; }
starts() { boots && cordon run --once >/dev/null; }

# A counter above all before, whichever subshell they were made in.
next() { echo x >>"$NET_TMP/counters"; wc -l <"$NET_TMP/counters"; }

# release NAME [OPTION...] - by ada and barbara, for the seal that status shows
release()
{
	local name=$1 challenge
	shift
	challenge=$(challenge)
	[ -z "${challenge//0/}" ] || set -- --challenge "$challenge" "$@"
	cordon sign order release --node store-0042 --issuer tests --counter "$(next)" --reason 'a test' \
		--trust "$TRUST" --anchor "${ANCHOR:-$(anchor seals)}" "$@" \
		--cert "$NET_TMP/ada.pem" --key "$NET_TMP/ada.key" \
		--cert "$NET_TMP/barbara.pem" --key "$NET_TMP/barbara.key" -o "$NET_TMP/$name.p7" --force >/dev/null
}

opens() { release opening && carry opening >/dev/null; }

# A node that is open and anchored, whatever was before.
anew()
{
	tpm_clear
	fresh
	new_boot_id
	again
	starts
	anchor_is tpm
}

refused_as() { local want=$1; shift; ! carry "$1" >"$NET_TMP/said" 2>&1 && grep -qF -- "$want" "$NET_TMP/said"; }

test_start 67
latch_world
boots_are_ours
TRUST=$NET_ROOT/etc/cordon/trust
mkdir -p "$TRUST"
key ada
key grace rsa:2048
key barbara rsa:3072
trust seal ada grace barbara
trust policy ada
trust release ada grace barbara
printf 'release 2\n' >"$TRUST/threshold"
printf 'node: store-0042\n' >"$TRUST/node"
rm "$TRUST/policy.pem"

# Without a TPM, and before there is an anchor.
again
check "no TPM: status says so" says 'anchor      none: there is no TPM 2.0: an old disk image reopens this node' cordon status
check "to a program, too" anchor_is none
check "and is enforcing all the same" exits 0 cordon status
save
tpm_start
starts
check "a TPM, and the disk remembered its first boot: it is anchored" anchor_is tpm
check "by three indices" test "$(tpm2 nvreadpublic | grep -c '^0x18c0d0[123]:')" = 3
check "and open" latch_is open
check "status says where" says 'anchor      TPM, at seal' cordon status
check "and that it can be taken away" test "$(anchor removable)" = true
check "the disk of before it was anchored, and a boot" eval 'put_back; starts'
check "is shut" shut_at isolate
check "and says why" says_why 'older than what the TPM knows'
check "a release with the node's challenge" opens
check "opens it" latch_is open

# The disk of before a seal.
anew
save
check "a seal" cordon seal isolate --reason 'card data seen leaving'
check "is counted" test "$(anchor seals)" -gt "$(anchor released)"
starts
check "holds over a boot" remembers isolate
check "and no counter is lost" eval '! forgot'
put_back
starts
check "the disk of before, and a boot: shut" shut_at isolate
check "its counters are not believed" forgot
check "and status says why" says_why 'older than what the TPM knows'
put_back
starts
check "again: shut" latch_is isolate
order old 1 release 'ada barbara'
refuse "an order from before" carry old
ANCHOR=1 release older
check "a release of an earlier seal is refused, with the one that counts" \
	refused_as "the node's TPM knows of seal $(anchor seals): cordon sign order --anchor $(anchor seals)" older
order plain "$(next)" release 'ada barbara' 'node: store-0042' "challenge: $(challenge)"
check "one without a word for the TPM is refused" refused_as 'cordon sign order --anchor' plain
opens
check "a release of this seal opens" shut_at open
check "and is written in the TPM" test "$(anchor seals)" = "$(anchor released)"
starts
check "a boot later it is open" shut_at open

# A forged file: everything in it is as the node would write it now, but for the level.
cordon seal lockdown --reason 'to be forged' >/dev/null
starts
state level=0
reboot
new_boot_id
cordon run --once >/dev/null
check "a forged file with a right sum: shut" shut_at isolate
check "and says who knows" says_why 'a seal that nobody released'

# What was released once does not open what was sealed later.
anew
cordon seal isolate --reason 'the first' >/dev/null
release first
cp "$NET_TMP/first.p7" "$NET_TMP/kept.p7"
save
carry first >/dev/null
check "released" latch_is open
cordon seal isolate --reason 'the second' >/dev/null
refuse "the release of before: replayed" carry kept
put_back
starts
check "with the disk that had not taken it: refused" refused_as 'challenge' kept
check "and shut" shut_at isolate
tpm2 nvread $TPM_RELEASED -C $TPM_RELEASED -s 8 >"$NET_TMP/before"
check "nobody without keys writes what is released" eval \
	"! head -c 8 /dev/zero | tpm2 nvwrite $TPM_RELEASED -C $TPM_RELEASED -i - 2>/dev/null && ! head -c 8 /dev/zero | tpm2 nvwrite $TPM_RELEASED -C o -i - 2>/dev/null"

# Signatures that are not enough.
anew
cordon seal isolate --reason 'to be released' >/dev/null
sign_for() { cordon sign order release --node "$1" --issuer t --counter "$(next)" --reason t --trust "$TRUST" \
	--anchor "$(anchor seals)" "${@:3}" -o "$NET_TMP/$2.p7" --force >/dev/null; }
ADA="--cert $NET_TMP/ada.pem --key $NET_TMP/ada.key" GRACE="--cert $NET_TMP/grace.pem --key $NET_TMP/grace.key"
# shellcheck disable=SC2086 # words
sign_for store-0042 one $ADA && cordon sign add "$NET_TMP/one.p7" $GRACE -o "$NET_TMP/half.p7" >/dev/null
check "one signature for the TPM where two must be" refused_as 'of 2 of the keys' half
sign_for store-0043 other $ADA $GRACE
check "signatures for another node" refused_as 'other-node' other
cordon sign show "$NET_TMP/other.p7" >"$NET_TMP/shown"
lines() { cordon sign show --json "$1" | gojq -r '.anchor_signatures'; }
# shellcheck disable=SC2086 # words
cordon sign order release --node store-0042 --issuer t --counter "$(next)" --reason t --anchor "$(anchor seals)" \
	--anchor-signatures "$(lines "$NET_TMP/other.p7")" $ADA $GRACE -o "$NET_TMP/moved.p7" >/dev/null
check "put into an order for this one" refused_as 'carries 0' moved

# The same by openssl alone.
cordon sign anchor --node store-0042 --anchor "$(anchor seals)" --trust "$TRUST" -o "$NET_TMP/text" >/dev/null
by_hand() { openssl dgst -sha256 -sign "$NET_TMP/$1.key" "$NET_TMP/text" | base64 -w0; }
order hand "$(next)" release 'grace barbara' 'node: store-0042' "anchor: $(anchor seals)" \
	"anchor-signatures: $(by_hand barbara) $(by_hand grace)"
check "signatures made by openssl alone" carry hand
check "open" latch_is open

# Other keys than the TPM knows.
cordon seal isolate --reason 'and then trust/ changes' >/dev/null
trust release ada barbara
check "trust/ changed on a sealed node: status says so" says 'trust/ has changed since' cordon status
release changed
check "and the TPM does not go by it" refused_as 'answers to other keys' changed
trust release ada grace barbara
check "as it was: it opens" opens
trust release ada barbara
cordon run --once >/dev/null
check "trust/ changed on an open node: the next start has the TPM go by it" eval '! says "has changed since" cordon status'
cordon seal isolate --reason 'with other keys' >/dev/null
check "and a release opens" opens
trust release ada grace barbara
cordon run --once >/dev/null

# The code for emergencies opens what the disk and the kernel hold.
check "detach is refused without a word for the TPM" eval \
	"cordon seal isolate --reason d >/dev/null; order det \$(next) detach 'ada barbara'; refused_as 'cordon sign order --anchor' det"

# A TPM that is not what it was.
starts
tpm_clear
starts
check "the TPM is cleared: shut" shut_at isolate
check "and says why" says_why 'the TPM was cleared, or is another one'
check "and has no anchor" anchor_is none
order cleared "$(next)" release 'ada barbara' 'node: store-0042' "challenge: $(challenge)"
check "a release with the challenge opens" carry cleared
starts
check "and the next start anchors it anew" anchor_is tpm
tpm_hangs
check "a TPM that hangs: seal" exits 0 cordon seal isolate --reason 'hangs'
tpm_goes_on
check "shuts" latch_is isolate
starts
check "and the next boot counts it" test "$(anchor seals)" -gt "$(anchor released)"
check "nothing is forgotten" eval '! forgot'
check "a release opens it" opens
reboot
new_boot_id
tpm_hangs
SECONDS=0
check "a boot beside a TPM that hangs" cordon run --once
check "does not hang" test "$SECONDS" -lt 20
tpm_goes_on
check "and is shut" shut_at isolate

# An owner that has taken the TPM: then nothing that it holds can be taken away.
anew
tpm2 changeauth -c owner owner
tpm2 changeauth -c lockout lockout
check "with authorisations on the TPM it cannot be taken away" test "$(anchor removable)" = false
for index in $TPM_CHANGES $TPM_SEALS $TPM_RELEASED; do
	refuse "not $index" tpm2 nvundefine $index
done
check "and seals are counted all the same" eval 'cordon seal isolate --reason o >/dev/null && [ "$(anchor seals)" -gt "$(anchor released)" ]'
check "and released" opens

# The numbers of steps of the latch and its anchor
steps_of()
{
	CORDON_STEPS=1 faulty "$@" 2>&1 >/dev/null | awk '$1 == "step" && $3 ~ /^(latch|anchor|order)$/ { print $2 }'
}

# Power that fails after each step: the node is open, and not shut for good, or sealed and can be opened.
each_step()
{
	local prepare=$1 verify=$2 step steps bad=0
	shift 2
	$prepare
	steps=$(steps_of "$@")
	for step in $steps; do
		$prepare || { echo "# cannot prepare step $step"; return 1; }
		killed_at "$step" "$@" || { echo "# no step $step"; return 1; }
		starts
		$verify || { echo "# after step $step: $(cordon status | head -n 8 | tr '\n' ' ')"; bad=1; }
	done
	echo "# killed at $(wc -w <<<"$steps") steps, $SECONDS s"
	[ $bad = 0 ] && [ "$(wc -w <<<"$steps")" -gt 5 ]
}

remembers_all() { ! forgot; }
open_again() { [ "$(anchor seals)" = "$(anchor released)" ] || opens; }
sealed_or_never() { remembers_all && { latch_is open && [ "$(anchor seals)" = "$(anchor released)" ] || latch_is isolate; }; }
may_finish() { remembers_all && { latch_is open || { latch_is isolate && carry opening >/dev/null && latch_is open; }; }; }
to_release() { open_again && cordon seal isolate --reason 'steps' >/dev/null && release opening; }
unanchored() { tpm_clear; fresh; new_boot_id; again; boots; }
open_and_anchored() { remembers_all && latch_is open && { anchor_is tpm || { starts && anchor_is tpm; }; }; }
SECONDS=0
check "kill -9 at each step of a seal" each_step open_again sealed_or_never seal isolate --reason 'steps'
check "of a release" each_step to_release may_finish order "$NET_TMP/opening.p7"
check "of making the anchor" each_step unanchored open_and_anchored run --once
test_end
