#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Bundles: a policy and the files that it includes as one order, whose digest is that of `cordon
# check`; what cannot be in one; and bundles made by hand.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/order/lib.sh

others=(--issuer soc --counter 17 --reason 'a test' --cert ada.pem --key ada.key)
digest() { cordon check --json "$1" | gojq -r .digest; }
action() { cordon sign show --json "$1" | gojq -r .action; }
# the second file of a bundle, by its name and size
file_is() { cordon sign show "$1" | grep -qx "  file $2, $(stat -c %s "$3") bytes"; }

# policy FILES [LINE]: policy.yaml that includes these
policy()
{
	cat >dir/policy.yaml <<-END
	cordon: 1
	serial: 4
	${2:-}
	zones:
	  partners: {addresses: [10.9.0.0/24], files: [$1]}
	rules:
	  - {name: partners, from: partners, to: node, services: [tcp/443]}
	quarantine:
	  keep: [{name: partners, from: partners, to: node, services: [tcp/22]}]
	END
}

order_start 27
p256 ada grace
trust policy ada
mkdir -p dir/lists
echo 192.0.2.0/24 >'dir/lists/a list.txt'
echo 198.51.100.0/24 >dir/b.txt
policy "'lists/a list.txt', ./lists/../b.txt"
fails "a path with .. in it" 1 'leads out of its folder' \
	cordon sign policy dir/policy.yaml --fleet shops "${others[@]}" -o no.cms
policy "'.//lists/a list.txt', b.txt"
check "a policy with two files" cordon sign policy dir/policy.yaml --fleet shops "${others[@]}" -o b.cms
taken "is taken" b.cms
check "its digest is that of cordon check" test "$(action b.cms)" = "policy sha256:$(digest dir/policy.yaml)"
check "the policy is in it" file_is b.cms policy.yaml dir/policy.yaml
check "and a file in a folder" file_is b.cms 'lists/a list.txt' 'dir/lists/a list.txt'
check "and another" file_is b.cms b.txt dir/b.txt
check "byte by byte" grep -qaF "$(cat dir/policy.yaml)" b.cms
(cd dir && cordon sign policy policy.yaml --fleet shops --issuer soc --counter 17 --reason 'a test' \
	--cert ../ada.pem --key ../ada.key -o ../here.cms) >/dev/null
check "from within its folder the same" test "$(cordon sign show here.cms | grep -v '^sha256')" = \
	"$(cordon sign show b.cms | grep -v '^sha256')"
check "by its whole path, too" cordon sign policy "$PWD/dir/policy.yaml" --fleet shops \
	"${others[@]}" -o whole.cms
check "the same again" test "$(cordon sign show whole.cms | grep -v '^sha256')" = \
	"$(cordon sign show b.cms | grep -v '^sha256')"
check "one more signature" cordon sign add b.cms --cert grace.pem --key grace.key -o more.cms
taken "and taken still" more.cms
policy ''
sed -i 's/, files: \[\]//' dir/policy.yaml
check "a policy without files" cordon sign policy dir/policy.yaml --node a "${others[@]}" -o alone.cms
check "has the digest of its text" test "$(action alone.cms)" = \
	"policy sha256:$(sha256sum dir/policy.yaml | cut -d' ' -f1)"

policy "$PWD/dir/b.txt"
fails "a file by its whole path" 1 "a bundle takes files below the policy's folder" \
	cordon sign policy "$PWD/dir/policy.yaml" --node a "${others[@]}" -o no.cms
policy b.txt 'node: store-0043'
fails "a policy of another node" 1 'it is for node store-0043, the order for store-0042' \
	cordon sign policy dir/policy.yaml --node store-0042 "${others[@]}" -o no.cms
check "among others" cordon sign policy dir/policy.yaml --node 'store-0042 store-0043' "${others[@]}" \
	-o among.cms
policy none.txt
fails "a file that is not there" 1 "cannot read prefix file 'none.txt'" \
	cordon sign policy dir/policy.yaml --node a "${others[@]}" -o no.cms
policy b.txt 'node: [a]'
fails "a policy with a mistake" 1 'policy.yaml:3:' \
	cordon sign policy dir/policy.yaml --node a "${others[@]}" -o no.cms
fails "none" 1 'No such file' cordon sign policy none.yaml --node a "${others[@]}" -o no.cms
check "nothing is left of these" test ! -e no.cms

# By hand
policy b.txt
# by_hand NAME BODY...: signed by openssl
by_hand()
{
	{
		printf 'cordon-order: 1\naction: policy sha256:%s\nnode: a\nissuer: soc\n' \
			"$(digest dir/policy.yaml)"
		printf 'counter: 3\nreason: r\n\n'
		cat
	} >order
	# shellcheck disable=SC2046 # words are meant
	plain "$1" -noattr -nocerts $(by ada)
}
{
	printf 'file policy.yaml %d\n' "$(stat -c %s dir/policy.yaml)"
	cat dir/policy.yaml
	printf '\nfile b.txt %d\n' "$(stat -c %s dir/b.txt)"
	cat dir/b.txt
	echo
} | by_hand hand
taken "a bundle made by openssl alone" hand.cms
printf 'file policy.yaml 3\nabc' | by_hand cut
refused "one whose file is cut" cut.cms 'does not end with a line feed after its 3 bytes'
printf 'file a 1\nx\nfile a 1\nx\n' | by_hand twice
refused "one with a file twice" twice.cms 'file a is in it twice'
printf 'file ../a 1\nx\n' | by_hand out
refused "one that leads out" out.cms 'leads out of its folder: ../a'
true | by_hand none
refused "one with nothing" none.cms 'an empty line, and nothing after it'
order_end
