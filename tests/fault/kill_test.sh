#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 900
#
# kill -9 after every step of a first load, a switch, a trial, a rollback and a detach. After each,
# the old or the new policy must be in force, whole - by what passes and by what status says - and
# the next command must mend what was left behind. It needs build/tests/fault/cordon, the helper
# that counts its steps (userspace/fault.h).
cd "$(dirname "$0")/../.." || exit 1
. tests/net/lib.sh
FAULTY=${FAULTY:-$BUILD/tests/fault/cordon}
STEPS_MAX=400

# Policy N lets port 8N in, and no other.
policy()
{
	cat >"$NET_TMP/$1.yaml" <<-END
	cordon: 1
	serial: $1
	zones:
	  peers: {addresses: [10.1.0.0/24]}
	workloads:
	  pos: {units: [pos.service]}
	rules:
	  - {name: port$1, from: peers, to: node,  services: [tcp/8$1]}
	  - {name: pos$1,  from: pos,   to: peers, services: [tcp/8$1]}
	quarantine:
	  keep:
	    - {name: port$1, from: peers, to: node, services: [tcp/8$1]}
	END
}

port_open() { on_peer wan0 timeout 0.3 bash -c "echo >/dev/tcp/10.1.0.1/8$1" 2>/dev/null; }

# killed_at STEP CMD... - true if it died there, false if it had fewer steps
killed_at()
{
	local step=$1
	shift
	CORDON_KILL_AT=$step on_node "$FAULTY" --root "$NET_ROOT" --bpffs "$NET_BPFFS" \
		--cgroup "$NET_CGROUP" "$@" >/dev/null 2>"$NET_TMP/err"
	[ $? = 137 ]
}

# Which policy is in force, as packets see it: 1, 2, or what is wrong.
by_packets()
{
	local one=- two=-
	port_open 1 && one=1
	port_open 2 && two=2
	case $one$two in
	1-) echo 1 ;;
	-2) echo 2 ;;
	*) echo "ports $one$two" ;;
	esac
}

# whole STEP - the policy in force is one of the two, packets and status agree, all is covered
whole()
{
	local packets serial status
	packets=$(by_packets)
	cordon status --json >"$NET_TMP/status" 2>&1
	status=$?
	serial=$(jq -r .serial "$NET_TMP/status")
	[ "$packets" = "$serial" ] && [ "$status" = 0 ] && return 0
	echo "# step $1: packets say $packets, status says serial $serial, exit $status"
	jq -c .faults "$NET_TMP/status" | sed 's/^/# /'
	return 1
}

# each_step TEXT PREPARE VERIFY CMD... - kill CMD at each of its steps in turn
each_step()
{
	local text=$1 prepare=$2 verify=$3 step bad=0
	shift 3
	for step in $(seq $STEPS_MAX); do
		$prepare || { echo "# step $step: cannot prepare"; bad=1; break; }
		killed_at "$step" "$@" || break
		$verify "$step" || bad=1
	done
	echo "# $text: $((step - 1)) steps"
	[ -s "$NET_TMP/err" ] && sed 's/^/# /' "$NET_TMP/err"
	if [ $bad = 0 ] && [ "$step" -gt 1 ] && [ "$step" -lt $STEPS_MAX ]; then
		ok "$text"
	else
		not_ok "$text"
	fi
}

quiet() { "$@" >/dev/null 2>"$NET_TMP/last" || { sed 's/^/# /' "$NET_TMP/last"; return 1; }; }
apply_one() { quiet cordon apply --force "$NET_TMP/1.yaml"; }
detached() { cordon detach >/dev/null 2>&1; [ ! -e "$NET_BPFFS" ]; }

# Nothing was in force before: then nothing or policy 1, and the next apply makes it whole.
loads() { apply_one && whole "$1" && [ "$(by_packets)" = 1 ]; }

# A trial of an hour: cut short anywhere, the way back is still there.
trial_holds() { whole "$1"; }

one_over_two() { quiet cordon apply --force "$NET_TMP/2.yaml" && apply_one; }
pending_two() { settle && apply_one && quiet cordon apply --confirm 3600 "$NET_TMP/2.yaml"; }
settle() { cordon confirm >/dev/null 2>&1 || true; }
settled_one() { settle && apply_one; }

# Detaching is over when the folder is gone; a second one finishes the first.
detaches() { quiet cordon detach && [ ! -e "$NET_BPFFS" ]; }

[ -x "$FAULTY" ] || { echo "1..0 # SKIP $FAULTY is not built"; exit 0; }
test_start 6
net_start
net_peer wan0
net_address wan0 10.1.0.1/24 10.1.0.2/24
policy 1
policy 2
on_node socat TCP-LISTEN:81,fork,reuseaddr SYSTEM:true 2>/dev/null &
on_node socat TCP-LISTEN:82,fork,reuseaddr SYSTEM:true 2>/dev/null &
until_ok 5 port_open 1
until_ok 5 port_open 2
mkdir -p "$NET_CGROUP/pos.service"

each_step "a switch" apply_one whole apply --force "$NET_TMP/2.yaml"
each_step "a trial" settled_one trial_holds apply --confirm 3600 "$NET_TMP/2.yaml"
each_step "a confirmation" pending_two whole confirm
settle
each_step "a rollback" one_over_two whole rollback
each_step "a first load" detached loads apply "$NET_TMP/1.yaml"
each_step "a detach" apply_one detaches detach
test_end
