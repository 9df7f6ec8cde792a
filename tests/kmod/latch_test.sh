#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: only
# timeout: 120
#
# The module's latch: who may tighten it, and which orders open it. Orders are made by openssl alone
# and by `cordon sign order`; each that is refused is one row, with the name of the error.
set -e
cd "$(dirname "$0")/../.."
. tests/kmod/lib.sh
kmod_start 62

key ada rsa:2048
key grace rsa:2048
key mallory rsa:2048
key edith
# The same key by another name.
(cd "$KMOD_TMP" && openssl req -x509 -key ada.key -out again.pem -subj /CN=again \
	-addext basicConstraints=critical,CA:FALSE 2>/dev/null && cp ada.key again.key &&
	openssl x509 -in again.pem -outform DER -out again.der)

# ---- set up once ------------------------------------------------------------------------------

kmod_load
check "it is open, and not set up" is flags 0
refuse "a certificate before it is known for what" module certificate "$KMOD_TMP/ada.der"
refuse "and nothing to close" module close
check "nor does it take a seal: nobody could open it" says EPERM module seal egress
check "a node has a name and a threshold" module setup threshold=2 fleets="north shops" counter=10 boot=3
for name in ada again grace; do
	check "$name may release" module certificate "$KMOD_TMP/$name.der"
done
if module certificate "$KMOD_TMP/edith.der" 2>/dev/null; then ecdsa=yes; else ecdsa=; fi
echo "# keys on P-256: ${ecdsa:-no}"
head -c 2000 "$KMOD" >"$KMOD_TMP/none.der"
check "what is no certificate is none" says EBADMSG module certificate "$KMOD_TMP/none.der"
check "a setup may be replaced until it is closed" module setup threshold=2 \
	fleets="north shops" counter=10 boot=3
check "and is empty then" is certificates 0
for name in ada again; do module certificate "$KMOD_TMP/$name.der"; done
refuse "it does not close while nobody could open it: one key of two" module close
check "and may be set up still" module certificate "$KMOD_TMP/grace.der"
check "there are two keys" is keys 2
check "but no seal is taken before it is closed" says EPERM module seal isolate
check "and it is open still" is latch 0
check "it is closed" module close
refuse "no other setup" module setup threshold=1
refuse "no other certificate" module certificate "$KMOD_TMP/mallory.der"
check "there are three certificates" is certificates 3
check "nobody links a key to its keyrings" bash -c '
	key=$(keyctl add user mine x @u 2>/dev/null) || exit 0
	for ring in $(awk "/keyring +\.cordon/ { print \"0x\" \$1 }" /proc/keys); do
		! keyctl link "$key" "$ring" 2>/dev/null || exit 1
		! keyctl clear "$ring" 2>/dev/null || exit 1
		! keyctl revoke "$ring" 2>/dev/null || exit 1
		! keyctl setperm "$ring" 0x3f3f3f3f 2>/dev/null || exit 1
		! keyctl invalidate "$ring" 2>/dev/null || exit 1
	done'

# ---- sealed -----------------------------------------------------------------------------------

check "events are told" bash -c "python3 tests/kmod/module.py watch 3 >$KMOD_TMP/events & sleep 1
	python3 tests/kmod/module.py seal egress >/dev/null; wait; grep -q '\"latch\": 1' $KMOD_TMP/events"
check "isolate is tighter" module seal isolate
check "and it is so" is latch 2
check "egress is looser, and changes nothing" module seal egress
check "it is isolate still" is latch 2
refuse "open is no level to seal at" module seal open
refuse "the keep list is as it was" module keep in:6:22:10.0.0.0/8
refuse "rmmod is refused" rmmod cordon
as_nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
refuse "nobody but root asks" "${as_nobody[@]}" python3 tests/kmod/module.py get
refuse "nor from another user namespace" unshare -Ur python3 tests/kmod/module.py seal lockdown
refuse "nor from another network namespace" unshare -n python3 tests/kmod/module.py get

# ---- orders that do not open ------------------------------------------------------------------

order one 11 release ada
refused EDQUOT "one signer of two" one.p7
order twice 11 release "ada again"
refused EDQUOT "one key by two certificates" twice.p7
order stranger 11 release "mallory"
refused ENOKEY "a stranger" stranger.p7
order half 11 release "ada mallory"
refused EDQUOT "one signer and a stranger" half.p7
order other 11 release "ada grace" 'node: store-0043'
refused EXDEV "for another node" other.p7
order longer 11 release "ada grace" 'node: store-00421'
refused EXDEV "for a node whose name begins so" longer.p7
order fleet 11 release "ada grace" 'fleet: south'
refused EXDEV "for another fleet" fleet.p7
order both 11 release "ada grace" 'node: store-0042' 'fleet: north'
refused EBADMSG "for a node and a fleet" both.p7
order old 10 release "ada grace"
refused ESTALE "with a counter that was used" old.p7
order zero 0 release "ada grace"
refused EBADMSG "with no counter" zero.p7
order later 11 release "ada grace" 'node: store-0042' 'not-before-boot: 4'
refused EAGAIN "from the next boot on" later.p7
order seal 11 'seal lockdown' "ada grace"
refused ENOTSUP "to seal" seal.p7
order renew 11 renew "ada grace"
refused ENOTSUP "to renew" renew.p7
order doubled 11 release "ada grace" 'node: store-0042' 'node: store-0042'
refused EBADMSG "with a field twice" doubled.p7
order unknown 11 release "ada grace" 'node: store-0042' 'color: red'
refused EBADMSG "with a field that is not known" unknown.p7
order sound 11 release "ada grace"
python3 - "$KMOD_TMP" <<-'END'
	import sys
	folder = sys.argv[1]
	sound = bytearray(open(f"{folder}/sound.p7", "rb").read())
	at = sound.index(b"counter: 11") + 10
	sound[at] = ord("2")
	open(f"{folder}/forged.p7", "wb").write(sound)
	sound[at] = ord("1")
	sound[-9] ^= 1
	open(f"{folder}/bent.p7", "wb").write(sound)
	open(f"{folder}/cut.p7", "wb").write(sound[:-40])
END
refused EKEYREJECTED "with another content" forged.p7
refused EKEYREJECTED "with a bit of a signature flipped" bent.p7
refused EBADMSG "cut short" cut.p7
openssl cms -sign -binary -in "$KMOD_TMP/sound" -signer "$KMOD_TMP/ada.pem" -inkey "$KMOD_TMP/ada.key" \
	-md sha256 -outform DER -noattr -nocerts -out "$KMOD_TMP/detached.p7"
refused "" "without its content" detached.p7
cp "$KMOD_TMP/sound" "$KMOD_TMP/pss"
sign pss "ada" -keyopt rsa_padding_mode:pss -noattr -nocerts
refused "" "by RSA-PSS" pss.p7

# ---- orders that do ---------------------------------------------------------------------------

check "both signed: it opens" module order "$KMOD_TMP/sound.p7"
check "and is open" is latch 0
check "its counter is kept" is counter 11
check "the same may come again, as nothing was sealed since" module order "$KMOD_TMP/sound.p7"
module seal lockdown >/dev/null
refused ESTALE "but not for what was sealed since" sound.p7
order north 12 release "grace ada" 'fleet: west north'
sign north "grace ada" -nosmimecap
check "for a fleet, with attributes and certificates as openssl makes them" \
	module order "$KMOD_TMP/north.p7"
module seal isolate >/dev/null
build/cordon sign order release --node store-0042 --issuer soc --counter 13 --reason 'it is over' \
	--cert "$KMOD_TMP/ada.pem" --key "$KMOD_TMP/ada.key" --cert "$KMOD_TMP/grace.pem" \
	--key "$KMOD_TMP/grace.key" -o "$KMOD_TMP/ours.p7" >/dev/null
start=$(date +%s%N)
check "as cordon sign makes it" module order "$KMOD_TMP/ours.p7"
echo "# that order and the program that sent it: $((($(date +%s%N) - start) / 1000)) us, emulated"
python3 tests/kmod/verify_time.py "$KMOD_TMP/sound.p7" || true
check "open, rmmod is fine" rmmod cordon
kmod_load
set_up "ada ${ecdsa:+edith}" counter=0xffffffffffffffff challenge=00112233445566778899aabbccddeeff
module seal isolate >/dev/null
order lost 5 release ada
refused EKEYEXPIRED "a node that lost its counters wants its challenge named" lost.p7
if [ "$ecdsa" ]; then by=edith; else by=ada; fi
order named 5 release "$by" 'node: store-0042' 'challenge: 00112233445566778899aabbccddeeff'
check "an order that does, by $by" module order "$KMOD_TMP/named.p7"
kmod_end
