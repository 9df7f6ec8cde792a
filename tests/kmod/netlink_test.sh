#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: only
# timeout: 120
#
# The module's netlink family under 12,000 malformed messages: it answers each, stays as it is, and
# the kernel complains of nothing. Then the limits of what is sound.
set -e
cd "$(dirname "$0")/../.."
. tests/kmod/lib.sh
kmod_start 13

kmod_load
module setup threshold=2 >/dev/null
for seed in 1 2 3; do
	check "4000 messages of seed $seed" module fuzz "$seed" 4000
done
check "it answers as before" is version 3
check "and is open" is latch 0
rmmod cordon
kmod_load
key ada rsa:2048
set_up ada owner="$(printf 'x%.0s' $(seq 255))" fleets="$(printf 'a%.0s' $(seq 1023))"
module seal isolate >/dev/null
check "sealed: 4000 more" module fuzz 4 4000
check "it is sealed still" is latch 2
rules=(); for i in $(seq 1022); do rules+=("in:6:$i:10.0.0.0/8,192.168.0.0/16"); done
refuse "no keep list under a latch" module keep "${rules[@]}"
python3 tests/kmod/module.py get >"$KMOD_TMP/one" &
python3 tests/kmod/module.py get >"$KMOD_TMP/two" &
wait
check "two ask at once" grep -q version "$KMOD_TMP/one" "$KMOD_TMP/two"
check "many ask at once" bash -c 'for i in 1 2 3 4; do python3 tests/kmod/module.py fuzz $i 500 & done; wait'
mapfile -t rules < <(seq -f 'in:6:%g:any' 1025)
refuse "a list that is too long" module keep "${rules[@]}"
refuse "an array that ends within an element" python3 - <<-'END'
	import sys
	sys.path.insert(0, "tests/kmod")
	from module import KEEP, Module
	Module().call("keep", keep=KEEP.pack(0, 0, 0, 0, 1, 0, 0) + bytes(15))
END
order sound 1 release ada
check "after all that a release opens it" module order "$KMOD_TMP/sound.p7"
kmod_end
