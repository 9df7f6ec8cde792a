# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A TPM for tests: swtpm behind a socket in the place of the node's /dev/tpmrm0, and boots that the node
# takes for boots. A script that sources it runs itself in a mount namespace of its own, so that another
# boot_id can lie over the kernel's. It must not touch this machine's own TPM.
#
#   tpm_start, tpm_stop      its memory is kept in $NET_TMP/tpm
#   tpm_clear                as in a machine with another TPM
#   tpm_hangs, tpm_goes_on   it takes commands and answers none
#   tpm2 COMMAND...          tpm2-tools, on it
#   boots                    power off and on: pins, programs, links and what the TPM had in sessions go

[ -n "${TPM_ALONE:-}" ] || TPM_ALONE=yes exec unshare --mount "$0" "$@"

# shellcheck disable=SC2034 # for who sources it
TPM_CHANGES=0x018c0d01 TPM_SEALS=0x018c0d02 TPM_RELEASED=0x018c0d03

# Started and stopped in subshells, too.
tpm_pid() { cat "$NET_TMP/tpm.pid" 2>/dev/null; }

# Return: 1: there is no swtpm here
tpm_there() { command -v swtpm >/dev/null; }

tpm_start()
{
	mkdir -p "$NET_TMP/tpm" "$NET_ROOT/dev"
	swtpm socket --tpm2 --tpmstate "dir=$NET_TMP/tpm" --flags startup-clear,not-need-init \
		--server "type=unixio,path=$NET_ROOT/dev/tpmrm0" \
		--ctrl "type=unixio,path=$NET_TMP/tpm.ctrl" --pid "file=$NET_TMP/tpm.pid" \
		--daemon >"$NET_TMP/tpm.log" 2>&1
	until_ok 5 test -S "$NET_ROOT/dev/tpmrm0" || die "no TPM: $(cat "$NET_TMP/tpm.log")"
}

tpm_stop()
{
	local pid
	pid=$(tpm_pid) || return 0
	kill -KILL "$pid"
	until_ok 5 test ! -e "/proc/$pid/cwd"
	rm -f "$NET_ROOT/dev/tpmrm0" "$NET_TMP/tpm.ctrl" "$NET_TMP/tpm.pid"
}

tpm_clear() { tpm_stop; rm -rf "${NET_TMP:?}/tpm"; tpm_start; }
tpm_hangs() { kill -STOP "$(tpm_pid)"; }
tpm_goes_on() { kill -CONT "$(tpm_pid)"; }

tpm2() { local command=tpm2_$1; shift; TPM2TOOLS_TCTI="cmd:socat - UNIX-CONNECT:$NET_ROOT/dev/tpmrm0" "$command" "$@"; }

# tpm_number INDEX
tpm_number() { echo $((16#$(tpm2 nvread "$1" -C "$1" -s 8 | od -An -tx1 | tr -d " \n"))); }

new_boot_id() { cat /proc/sys/kernel/random/uuid >"$NET_TMP/boot_id"; }

# From here on the emulator ends with the test.
boots_are_ours()
{
	trap 'TPM_STATUS=$?; set +e; tpm_stop; (exit $TPM_STATUS); net_stop' EXIT
	new_boot_id
	mount --bind "$NET_TMP/boot_id" /proc/sys/kernel/random/boot_id
}

boots() { reboot; new_boot_id; [ ! -e "$NET_ROOT/dev/tpmrm0" ] || { tpm_stop; tpm_start; }; }
