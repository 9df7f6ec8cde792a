#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Orders by openssl alone are taken, and orders by `cordon sign` are what openssl verifies; what
# `cordon sign` refuses to make, and what it leaves behind when it fails: nothing.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/order/lib.sh

kinds=(rsa2048 rsa3072 rsa4096 p256)
others=(--node store-0042 --issuer soc --counter 17 --reason 'a test')

verified_by_openssl()
{
	cat "${kinds[@]/%/.pem}" >all.pem
	openssl cms -verify -binary -inform DER -in "$1" -certfile all.pem -noverify -out verified &&
		grep -qx 'action: seal isolate' verified
}

# der_is_whole FILE: openssl reads it, writes it again, and nothing has changed
der_is_whole() { openssl asn1parse -inform DER -in "$1" -noout && openssl cms -cmsout -inform DER \
	-in "$1" -outform DER -out again && cmp "$1" again; }

no_certificates() { ! openssl asn1parse -inform DER -in "$1" | grep -q 'cont \[ 1 \]\|signingTime'; }
# same_as_openssl FILE SIGNER: RSA's signatures are the same each time
# shellcheck disable=SC2046 # words are meant
same_as_openssl()
{
	openssl cms -verify -binary -inform DER -in "$1" -certfile "$2.pem" -noverify -out content &&
		openssl cms -sign -binary -nodetach -in content -md sha256 -outform DER -noattr \
			-nocerts $(by "$2") | cmp - "$1"
}
left_behind() { find . -name '*.new'; }
reading() { cordon sign show "$@" --json; }
same_manifest() { cmp <(cordon sign show "$1" | sed '/^$/q') <(cordon sign show "$2" | sed '/^$/q'); }

order_start 80
key rsa2048 rsa:2048 &
key rsa3072 rsa:3072 &
key rsa4096 rsa:4096 &
key p256 &
key ed ed25519 &
key small rsa:1024 &
key p384 ec -pkeyopt ec_paramgen_curve:P-384 &
openssl req -x509 -newkey rsa:2048 -nodes -keyout plain.key -out plain.pem -subj /CN=plain 2>/dev/null &
wait
trust seal "${kinds[@]}"
trust release "${kinds[@]}"

# By openssl alone, each way that the manual of openssl knows
for kind in "${kinds[@]}"; do
	# shellcheck disable=SC2046 # words are meant
	{
		plain bare -noattr -nocerts $(by "$kind")
		plain attributes -nosmimecap $(by "$kind")
		plain keyid -keyid -nocerts $(by "$kind")
		plain keyid-bare -keyid -noattr -nocerts $(by "$kind")
	}
	for form in bare attributes keyid keyid-bare; do
		taken "openssl, $kind, $form" $form.cms
	done
done
# shellcheck disable=SC2046
plain all -noattr -nocerts $(by "${kinds[@]}")
taken "openssl, all four at once" all.cms
check "and each counts" test "$(reading all.cms --trust trust | gojq '.signers | length')" = 4

# By cordon
for kind in "${kinds[@]}"; do
	check "cordon signs with $kind" order_sign "$kind" "$kind"
	taken "which is taken" "$kind.cms"
	check "which openssl verifies" verified_by_openssl "$kind.cms"
	check "which is DER, through and through" der_is_whole "$kind.cms"
	check "and holds no certificate and no attribute" no_certificates "$kind.cms"
done
check "by RSA byte by byte what openssl makes, which the kernel takes" same_as_openssl rsa4096.cms rsa4096
check "all four at once" order_sign four "${kinds[@]}"
check "which openssl verifies" verified_by_openssl four.cms
check "which is DER" der_is_whole four.cms
check "and each counts" test "$(reading four.cms --trust trust | gojq '.signers | length')" = 4

# One after another, elsewhere
# shellcheck disable=SC2046
{
	check "a second signature" cordon sign add rsa4096.cms $(with p256) -o both.cms
	check "to what openssl signed with attributes, too" cordon sign add attributes.cms \
		$(with rsa4096) -o mixed.cms
	check "to what is signed by a key's id, too" cordon sign add keyid.cms $(with rsa4096) -o ids.cms
	fails "not twice by the same" 1 'p256.pem: it is signed by this already' \
		cordon sign add both.cms $(with p256) -o no.cms
	fails "not to what is no message" 1 'it is an order that nobody signed' \
		cordon sign add order $(with p256) -o no.cms
}
check "both count" test "$(reading both.cms --trust trust | gojq '.signers | length')" = 2
check "openssl verifies both" verified_by_openssl both.cms
check "the order is the same" same_manifest rsa4096.cms both.cms
taken "attributes and none beside each other" mixed.cms
check "both count" test "$(reading mixed.cms --trust trust | gojq '.signers | length')" = 2
check "a signer by his key's id and one by name" test \
	"$(reading ids.cms --trust trust | gojq '.signers | length')" = 2
check "which openssl verifies" verified_by_openssl ids.cms

# What stands in it
check "every field is asked for as it is written" cordon sign order renew --fleet 'shops kiosks' \
	--issuer soc --counter 9 --reason weekly --lease '72h 5 boots' --not-before-boot 3 \
	--challenge 00112233445566778899aabbccddeeff --cert=p256.pem --key=p256.key -o fields.cms
check "and stands in it" test "$(reading fields.cms | gojq -c \
	'[.action, .fleet, .counter, .lease_hours, .lease_boots, .not_before_boot, .challenge]')" = \
	'["renew","shops kiosks",9,72,5,3,"00112233445566778899aabbccddeeff"]'

# Passphrases, without a terminal
openssl pkey -in rsa2048.key -aes256 -passout pass:sesame -out locked.key
locked=(sign order release "${others[@]}" --cert rsa2048.pem --key locked.key)
if setsid -w "$CORDON" "${locked[@]}" -o locked.cms <<<sesame >said 2>&1; then
	ok "a passphrase on standard input"
else
	not_ok "a passphrase on standard input"
	sed 's/^/# /' said
fi
if setsid -w "$CORDON" "${locked[@]}" -o no.cms <<<wrong >said 2>&1 ||
	! grep -q '^cordon: the passphrase of locked.key is wrong$' said; then
	not_ok "a wrong one"
	sed 's/^/# /' said
else
	ok "a wrong one"
fi

# What it does not make
# shellcheck disable=SC2046
{
	fails "a key of another certificate" 1 'the key p256.key is not that of certificate rsa2048.pem' \
		cordon sign order release "${others[@]}" --cert rsa2048.pem --key p256.key -o no.cms
	fails "no such key" 1 'cannot use the key none.key' \
		cordon sign order release "${others[@]}" --cert rsa2048.pem --key none.key -o no.cms
	fails "no such certificate" 1 'cannot read none.pem: No such file' \
		cordon sign order release "${others[@]}" --cert none.pem --key rsa2048.key -o no.cms
	fails "Ed25519" 1 'ed.pem: its key is Ed25519' order_sign no ed
	fails "RSA of 1024 bits" 1 'small.pem: its RSA key is not of 2048 to 4096 bits' order_sign no small
	fails "P-384" 1 'p384.pem: its key is on another curve' order_sign no p384
	fails "one key twice" 1 'the same key signs already' order_sign no p256 p256
	fails "without a key" 2 '--cert and --key say who signs' order_sign no
	fails "a certificate without its key" 2 'each --cert needs its --key' \
		cordon sign order release "${others[@]}" --cert p256.pem -o no.cms
	fails "an action that is none" 2 'action is not known' \
		cordon sign order open "${others[@]}" $(with p256) -o no.cms
	fails "a counter that is none" 2 'counter is a number' \
		cordon sign order release --node a --issuer i --reason r --counter 0 $(with p256) -o no.cms
	fails "for nobody" 2 '--node or --fleet' \
		cordon sign order release --issuer i --reason r --counter 1 $(with p256) -o no.cms
	fails "a field smuggled into another" 2 '--reason has a line feed in it' \
		cordon sign order release --node a --issuer i --counter 1 --reason $'r\nlease: 9h' \
		$(with p256) -o no.cms
	fails "in another's place" 1 'is there already; --force replaces it' order_sign four p256
	check "but with --force" cordon sign order release "${others[@]}" $(with p256) --force -o four.cms
	fails "where nothing can be written" 1 'cannot write none/no.cms' \
		cordon sign order release "${others[@]}" $(with p256) -o none/no.cms
	fails "without openssl" 1 'the program openssl, which signs, is not installed' \
		env PATH=/nowhere "$CORDON" sign order release "${others[@]}" $(with p256) -o no.cms
}
check "what failed left nothing" test "$(ls no.cms 2>&1; left_behind)" = \
	"ls: cannot access 'no.cms': No such file or directory"
check "what openssl req -x509 makes by itself signs, too" order_sign no plain

code=$(cordon sign code)
check "a code, and its hash" test "$(head -n 1 <<<"$code" | tr -d '\n' | sha256sum | cut -d' ' -f1)" = \
	"$(sed -n 's/.*"sha256:\(.*\)"/\1/p' <<<"$code")"
refuse "never the same" test "$(cordon sign code | head -n 1)" = "$(head -n 1 <<<"$code")"
order_end
