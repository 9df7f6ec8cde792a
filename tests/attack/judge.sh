# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# judge TABLE COLUMN.json...: the table into a file, and a case for each check of it, behind
# tests/net/lib.sh.

judge()
{
	local table=$1 verdict text
	shift
	python3 tests/attack/table.py table "$@" >"$table" || die "no table"
	while IFS=$'\t' read -r verdict text; do
		case $verdict in
		ok) ok "$text" ;;
		skip) skip "$text" ;;
		*) not_ok "$text" ;;
		esac
	done < <(python3 tests/attack/table.py checks "$@")
	sed 's/^/# | /' "$table"
}
