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
# costs the kernel's verifier a second. `kill_test.sh PART` runs one.
set -e
cd "$(dirname "$0")/../.."
. tests/net/lib.sh
FAULTY=${FAULTY:-$BUILD/tests/fault/cordon}
STEPS_MAX=400
# The longest first.
PARTS='load-odd load-even detach-apply switch trial confirmation rollback detach-detach'

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
	  - {name: port$1, from: peers, to: node,  services: [udp/8$1]}
	  - {name: pos$1,  from: pos,   to: peers, services: [tcp/8$1]}
	quarantine:
	  keep:
	    - {name: port$1, from: peers, to: node, services: [udp/8$1]}
	END
}

# The node answers on both ports in turn. The peer asks both, and when one answer came, both twice
# more: the third answer of a port cannot come before the other's first, if that one comes at all.
# So a port that is shut is told without a wait.
write_programs()
{
	cat >"$NET_TMP/answer" <<-'END'
	import select, socket
	ports = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
	for i, port in enumerate(ports): port.bind(("", 81 + i))
	while True:
	    for port in select.select(ports, [], [])[0]:
	        port.sendto(*port.recvfrom(9))
	END
	cat >"$NET_TMP/ask" <<-'END'
	import socket, sys, time
	def ask():
	    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	    open_ports = set()
	    def round(number, wanted):
	        end = time.monotonic() + 1
	        for port in (81, 82): s.sendto(number, ("10.1.0.1", port))
	        while time.monotonic() < end:
	            s.settimeout(max(0.001, end - time.monotonic()))
	            try: data, sender = s.recvfrom(9)
	            except TimeoutError: return None
	            open_ports.add(sender[1])
	            if data == number and wanted in (None, sender[1]): return sender[1]
	    first = round(b"1", None)
	    if first: round(b"2", first) and round(b"3", first)
	    return {(): "none", (81,): "1", (82,): "2"}.get(tuple(sorted(open_ports)), "both")
	for _ in sys.stdin: print(ask(), flush=True)
	END
	mkfifo "$NET_TMP/questions" "$NET_TMP/answers"
	exec 8<>"$NET_TMP/questions" 9<>"$NET_TMP/answers"
	on_node python3 "$NET_TMP/answer" &
	on_peer wan0 python3 "$NET_TMP/ask" <&8 >&9 &
}

# Which policy is in force, as packets see it: 1, 2, both, none
by_packets()
{
	local answer=silence
	echo >&8
	read -r -t 30 answer <&9
	echo "$answer"
}

packets_say() { [ "$(by_packets)" = "$1" ]; }

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
	local packets serial status faults
	packets=$(by_packets)
	cordon status --json >"$NET_TMP/status" 2>&1
	status=$?
	read -r serial faults <<<"$(jq -r '"\(.serial) \(.faults)"' "$NET_TMP/status")"
	[ "$packets" = "$serial" ] && [ "$status" = 0 ] && return 0
	echo "# $PART: packets say $packets, status says serial $serial, exit $status, faults $faults"
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

quiet() { "$@" >/dev/null 2>"$NET_TMP/last" || { sed "s/^/# $PART: /" "$NET_TMP/last"; return 1; }; }
apply_one() { quiet cordon apply --force "$NET_TMP/1.yaml"; }
detached() { quiet cordon detach && [ ! -e "$NET_BPFFS" ]; }

one_over_two() { quiet cordon apply --force "$NET_TMP/2.yaml" && apply_one; }
pending_two() { settle && apply_one && quiet cordon apply --confirm 3600 "$NET_TMP/2.yaml"; }
settle() { cordon confirm >/dev/null 2>&1 || true; }
settled_one() { settle && apply_one; }

# Nothing was in force before: so all passes or policy 1 is, and the next apply makes it whole.
loads()
{
	case $(by_packets) in both | 1) ;; *) return 1 ;; esac
	apply_one && whole && packets_say 1
}

# Other names for the pinned programs and maps let them outlive a detach: else each of its steps
# would wait for the verifier before.
keep_objects()
{
	local folder
	for folder in maps progs; do
		mkdir -p "$NET_TMP/bpffs/kept/$folder"
		ln "$NET_BPFFS/$folder"/* "$NET_TMP/bpffs/kept/$folder/"
	done
}

attached()
{
	local folder
	detached && mkdir -p "$NET_BPFFS/links" || return 1
	for folder in maps progs; do
		mkdir -p "$NET_BPFFS/$folder"
		ln "$NET_TMP/bpffs/kept/$folder"/* "$NET_BPFFS/$folder/" || return 1
	done
	apply_one && packets_say 1
}

# Half a detach lets through what it will, but never what only another policy would.
half() { ! packets_say 2; }

# It is over when the folder is gone, and then at once nothing is in the way.
detaches() { half && detached && packets_say both; }

# Without `control` all is loaded anew, a second each time: of those, every third step will do.
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
	trial)
		# Of an hour: cut short anywhere, the way back is still there.
		each_step 1 1 settled_one whole apply --confirm 3600 "$NET_TMP/2.yaml" ;;
	confirmation)
		each_step 1 1 pending_two whole confirm ;;
	rollback)
		each_step 1 1 one_over_two whole rollback ;;
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
net_start
net_peer wan0
net_address wan0 10.1.0.1/24 10.1.0.2/24
policy 1
policy 2
write_programs
until_ok 10 packets_say both
mkdir -p "$NET_CGROUP/pos.service"
if run_part; then ok "$PART"; else not_ok "$PART"; fi
test_end
