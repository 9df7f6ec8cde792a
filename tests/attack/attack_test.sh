#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
# serial: yes
# vm: yes
#
# Ways out of a node and ways round its latch, tried under every level: attacks.py lists them. Each
# column has its own namespaces (see `column`); what must be is in the rows, how it is found out in
# ground.py. The table lands in $BUILD/attack/table.txt. In a virtual machine only Cordon's columns
# are made, or those of ATTACK_COLUMNS="bare egress ..."; acts of root are tried in the columns that
# ATTACK_ACTS names.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/net/lib.sh
. tests/attack/judge.sh

[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP needs root"; exit 0; }
[ -x "$CORDON" ] || die "$CORDON is not built"
export BUILD CORDON PYTHONDONTWRITEBYTECODE=1
peers="velociraptor defender elastic firewalld"
acts="isolate egress lockdown bare open $peers"
[ ! -d /run/vm ] || peers='' acts="isolate bare open"
acts=${ATTACK_ACTS:-$acts}
read -ra columns <<<"${ATTACK_COLUMNS:-bare open egress isolate lockdown $peers}"
out=$BUILD/attack
rm -rf "$out"
mkdir -p "$out"

make_column()
{
	local limit=200 with=()
	[ ! -d /run/vm ] || limit=600
	[[ " $acts " != *" $1 "* ]] || with=(acts)
	timeout -k 5 $limit tests/attack/column "$1" "${with[@]}" >"$out/$1.json" 2>"$out/$1.err"
}

# The long ones first, some at a time: they mostly wait.
make_columns()
{
	local column at_once=4
	[ ! -d /run/vm ] || at_once=2
	for column in $acts "$@"; do
		[ ! -e "$out/$column.json" ] && [[ " $* " == *" $column "* ]] || continue
		[ "$(jobs -r | wc -l)" -lt $at_once ] || wait -n
		make_column "$column" &
		: >>"$out/$column.json"
	done
	wait
}

files=("${columns[@]/%/.json}")
files=("${files[@]/#/$out/}")
test_start "$(python3 tests/attack/table.py count "${columns[@]}")"
make_columns "${columns[@]}"
for column in "${columns[@]}"; do
	[ -s "$out/$column.json" ] || { sed 's/^/# /' "$out/$column.err"; die "no column $column"; }
done
judge "$out/table.txt" "${files[@]}"
test_end
