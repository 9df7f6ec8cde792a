# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the tests of the module share. They run in virtual machines alone: it holds all of a machine,
# and under a latch it is not even unloaded. They end open, and without it.
#
#   kmod_start N       N cases will follow; a folder of their own, KMOD_TMP
#   kmod_node          a node and its root folder, in this machine's own network namespace
#   kmod_peers         wan, a stranger, 203.0.113.2 at wan0; mgmt, whom lists keep, 10.20.0.2 at mgmt0
#   kmod_load WORD...  insert the module, with parameters
#   module CMD...      tests/kmod/module.py
#   field NAME         of what the module answers now
#   key NAME [ALGORITHM...]  see tests/make_key; NAME.der, too, in KMOD_TMP
#   set_up "SIGNER..." [KEY=VALUE...]  who may release, by NAME.der, for good: until then no seal is taken
#   order NAME COUNTER ACTION "SIGNER..." [LINE...]  NAME.p7, for node store-0042 if no LINE
#   kmod_end           the module goes; also looks for what the kernel complained of

. tests/net/lib.sh

KMOD_TMP=
KMOD=

# By one that stays, kmod_start's: to start it takes an emulated machine more than half a second.
# What takes its time has its own.
module()
{
	local IFS=$'\37' status error answer
	case $1 in
	watch | flood | fuzz | beat) python3 tests/kmod/module.py "$@" ;;
	*)
		printf '%s\n' "$*" >&"$KMOD_ASK"
		read -r -t 60 -u "$KMOD_ANSWER" status error answer || die "module.py: $(cat "$KMOD_TMP/serve")"
		[ -z "$error" ] || echo "$error" >&2
		[ -z "$answer" ] || echo "$answer"
		return "$status"
		;;
	esac
}

field() { module get "$1"; }
is() { [ "$(field "$1")" = "$2" ]; }

kmod_start()
{
	KMOD=build/kmod/$(uname -r | cut -d. -f1,2)/cordon.ko
	[ -e "$KMOD" ] || { echo "1..0 # SKIP $KMOD is not built: make kmod"; exit 0; }
	[ -e /run/vm ] || die "only in a virtual machine: scripts/vm"
	KMOD_TMP=$(mktemp -d /tmp/cordon-kmod.XXXXXX)
	mkfifo "$KMOD_TMP/ask" "$KMOD_TMP/answer"
	exec {KMOD_ASK}<>"$KMOD_TMP/ask" {KMOD_ANSWER}<>"$KMOD_TMP/answer"
	export KMOD_ASK KMOD_ANSWER
	# Nobody's child: who waits for all that he started does not wait for it.
	(python3 tests/kmod/module.py serve <&"$KMOD_ASK" >&"$KMOD_ANSWER" 2>"$KMOD_TMP/serve" &)
	test_start $(($1 + 2))
}

kmod_node()
{
	net_start
	net_own
	TRUST=$NET_ROOT/etc/cordon/trust
	mkdir -p "$TRUST"
}

kmod_peers()
{
	net_peer wan wan0
	net_peer mgmt mgmt0
	net_address wan 203.0.113.1/24 203.0.113.2/24 wan0
	net_address mgmt 10.20.0.1/24 10.20.0.2/24 mgmt0
}

kmod_load() { insmod "$KMOD" "$@" || die "the module cannot be loaded"; }

kmod_end()
{
	# Programs that read its map may only just have gone.
	check "open, the module goes" until_ok 5 rmmod cordon
	check "the kernel complains of nothing" no_complaints
	rm -rf "$KMOD_TMP"
	exit "$NET_FAILED"
}

no_complaints()
{
	! dmesg | grep -E 'WARNING:|BUG:|Oops|general protection|refcount_t|possible circular|KASAN|UBSAN|suspicious RCU|rcu.*stall'
}

key()
{
	tests/make_key "$KMOD_TMP/$1" "${@:2}"
	openssl x509 -in "$KMOD_TMP/$1.pem" -outform DER -out "$KMOD_TMP/$1.der"
}

set_up()
{
	local by
	module setup "${@:2}"
	for by in $1; do module certificate "$KMOD_TMP/$by.der"; done
	module close
}

# sign NAME "SIGNER..." [OPTION...]
sign()
{
	local name=$1 with=() by
	for by in $2; do with+=(-signer "$KMOD_TMP/$by.pem" -inkey "$KMOD_TMP/$by.key"); done
	shift 2
	[ $# -gt 0 ] || set -- -noattr -nocerts
	openssl cms -sign -binary -nodetach -in "$KMOD_TMP/$name" "${with[@]}" -md sha256 \
		-outform DER "$@" -out "$KMOD_TMP/$name.p7"
}

order()
{
	local name=$1 counter=$2 action=$3 signers=$4
	shift 4
	[ $# -gt 0 ] || set -- 'node: store-0042'
	printf 'cordon-order: 1\naction: %s\nissuer: tests\ncounter: %s\nreason: a test\n' \
		"$action" "$counter" >"$KMOD_TMP/$name"
	printf '%s\n' "$@" >>"$KMOD_TMP/$name"
	sign "$name" "$signers"
}

# refused ERROR TEXT FILE: with this one, if any, and the latch as it was
refused()
{
	local before output status=0
	before=$(module get latch counter flags)
	output=$(module order "$KMOD_TMP/$3" 2>&1) || status=$?
	if [ $status = 1 ] && [[ $output == *"$1"* ]] &&
		[ "$before" = "$(module get latch counter flags)" ]; then
		ok "$2"
	else
		not_ok "$2"
		echo "# $status: $output"
	fi
}
