# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
#
# What the tests of the guard share: a node whose helper is a copy of its own, and the acts of
# tests/guard/acts.py against it.
#
#   guard_start                  a node of store-0042 with a small policy in force, and no guard yet
#   guard_order NAME COUNTER ACTION  $NET_TMP/NAME.p7, signed by its owner, whose key is $NET_TMP/owner
#   guard_goes                   two cases: its owner has it all taken down
#   guard_target                 a process of the helper to try signals and the like on
#   guard_acts STAGE WHEN...     try those rows; what came of them is in $NET_TMP/STAGE
#   guard_judge STAGE            one case for each of them
#   holder KIND NAME [CMD...]    somebody who holds a socket past the packet path (holder.py), on the node
#                                or by CMD; heard, hears, sends, is_mute, lives, ended, told NAME

guard_start()
{
	net_start
	net_peer wan wan0
	HELPER=$NET_TMP/cordon
	cp "$CORDON" "$HELPER"
	CORDON=$HELPER
	TRUST=$NET_ROOT/etc/cordon/trust
	mkdir -p "$TRUST" "$NET_ROOT/var/lib/cordon/inbox"
	tests/make_key "$NET_TMP/owner" rsa:2048
	cp "$NET_TMP/owner.pem" "$TRUST/release.pem"
	echo 'node: store-0042' >"$TRUST/node"
	# By now, as under lockdown no test signs anything.
	guard_order end 1000 detach
	net_small_policy
	modprobe -a loop dummy msr
	on_node sleep 1000 &
	NODE_PID=$! TCX=yes LINK_PIN=wan0-egress LINK_ID=$NET_TMP/link
	uname -r | grep -q '^6\.1\.' && TCX=no LINK_PIN=cgroup-connect4
	MEND="nsenter --net=/run/netns/$NODE $CORDON --root $NET_ROOT --bpffs $NET_BPFFS"
	MEND+=" --cgroup $NET_CGROUP apply --force $NET_TMP/policy.yaml"
	KEEPER=$NET_TMP/keeper SLICE=$NET_CGROUP
	mkfifo "$KEEPER.in" "$KEEPER.out"
	mkdir -p "$SLICE/node.service"
	echo $$ >"$SLICE/node.service/cgroup.procs"
	guard_note_link
	export BUILD KEEPER SLICE MEND LINK_PIN LINK_ID HELPER TCX NODE_PID
}

guard_order()
{
	cordon sign order "$3" --node store-0042 --counter "$2" --issuer tests --reason 'a test' \
		--cert "$NET_TMP/owner.pem" --key "$NET_TMP/owner.key" -o "$NET_TMP/$1.p7" >/dev/null
}

guard_goes()
{
	check "its owner's order takes it all down, however it stands" cordon order "$NET_TMP/end.p7"
	check "and nothing of it is left" exits 4 cordon status
}

# Under the guard nobody is told it any more; and somebody who has descriptors from before.
guard_note_link()
{
	bpftool link show pinned "$NET_BPFFS/links/$LINK_PIN" | sed -n '1s/:.*//p' >"$LINK_ID"
	[ -z "${KEEPING:-}" ] || kill "$KEEPING"
	python3 tests/guard/keeper.py "$NET_BPFFS" "$NET_BPFFS/links/$LINK_PIN" "$KEEPER.in" "$KEEPER.out" &
	KEEPING=$!
}

guard_target()
{
	cordon top >/dev/null 2>&1 &
	until_ok 5 pgrep -f "$HELPER.* top" || die "no helper to try things on"
	TARGET=$(pgrep -f "$HELPER.* top" | tail -n 1)
}

guard_acts()
{
	local stage=$1
	shift
	on_node python3 tests/guard/acts.py "$NET_BPFFS" "$NET_ROOT" "$stage" "$TARGET" "$@" \
		>"$NET_TMP/$stage" 2>"$NET_TMP/$stage.err" || die "$(cat "$NET_TMP/$stage.err")"
}

guard_judge()
{
	local name outcome wanted
	while IFS=$'\t' read -r name outcome wanted; do
		case $wanted,$outcome in
		done,done) ok "$1: $name" ;;
		refused,*[Nn]"ot permitted"* | refused,*"must be superuser"* | \
			refused,*"ermission denied"* | refused,*"is not a directory"* | \
			refused,"no descriptor arrived" | refused,died) ok "$1: $name: refused" ;;
		*) not_ok "$1: $name: $outcome, wanted: $wanted" ;;
		esac
	done <"$NET_TMP/$1"
}

guard_rows() { wc -l <"$NET_TMP/$1"; }

holder()
{
	local kind=$1 file=$NET_TMP/holder.$2
	shift 2
	"${@:-on_node}" python3 tests/guard/holder.py "$kind" "$file" >"$file.log" 2>&1 &
	until_ok 10 test -e "$file" || die "no $kind: $(cat "$file.log")"
}
heard() { sed -n 's/heard \([0-9]*\).*/\1/p' "$NET_TMP/holder.$1"; }
sends() { grep -q 'sent yes' "$NET_TMP/holder.$1"; }
is_mute() { ! sends "$1"; }
hears() { local before; before=$(heard "$1"); until_ok "${2:-5}" more "$1" "$before"; }
more() { on_peer wan ping -q -c 1 -W 1 10.9.0.1 >/dev/null; [ "$(heard "$1")" -gt "$2" ]; }
pid_of() { cat "$NET_TMP/holder.$1.pid"; }
lives() { [ -e "/proc/$(pid_of "$1")/exe" ]; }
ended() { ! lives "$1"; }
told() { cordon events --class enforcement | grep "$1" | grep -F "[$(pid_of "$2")]" | grep -q "$3"; }
