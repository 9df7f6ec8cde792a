#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Policies that are none, applied to a node that enforces one: one line that says what is wrong and
# where, exit 1, and nothing changed, in the kernel or on disk. What the parser says of each kind of
# mistake is tested word for word by unit/parse_test.
set -e
cd "$(dirname "$0")/../.."
. tests/fault/lib.sh

# state - all that an apply could change
state()
{
	cordon status --json | gojq -c '[.generation, .serial, .interfaces[].hook]'
	(cd "$NET_ROOT/var/lib/cordon" && find . -path ./log -prune -o -type f -exec sha256sum {} + | sort)
	(cd "$NET_BPFFS" && find . | sort)
}

# bad TEXT WORDS - bad.yaml is refused with WORDS, in one line, and leaves everything as it was
bad()
{
	local status=0
	cordon apply "$NET_TMP/bad.yaml" >"$NET_TMP/said" 2>"$NET_TMP/line" || status=$?
	if [ $status = 1 ] && [ "$(wc -l <"$NET_TMP/line")" = 1 ] && [ ! -s "$NET_TMP/said" ] &&
		grep -qF -- "$2" "$NET_TMP/line" && diff "$NET_TMP/before" <(state) >"$NET_TMP/changed" &&
		packets_say 1; then
		ok "$1"
	else
		not_ok "$1"
		echo "# exit $status"
		sed 's/^/# changed: /' "$NET_TMP/changed"
	fi
	cut -c 1-200 "$NET_TMP/line" | head -n 3 | sed "s,$NET_TMP/,,; s/^/# /"
}

good() { cordon apply --force "$NET_TMP/good.yaml" >/dev/null && in_force 2; }

test_start 17
fault_start
check "apply" cordon apply "$NET_TMP/1.yaml"
state >"$NET_TMP/before"
BAD=$NET_TMP/bad.yaml

: >"$BAD"
bad "empty" "bad.yaml:1:1: error: "
printf '\x7fELF\x02\x01\x01\0\0\0\xff\n\x80' >"$BAD"
bad "binary" "bad.yaml:1:1: error: byte 0x7f"
truncate -s 100M "$BAD"
bad "100 MB" "4 MB"
{ cat "$NET_TMP/1.yaml"; printf 'log: '; printf '[%.0s' $(seq 100000); } >"$BAD"
bad "deeply nested" "bad.yaml:13:"
{ cat "$NET_TMP/1.yaml"; printf 'log: \0\n'; } >"$BAD"
bad "a NUL" "bad.yaml:13:6: error: byte 0x00"
iconv -t UTF-16 "$NET_TMP/2.yaml" >"$BAD"
bad "UTF-16" "UTF-16"
head -c -40 "$NET_TMP/2.yaml" >"$BAD"
bad "cut off" "bad.yaml:"
sed '8s/peers, to/pears, to/' "$NET_TMP/2.yaml" >"$BAD"
bad "an unknown zone" "did you mean 'peers'"
sed '8s/8[12]/99999/' "$NET_TMP/2.yaml" >"$BAD"
bad "a port that is none" "99999"
rm "$BAD"
bad "not there" "No such file or directory"
mkdir "$BAD"
bad "a folder" "bad.yaml"
rmdir "$BAD"
sed 's/\[10.1.0.0\/24\]/[10.1.0.0\/24], files: [list.txt]/' "$NET_TMP/2.yaml" >"$BAD"
bad "a prefix file that is not there" "list.txt"
seq 1000000 | awk '{ printf "%d.%d.%d.0/24%s\n", 16 + $1 / 65536, $1 / 256 % 256, $1 % 256,
	$1 == 999999 ? "x" : "" }' >"$NET_TMP/list.txt"
bad "a prefix file whose line 999,999 is bad" "list.txt:999999:1: error: "
mv "$NET_TMP/list.txt" "$NET_TMP/whole.txt"
printf '\x7fELF\x02\x01\x01\0\0\0\xff' >"$NET_TMP/list.txt"
bad "a prefix file that is binary" "list.txt:1:1: error: "

# What only looks strange is taken.
sed 's/$/\r/' "$NET_TMP/2.yaml" >"$NET_TMP/good.yaml"
check "CRLF" good
{ printf '\xef\xbb\xbf'; cat "$NET_TMP/2.yaml"; } >"$NET_TMP/good.yaml"
check "a BOM" good
test_end
