#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The folder trust/: which certificates are taken, thresholds by distinct keys, and every mistake in
# it by file and line.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/order/lib.sh

# no_trust TEXT SAYS: with the folder as it is now no order to seal is taken
no_trust() { fails "$1" 1 "$2" cordon sign show two.cms --trust trust; }

# only TEXT SAYS: the mistake is told, and what it does not concern is taken
only() { fails "$1" 0 "$2" cordon sign show two.cms --trust trust; }

# closes ROLES: the only mistake does
closes()
{
	local told
	told=$(cordon sign show two.cms --trust trust 2>&1 >/dev/null || true)
	[ "${told##*: }" = "nobody is trusted with $1" ] && [ "$(wc -l <<<"$told")" = 1 ]
}

# certificate NAME KEY OPTION...: one more certificate of a key
certificate()
{
	openssl req -x509 -key "$2.key" -out "$1.pem" -subj "/CN=$1" "${@:3}" 2>/dev/null
}

settings() { printf '%s\n' "${@:2}" >"trust/$1"; }

order_start 60
p256 ada grace edsger
key barbara rsa:2048
key ed ed25519
key small rsa:1024
key p384 ec -pkeyopt ec_paramgen_curve:P-384
# shellcheck disable=SC2046 # words are meant
{
	plain one -noattr -nocerts $(by ada)
	plain two -noattr -nocerts $(by ada grace)
	plain three -noattr -nocerts $(by ada grace barbara)
	openssl cms -sign -binary -nodetach -in order -md sha256 -outform DER -noattr -nocerts \
		-out same.cms $(by ada ada)
}
certificate again ada
# shellcheck disable=SC2046
{
	openssl cms -sign -binary -nodetach -in order -md sha256 -outform DER -noattr -nocerts \
		-signer again.pem -inkey ada.key -signer ada.pem -inkey ada.key -out renewed.cms
}

# Thresholds
trust seal ada grace barbara
taken "one is enough where nothing is said" one.cms
settings threshold '# how many must sign' '' 'seal 2'
refused "one of two" one.cms '1 of the 2 keys that it takes for seal signed it'
taken "two of two" two.cms
taken "three of two" three.cms
refused "one who signed twice" same.cms '1 of the 2 keys'
trust seal ada again grace barbara
refused "two certificates of one key" renewed.cms '1 of the 2 keys'
check "which are one key in trust, too" test "$(cordon sign show renewed.cms --trust trust --json |
	gojq '.signers | length')" = 1
settings threshold 'seal 3'
taken "three of three" three.cms
settings threshold 'seal   3  '
taken "with spaces" three.cms
printf 'seal 3\r\n' >trust/threshold
taken "with carriage returns" three.cms
settings threshold 'seal 4'
no_trust "more than there are keys" 'line 1: 4 keys must sign for seal, but seal.pem holds 3'
settings threshold 'release 1'
only "for a role that nobody has" \
	'1 keys must sign for release, but release.pem holds 0: nobody is trusted with release'
settings threshold 'seal 2' 'seal 2'
no_trust "twice" 'line 2: role seal is given twice'
settings threshold 'seal 0'
no_trust "none" 'line 1: how many keys must sign is a number from 1'
settings threshold 'seal -1'
no_trust "a negative number" 'line 1: how many keys must sign is a number from 1'
settings threshold 'seal 2 # two'
no_trust "something after it" 'line 1: how many keys must sign is a number from 1'
settings threshold 'shut 2'
no_trust "another word" 'line 1: there is no such role'
settings threshold 'seal'
no_trust "half a line" "line 1: it is 'ROLE NUMBER'"
settings threshold 'release 0' 'seal 2'
only "a mistake about another role" 'line 1: how many keys must sign'
check "and what follows it holds" test "$(cordon sign show one.cms --trust trust 2>/dev/null | tail -n 1)" = \
	'refused: 1 of the 2 keys that it takes for seal signed it'
rm trust/threshold
mkdir trust/threshold
no_trust "a folder in its place" 'threshold: it is a directory'
rmdir trust/threshold

# Node and fleet
settings node '# who' 'node: store-0042' 'fleet: shops kiosks'
taken "a name and fleets" one.cms
settings node 'node: a b'
no_trust "two names" 'trust/node: line 1: a node has one name'
settings node 'node: a' 'node: b'
no_trust "a name twice" 'trust/node: line 2: node is given twice'
settings node 'node: -a'
no_trust "a name that is none" 'line 1: a name starts with a letter'
settings node 'fleet: a  b'
no_trust "two spaces" 'line 1: a name starts with a letter'
settings node 'name: a'
no_trust "another word" "line 1: it is 'node: NAME' or"
rm trust/node

# Certificates
{
	openssl x509 -in ada.pem -text
	echo 'remarks'
	openssl x509 -in grace.pem -text
} >trust/seal.pem
taken "text between certificates" two.cms
sed 's/$/\r/' ada.pem >trust/seal.pem
taken "carriage returns" one.cms
openssl req -new -key ada.key -subj /CN=old -out old.csr
openssl x509 -req -in old.csr -signkey ada.key -days -1 -out old.pem 2>/dev/null
plain old -noattr -nocerts -signer old.pem -inkey ada.key
cp old.pem trust/seal.pem
refuse "(a certificate that has expired)" openssl x509 -in old.pem -checkend 0
taken "counts: no clock is asked" old.cms
certificate self ada
cp self.pem trust/seal.pem
plain self -noattr -nocerts -signer self.pem -inkey ada.key
check "(what openssl req makes by itself says CA:TRUE)" grep -q CA:TRUE <(openssl x509 -in self.pem -text)
taken "and counts for its own key" self.cms
openssl x509 -req -in <(openssl req -new -key grace.key -subj /CN=leaf) -CA self.pem -CAkey ada.key \
	-CAcreateserial -out leaf.pem 2>/dev/null
plain leaf -noattr -nocerts -signer leaf.pem -inkey grace.key
plain carried -signer leaf.pem -inkey grace.key -certfile self.pem
refused "but for no other that it certified" leaf.cms \
	'nobody who is trusted here signed it; it says it is by one certified by self'
refused "not even with the certificates in the order" carried.cms 'nobody who is trusted here signed it'
cp leaf.pem trust/seal.pem
taken "which counts by itself" leaf.cms

openssl x509 -req -in <(openssl req -new -key grace.key -subj /CN=middle) -CA self.pem \
	-CAkey ada.key -CAcreateserial -extfile <(echo basicConstraints=CA:TRUE) -out trust/seal.pem 2>/dev/null
no_trust "an authority that another issued" 'it is of an authority that issues others (CA:TRUE)'
certificate usage ada -addext keyUsage=keyCertSign,cRLSign
cp usage.pem trust/seal.pem
no_trust "an authority that may only sign certificates" 'its key usage does not allow signatures'
certificate usage ada -addext keyUsage=digitalSignature
cp usage.pem trust/seal.pem
plain usage -noattr -nocerts -signer usage.pem -inkey ada.key
taken "a key for signatures" usage.cms
for kind in 'ed:its key is Ed25519' 'small:its RSA key is not of 2048 to 4096 bits' \
	'p384:its key is on another curve than P-256'; do
	cat ada.pem "${kind%%:*}.pem" >trust/seal.pem
	no_trust "a key of kind ${kind%%:*}" "${kind#*:}"
done
openssl x509 -in ada.pem -outform DER -out trust/seal.pem
no_trust "DER" 'seal.pem: no certificate is in it, in PEM'
: >trust/seal.pem
no_trust "an empty file" 'seal.pem: no certificate is in it, in PEM'
cat ada.pem ada.key >trust/seal.pem
no_trust "a private key" 'this is no certificate; only certificates belong here'
openssl pkey -in ada.key -pubout -out trust/seal.pem
no_trust "a bare public key" 'line 1: this is no certificate'
head -n 3 ada.pem >trust/seal.pem
no_trust "a certificate cut short" 'the text ends within a certificate'
sed 3d ada.pem >trust/seal.pem
no_trust "a line missing" 'it is damaged'
sed '3s/./!/' ada.pem >trust/seal.pem
no_trust "a line that is no base64" 'line 3: this is not base64'

# One file's mistake is that of its role, and of nobody else's
trust seal ada grace
cat ada.pem small.pem grace.pem >trust/wipe.pem
only "a mistake below another role" 'wipe.pem: the certificate that ends in line'
check "says which role has nobody" closes wipe
check "who stands before the mistake has not the role" test "$(cordon sign show two.cms --trust trust \
	--json 2>/dev/null | gojq -c '[.signers[].roles]')" = '["seal","seal"]'
rm trust/wipe.pem
mv trust/seal.pem trust/release.pem
trust seal ada small
no_trust "who is trusted with another role is not with this" 'seal.pem: the certificate that ends in line'
rm trust/release.pem
no_trust "who may be meant by it is no stranger" 'seal.pem: the certificate that ends in line'
trust seal ada grace
echo 'node: -' >trust/node
no_trust "a node that does not know who it is takes none" \
	'trust/node: line 1: a name starts with a letter or digit'
check "at all" closes 'policy, seal, release, wipe, renew'
rm trust/node trust/seal.pem
mkdir trust/seal.pem
no_trust "a folder" 'trust/seal.pem: it is a directory'
rmdir trust/seal.pem
fails "no folder" 1 'cannot read nowhere: No such file' cordon sign show one.cms --trust nowhere
refused "a folder without a file trusts nobody" one.cms 'nobody is trusted here'
refused "an order's certificates do not make a trust" self.cms 'nobody is trusted here'
order_end
