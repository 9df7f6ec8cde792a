#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 900
#
# kill -9 after every step of a first load, a switch, a trial, a confirmation, a rollback and a
# detach. After each, the old or the new policy must be in force, whole - by what passes and by what
# status says - and the next command must mend what was left behind. It needs
# build/tests/fault/cordon, the helper that counts its steps (userspace/fault.h).
#
# Each part has a node of its own, and as many parts run at once as there are CPUs: a first load
# keeps the kernel's verifier busy. `kill_test.sh PART` runs one.
set -e
cd "$(dirname "$0")/../.."
. tests/fault/lib.sh
FAULTY=${FAULTY:-$BUILD/tests/fault/cordon}
STEPS_MAX=400
# The longest first.
PARTS='load-odd load-even detach-apply detach-detach load-rest switch return trial confirmation rollback'

# killed_at STEP CMD... - true if it died there, false if it had fewer steps
killed_at()
{
	local step=$1
	shift
	CORDON_KILL_AT=$step on_node "$FAULTY" --root "$NET_ROOT" --bpffs "$NET_BPFFS" \
		--cgroup "$NET_CGROUP" "$@" >/dev/null 2>"$NET_TMP/err"
	[ $? = 137 ]
}

# whole - the policy in force is one of the two, packets and status agree, all is covered
whole()
{
	local said
	said=$(in_force "$(by_packets)") && return 0
	echo "# $PART: $said"
	return 1
}

# each_step FIRST STRIDE PREPARE VERIFY CMD... - kill CMD at each of its steps in turn
each_step()
{
	local first=$1 stride=$2 prepare=$3 verify=$4 step bad=0 kills=0
	shift 4
	for ((step = first; step < STEPS_MAX; step += stride)); do
		$prepare || { echo "# $PART: cannot prepare step $step"; bad=1; break; }
		killed_at "$step" "$@" || break
		kills=$((kills + 1))
		$verify && continue
		echo "# $PART: after being killed at step $step"
		bad=1
	done
	echo "# $PART: killed $kills times, $SECONDS s"
	[ ! -s "$NET_TMP/err" ] || sed "s/^/# $PART: /" "$NET_TMP/err"
	[ $bad = 0 ] && [ ! -s "$NET_TMP/err" ] && [ $kills -gt 3 ] && [ "$step" -lt $STEPS_MAX ]
}

# Where a switch was cut short, the way back leads to a whole policy, or to none and says so.
returns()
{
	whole || return 1
	if cordon rollback >/dev/null 2>"$NET_TMP/last"; then
		whole
	else
		grep -q "no former generation" "$NET_TMP/last"
	fi
}

quiet() { "$@" >/dev/null 2>"$NET_TMP/last" || { sed "s/^/# $PART: /" "$NET_TMP/last"; return 1; }; }
apply_one() { quiet cordon apply --force "$NET_TMP/1.yaml"; }
detached() { quiet cordon detach && [ ! -e "$NET_BPFFS" ]; }

one_over_two() { quiet cordon apply --force "$NET_TMP/2.yaml" && apply_one; }
pending_two() { settle && apply_one && quiet cordon apply --confirm 3600 "$NET_TMP/2.yaml"; }
two_over_one() { apply_one && quiet cordon apply --force "$NET_TMP/2.yaml"; }
settle() { cordon confirm >/dev/null 2>&1 || true; }
settled_one() { settle && apply_one; }

# Nothing was in force before: so all passes or policy 1 is, and the next apply makes it whole.
mended()
{
	case $(by_packets) in both | 1) ;; *) return 1 ;; esac
	apply_one && whole && packets_say 1
}

# Once all programs are pinned every third step will do, for the part load-rest goes through all of
# them.
loads()
{
	[ ! -e "$NET_BPFFS/maps/build" ] || stride=6
	mended
}

# Other names for the pinned programs and maps let them outlive a detach, so that what comes next
# need not wait for the verifier.
keep_objects()
{
	local folder
	for folder in maps progs; do
		mkdir -p "$NET_TMP/bpffs/kept/$folder"
		ln "$NET_BPFFS/$folder"/* "$NET_TMP/bpffs/kept/$folder/"
	done
}

loaded()
{
	local folder
	detached && mkdir -p "$NET_BPFFS/links" || return 1
	for folder in maps progs; do
		mkdir -p "$NET_BPFFS/$folder"
		ln "$NET_TMP/bpffs/kept/$folder"/* "$NET_BPFFS/$folder/" || return 1
	done
}

attached() { loaded && apply_one && packets_say 1; }

# Half a detach lets through what it will, but never what only another policy would.
half() { ! packets_say 2; }

# It is over when the folder is gone, and then at once nothing is in the way.
detaches() { half && detached && packets_say both; }

# Without `control` all is loaded anew, seconds each time: of those, every third step will do.
reattaches()
{
	half || return 1
	[ -e "$NET_BPFFS/maps/control" ] || [ $((step % 3)) = 0 ] || return 0
	apply_one && whole && packets_say 1
}

run_part()
{
	local first=1
	case $PART in
	switch)
		each_step 1 1 apply_one whole apply --force "$NET_TMP/2.yaml" ;;
	return)
		# The slots to be filled hold what a rollback would return to.
		each_step 1 1 two_over_one returns apply --force "$NET_TMP/2.yaml" ;;
	trial)
		# Of an hour: cut short anywhere, the way back is still there.
		each_step 1 1 settled_one whole apply --confirm 3600 "$NET_TMP/2.yaml" ;;
	confirmation)
		each_step 1 1 pending_two whole confirm ;;
	rollback)
		each_step 1 1 one_over_two whole rollback ;;
	load-rest)
		apply_one && keep_objects || return 1
		each_step 1 1 loaded mended apply --force "$NET_TMP/1.yaml" ;;
	load-*)
		[ "$PART" = load-odd ] || first=2
		each_step $first 2 detached loads apply "$NET_TMP/1.yaml" ;;
	detach-*)
		apply_one && keep_objects || return 1
		case $PART in
		*-apply) each_step 1 1 attached reattaches detach ;;
		*) each_step 1 1 attached detaches detach ;;
		esac ;;
	*)
		die "no part $PART" ;;
	esac
}

[ -x "$FAULTY" ] || { echo "1..0 # SKIP $FAULTY is not built"; exit 0; }
if [ $# = 0 ]; then
	[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP needs root"; exit 0; }
	test_start "$(wc -w <<<"$PARTS")"
	# shellcheck disable=SC2086 # words
	printf '%s\n' $PARTS | xargs -P "$(nproc)" -n 1 "$0"
	exit
fi

PART=$1
fault_start
mkdir -p "$NET_CGROUP/pos.service"
if run_part; then ok "$PART"; else not_ok "$PART"; fi
test_end
