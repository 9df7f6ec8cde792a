#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# dracut: a node with /etc/cordon/gate gets the module and the gate into its initramfs.

check()
{
	[ -e /etc/cordon/gate ] || return 1
	# shellcheck disable=SC2154 # dracut sets it
	modinfo -k "$kernel" cordon >/dev/null 2>&1 && return 0
	dwarn "cordon: /etc/cordon/gate is there, but no module for Linux $kernel: no gate at boot"
	return 1
}

installkernel() { instmods cordon; }

install()
{
	# shellcheck disable=SC2154 # dracut sets it
	mkdir -p "$initdir/etc/cordon"
	@sbindir@/cordon gate >"$initdir/etc/cordon/gate" || exit 1
	inst_multiple cat modprobe
	# shellcheck disable=SC2154 # dracut sets it
	inst_hook cmdline 00 "$moddir/gate.sh"
}
