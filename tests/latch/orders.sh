# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the tests that give a node orders share, beside lib.sh: keys, trust, orders and receipts, made by
# openssl alone. It must carry nothing out itself.
#
#   key NAME [ALGORITHM...]        see tests/make_key
#   keys NAME...                   as many, and an empty $TRUST
#   trust ROLE NAME...             $TRUST/ROLE.pem
#   order NAME COUNTER ACTION SIGNERS [LINE...]
#                                  a signed order as $NET_TMP/NAME.p7; signers in one word, "ada grace"
#   bundle NAME COUNTER POLICY SIGNER
#   carry NAME, inbox NAME         give it to cordon order, or put it into the inbox
#   receipts, last_receipt, took ROLE COUNTER
#   killed_at STEP ARGUMENT...     the faulty build of cordon; was it killed there?

key() { tests/make_key "$NET_TMP/$1" "${@:2}"; }

keys()
{
	local name
	TRUST=$NET_ROOT/etc/cordon/trust
	mkdir -p "$TRUST"
	for name in "$@"; do key "$name"; done
}

trust() { local role=$1; shift; (cd "$NET_TMP" && cat "${@/%/.pem}") >"$TRUST/$role.pem"; }

# sign NAME SIGNER...: $NET_TMP/NAME becomes $NET_TMP/NAME.p7
sign()
{
	local name=$1 with=() by
	shift
	for by in "$@"; do with+=(-signer "$NET_TMP/$by.pem" -inkey "$NET_TMP/$by.key"); done
	openssl cms -sign -binary -nodetach -in "$NET_TMP/$name" "${with[@]}" -md sha256 \
		-outform DER -noattr -nocerts -out "$NET_TMP/$name.p7"
}

order()
{
	local name=$1 counter=$2 action=$3 signers=$4
	shift 4
	printf 'cordon-order: 1\naction: %s\nissuer: tests\ncounter: %s\nreason: a test\n' \
		"$action" "$counter" >"$NET_TMP/$name"
	[ $# -gt 0 ] || set -- 'node: store-0042'
	printf '%s\n' "$@" >>"$NET_TMP/$name"
	# shellcheck disable=SC2086 # one word each
	sign "$name" $signers
}

FAULTY=${FAULTY:-$BUILD/tests/fault/cordon}
faulty() { on_node "$FAULTY" --root "$NET_ROOT" --bpffs "$NET_BPFFS" --cgroup "$NET_CGROUP" "$@"; }
killed_at()
{
	local status=0
	CORDON_KILL_AT=$1 faulty "${@:2}" >/dev/null 2>&1 || status=$?
	[ $status = 137 ]
}

carry() { cordon order "$NET_TMP/$1.p7"; }

inbox() { cp "$NET_TMP/$1.p7" "$NET_ROOT/var/lib/cordon/inbox/"; }
has_no_children() { ! pgrep -P "$(cat "$NET_ROOT/run/cordon/daemon")"; }
serial_is() { [ "$(cordon status --json | gojq .serial)" = "$1" ]; }
inbox_is_empty() { [ -z "$(find "$NET_ROOT/var/lib/cordon/inbox" -type f)" ]; }
receipts() { find "$NET_ROOT/var/lib/cordon/receipts" -maxdepth 1 -type f | wc -l; }
last_receipt() { cat "$(ls -t "$NET_ROOT"/var/lib/cordon/receipts/0* | head -n 1)"; }
took() { [ "$(cordon status --json | gojq -r ".latch_state.counters.$1")" = "$2" ]; }
state() { python3 tests/latch/state.py "$NET_ROOT" "$@"; }

bundle()
{
	local digest
	digest=$(cordon check --json "$3" | gojq -r .digest)
	order "$1" "$2" "policy sha256:$digest" "$4"
	printf '\nfile policy.yaml %d\n' "$(stat -c %s "$3")" >>"$NET_TMP/$1"
	cat "$3" >>"$NET_TMP/$1"
	echo >>"$NET_TMP/$1"
	sign "$1" "$4"
}
