#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The units as `make install` puts them: systemd takes each without a word, and orders what restores
# latch and policy before the network and everything of the system that is not early itself.
set -euo pipefail
cd "$(dirname "$0")/../.."

n=0
check()
{
	local what=$1
	shift
	n=$((n + 1))
	if "$@"; then echo "ok $n $what"; else echo "not ok $n $what"; fi
}

echo 'TAP version 13'
units=(userspace/systemd/*.service)
echo "1..$((${#units[@]} + 5))"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for unit in "${units[@]}"; do
	sed 's|@sbindir@/cordon|/bin/true|' "$unit" >"$folder/${unit##*/}"
done

silent()
{
	local said
	said=$(systemd-analyze verify --man=no "$1" 2>&1) && [ -z "$said" ] || { echo "# $said"; false; }
}
for unit in "${units[@]}"; do
	if command -v systemd-analyze >/dev/null; then
		check "systemd takes ${unit##*/}" silent "$folder/${unit##*/}"
	else
		n=$((n + 1))
		echo "ok $n # SKIP systemd takes ${unit##*/}: there is no systemd-analyze here"
	fi
done

has() { grep -qE "^$1=(.* )?$2( |$)" "$folder/cordon-restore.service"; }
check "restoring waits for no ordinary unit" has DefaultDependencies no
check "comes before the network is set up" has Before network-pre.target
check "which it asks for, as that target is passive" has Wants network-pre.target
check "and is part of the early system" has WantedBy sysinit.target
nice=$(sed -n 's/^#define PRIORITY (\(.*\))$/\1/p' userspace/daemon.c)
check "the daemon has the priority that it asks for" grep -qx "Nice=${nice:?}" "$folder/cordon.service"
