#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Bash completion: what it offers after a line. The last word of a line is the one to complete.
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH=$PWD/${BUILD:-build}:$PATH
. userspace/completion/cordon

n=0
offers()
{
	local want=$1 got
	shift
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	_cordon cordon "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
	got="${COMPREPLY[*]}"
	n=$((n + 1))
	if [ "$got" = "$want" ]; then
		echo "ok $n ${*}: $want"
	else
		echo "not ok $n ${*}"
		echo "# wants: $want"
		echo "# got:   $got"
	fi
}

echo 'TAP version 13'
echo '1..40'
offers 'check confirm counters' cordon c
offers 'status' cordon --root /tmp st
offers 'status' cordon --json st
offers '' cordon nothing
offers '--confirm' cordon apply --co
offers '--count' cordon top --cou
offers '--denials' cordon counters --d
offers '' cordon counters --confirm
offers 'tests/policy/good/minimal.yaml' cordon check tests/policy/good/mini
offers 'tests/policy/good/minimal.yaml' cordon apply --audit tests/policy/good/mini
offers 'in out forward' cordon explain ''
offers 'icmp icmpv6' cordon explain in icm
offers 'lo' cordon explain in icmp --interface lo
offers 'icmp icmpv6' cordon --json explain --interface lo in icm
offers '' cordon explain in tcp ''
offers 'egress isolate lockdown' cordon seal ''
offers 'tests/policy/good/minimal.yaml' cordon order tests/policy/good/mini
offers 'order policy add anchor show code' cordon sign ''
offers 'seal release renew snapshot detach revoke wipe' cordon sign order ''
offers 'egress isolate lockdown' cordon sign order seal ''
offers 'egress' cordon sign order --node a seal e
offers 'egress' cordon sign order seal --reason 'a b' --cert a.pem --key b.key -o c e
offers '--not-before-boot' cordon sign order --not
offers '' cordon sign order release --node ''
offers 'tests/policy/good/minimal.yaml' cordon sign policy tests/policy/good/mini
offers 'tests/policy/good/minimal.yaml' cordon sign show --cert tests/policy/good/mini
offers 'tests/policy/good' cordon sign show x --trust tests/policy/go
offers 'verify key head' cordon log ''
offers '--key' cordon log verify --k
offers 'tests/policy' cordon log verify tests/pol
offers 'tests/policy/good/minimal.yaml' cordon log verify tests --key tests/policy/good/mini
offers 'tests/policy' cordon log verify tests --receipts tests/pol
offers 'tests/policy/good/minimal.yaml' cordon check --node tests/policy/good/mini
offers 'explain evidence events' cordon e
offers 'tests/policy/good/minimal.yaml' cordon evidence tests/policy/good/mini
offers 'tests/policy/good/minimal.yaml' cordon evidence x --add tests/policy/good/mini
offers '' cordon evidence --limit ''
offers 'tests/policy' cordon events --class own tests/pol
offers 'own,tamper' cordon events --class own,t
offers '--class --user --unit --pid --reason --rule --since --until --boot --tree --follow --json --root --bpffs --cgroup --help' cordon events --
