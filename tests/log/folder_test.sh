#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A folder that holds no log is not taken for one that tells nothing. Needs no root.
set -e
cd "$(dirname "$0")/../.."
. tests/net/lib.sh

folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
key=$folder/key
printf '%064d\n' 0 >"$key"
cordon_at() { "$CORDON" --root "$folder" "$@"; }

test_start 15
for words in "events" "events --follow" "log head" "log key" "log verify --key $key"; do
	# shellcheck disable=SC2086 # words of a command
	check "$words, before there is a log: said" says "/var/lib/cordon/log: no log was begun yet" cordon_at $words
done
for words in "events /etc" "events --follow /etc" "log head /etc" "log verify /etc --key $key"; do
	# shellcheck disable=SC2086
	check "$words: there is none" says "/etc: there is no log in it" cordon_at $words
	# shellcheck disable=SC2086
	check "and that is a failure" exits 1 cordon_at $words
done
check "what is no folder" exits 1 cordon_at events "$key"
check "is said, too" says "cannot open the log $key: Not a directory" cordon_at events "$key"
test_end
