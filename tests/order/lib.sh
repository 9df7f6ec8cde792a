# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the tests of orders share: a folder of their own, keys and certificates by openssl, and TAP.
# They need no root, no kernel and no network, and must touch nothing outside their folder.
#
#   order_start N          enter the folder; N cases will follow
#   key NAME [ALGORITHM...]  see tests/make_key
#   trust ROLE NAME...     trust/ROLE.pem
#   plain NAME OPTION...   sign the file `order` with openssl alone: NAME.cms
#   by NAME...             options of openssl cms for these signers
#   with NAME...           options of cordon sign for them
#   taken TEXT FILE        a node that has trust/ would take it
#   refused TEXT FILE SAYS it would not, and says why in one line

ROOT=$PWD
CORDON=${CORDON:-$PWD/${BUILD:-build}/cordon}
ORDER_TESTS=0
ORDER_FAILED=0

cordon() { "$CORDON" "$@"; }

order_start()
{
	[ -x "$CORDON" ] || { echo "Bail out! $CORDON is not built"; exit 1; }
	echo 'TAP version 13'
	echo "1..$1"
	ORDER_TMP=$(mktemp -d /tmp/cordon-order.XXXXXX)
	trap 'rm -rf "$ORDER_TMP"' EXIT
	cd "$ORDER_TMP"
	mkdir trust
	printf 'cordon-order: 1\naction: seal isolate\nnode: store-0042\nissuer: soc@example.com\n%s' \
		$'counter: 17\nreason: card data seen leaving\n' >order
}

order_end() { [ "$ORDER_FAILED" = 0 ]; }

ok() { echo "ok $((++ORDER_TESTS)) - $1"; }
not_ok()
{
	ORDER_FAILED=1
	echo "not ok $((++ORDER_TESTS)) - $1"
}

check()
{
	local text=$1 output
	shift
	if output=$("$@" 2>&1 </dev/null); then ok "$text"; else not_ok "$text"; sed 's/^/# /' <<<"$output"; fi
}

refuse()
{
	local text=$1
	shift
	if "$@" >/dev/null 2>&1 </dev/null; then not_ok "$text"; else ok "$text"; fi
}

# fails TEXT STATUS SAYS COMMAND...: with this exit status, and this in its first line of error
fails()
{
	local text=$1 status=$2 says=$3 output got=0
	shift 3
	output=$("$@" 2>&1 >/dev/null </dev/null) || got=$?
	if [ "$got" = "$status" ] && [[ ${output%%$'\n'*} == *"$says"* ]]; then
		ok "$text"
	else
		not_ok "$text"
		printf '# exit %s: %s\n# wanted: %s: %s\n' "$got" "$output" "$status" "$says"
	fi
}

key() { "$ROOT/tests/make_key" "$@"; }
p256() { local name; for name; do key "$name"; done; }

trust()
{
	local role=$1
	shift
	cat "${@/%/.pem}" >"trust/$role.pem"
}

by() { local name; for name; do printf -- '-signer %s.pem -inkey %s.key ' "$name" "$name"; done; }
with() { local name; for name; do printf -- '--cert %s.pem --key %s.key ' "$name" "$name"; done; }

# shellcheck disable=SC2046 # words are meant
plain()
{
	openssl cms -sign -binary -nodetach -in order -md sha256 -outform DER -out "$1.cms" "${@:2}"
}

# order_sign NAME SIGNER...: with cordon, as NAME.cms
# shellcheck disable=SC2046
order_sign()
{
	cordon sign order seal isolate --node store-0042 --issuer soc --counter 17 --reason 'a test' \
		$(with "${@:2}") -o "$1.cms"
}

taken() { check "$1" cordon sign show "$2" --trust trust; }

refused()
{
	local output status=0
	output=$(cordon sign show "$2" --trust trust 2>&1 >/dev/null) || status=$?
	[ -n "$output" ] || output=$(cordon sign show "$2" --trust trust | tail -n 1) || true
	if [ "$status" = 1 ] && [[ $output == *"$3"* ]] && [ "$(wc -l <<<"$output")" = 1 ]; then
		ok "$1"
	else
		not_ok "$1"
		printf '# exit %s: %s\n# wanted: 1: %s\n' "$status" "$output" "$3"
	fi
}
