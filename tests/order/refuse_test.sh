#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Signed files that no node takes, each with its own message; and beside each kind one like it that
# is taken, so that the forger is known to forge only what he means to.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/order/lib.sh

forge() { python3 "$ROOT/tests/order/forge.py" "$1" "$2.cms" "$1.cms" ${3+"$3.key"}; }

# forged TEXT WHAT FROM SAYS [KEY]
forged()
{
	forge "$2" "$3" ${5+"$5"}
	refused "$1" "$2.cms" "$4"
}

order_start 64
p256 ada grace
key barbara rsa:2048
key mallory rsa:2048
key ed ed25519
key secp ec -pkeyopt ec_paramgen_curve:P-384
trust seal ada barbara grace
trust release grace
# shellcheck disable=SC2046 # words are meant
{
	plain good -noattr -nocerts $(by barbara)
	plain curve -noattr -nocerts $(by ada)
	plain attributes -nocerts $(by barbara)
	plain certificates $(by barbara)
}
taken "an order signed as it shall be" good.cms
taken "by ECDSA" curve.cms
taken "with attributes" attributes.cms
taken "with certificates and capabilities" certificates.cms
forge same-attributes attributes barbara
taken "attributes signed by the forger's tool" same-attributes.cms
forge sixteen-signers good
taken "sixteen signatures, all of one key" sixteen-signers.cms

# What is not a message
: >empty.cms
refused "nothing" empty.cms 'it is empty'
refused "what is not there" none.cms 'No such file'
refused "a folder" trust 'it is a directory'
refused "an order that nobody signed" order 'it is an order that nobody signed'
refused "a policy that nobody signed" "$ROOT/tests/policy/good/minimal.yaml" 'nobody signed'
head -c 4096 /dev/urandom | tr -d '\060' >noise.cms
refused "noise" noise.cms 'it is no CMS message'
# shellcheck disable=SC2046
{
	openssl cms -sign -binary -nodetach -in order $(by barbara) -outform PEM -out pem.cms
	openssl cms -sign -binary -nodetach -in order $(by barbara) -outform SMIME -out mail.cms
	openssl cms -sign -binary -nodetach -stream -in order $(by barbara) -outform DER -out stream.cms
	openssl cms -sign -binary -in order $(by barbara) -outform DER -out apart.cms
	openssl cms -sign -nodetach -in order $(by barbara) -outform DER -out text.cms
	openssl cms -encrypt -binary -in order -aes256 -outform DER -out secret.cms barbara.pem
	openssl cms -sign -binary -nodetach -in good.cms $(by barbara) -econtent_type pkcs7-signedData \
		-outform DER -out within.cms
}
refused "PEM" pem.cms 'it is PEM'
refused "S/MIME" mail.cms 'it is S/MIME'
refused "a stream" stream.cms 'it was streamed (BER)'
refused "a signature alone, its content elsewhere" apart.cms 'its content is not in it'
refused "a text made canonical, without -binary" text.cms 'a carriage return has no place'
refused "an encrypted message" secret.cms 'another type than SignedData'
refused "a message signed within a message" within.cms 'its content is not plain data'

# Cut, padded, written otherwise
for size in 1 2 3 10 100 400; do
	head -c $size good.cms >cut.cms
	refused "the first $size bytes" cut.cms 'it is cut short'
done
forged "all but the last byte" cut good 'it is cut short'
forged "a byte too many" trailing good '1 bytes follow after its end'
cat good.cms good.cms >double.cms
refused "two in one file" double.cms 'bytes follow after its end'
forged "an indefinite length outside" indefinite good 'it was streamed (BER)'
forged "an indefinite length inside" inner-indefinite good 'it is damaged where its content begins'
forged "content in two pieces" constructed good 'its content is not one piece of DER'
forged "a length in more bytes than it needs" long-length good 'it is cut short, or no DER'
forged "another version" version good 'a version that is not known'
forged "something after the signatures" tail good 'it is damaged after its content'
forged "another type by name only" enveloped good 'another type than SignedData'
forged "a nested message by name only" nested good 'its content is not plain data'
forged "no content" detached good 'its content is not in it'

# Signatures
forged "nobody signed" no-signers good 'nobody signed it'
forged "seventeen signatures" many-signers good 'it has more than 16 signatures'
forged "another content" content good 'the signature by barbara is wrong'
mv content.cms content-plain.cms
forged "another content under attributes" content attributes \
	'the signature by barbara is for another content'
forged "a bit of the signature" flip good 'the signature by barbara is wrong'
forged "a bit of ECDSA's" flip curve 'the signature by ada is wrong'
forged "a zero before the signature" pad-zero good 'the signature by barbara is wrong'
forged "attributes as content" attributes-as-content attributes \
	"its content is that of another signature's attributes"

# Attributes, signed again by the trusted key: only what they say is wrong.
for row in 'no-digest:without the digest' 'no-type:without the type' 'two-digests:the digest twice' \
	'two-types:the type twice' 'two-values:a digest of two values' 'other-digest:of another content' \
	'short-digest:an empty digest' 'other-type:of another type' 'no-attributes:none at all'; do
	forged "attributes ${row#*:}" "${row%%:*}" attributes \
		'the signature by barbara is for another content' barbara
done

# Algorithms
# shellcheck disable=SC2046
{
	plain sha1 -noattr -nocerts $(by barbara) -md sha1
	plain sha384 -noattr -nocerts $(by barbara) -md sha384
	plain pss -noattr -nocerts $(by barbara) -keyopt rsa_padding_mode:pss
	plain sha512-curve -noattr -nocerts $(by ada) -md sha512
}
refused "SHA-1" sha1.cms 'is over a SHA-1 digest'
refused "SHA-384" sha384.cms 'is over another digest than SHA-256'
refused "SHA-512 by ECDSA" sha512-curve.cms 'is over another digest than SHA-256'
refused "RSA-PSS" pss.cms 'is RSA-PSS'
forged "another digest by name only" sha512 good 'is over another digest than SHA-256'

# People
# shellcheck disable=SC2046
{
	plain stranger -noattr -nocerts $(by mallory)
	plain mixed -noattr -nocerts $(by mallory barbara)
}
refused "a stranger" stranger.cms 'nobody who is trusted here signed it'
taken "a stranger beside one who is trusted" mixed.cms
sed -i 's/seal isolate/release/' order
# shellcheck disable=SC2046
plain release -noattr -nocerts $(by barbara)
refused "somebody with another role" release.cms 'it is signed by barbara, who is not trusted with release'
rm trust/release.pem
refused "a role that nobody has" release.cms 'nobody is trusted with release here: there is no release.pem'
rm trust/*
refused "no trust at all" good.cms 'nobody is trusted here'
order_end
