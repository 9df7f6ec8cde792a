#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: only
# timeout: 120
#
# `revoke` of a TPM's handles: by a software TPM behind the kernel's own driver, in a virtual machine.
set -e
cd "$(dirname "$0")/../.."
. tests/latch/lib.sh
. tests/latch/orders.sh

line() { grep -q "^$1" <(last_receipt) || { last_receipt; false; }; }
holds() { tpm2_getcap handles-persistent | grep -q "$1"; }
policy()
{
	latch_policy "$1"
	printf 'lockdown: {secrets: [{name: k, tpm: [%s]}]}\n' "$2" >>"$NET_TMP/policy.yaml"
	cordon apply "$NET_TMP/policy.yaml" >/dev/null
}

test_start 9
latch_world
TRUST=$NET_ROOT/etc/cordon/trust
mkdir -p "$TRUST" "$NET_ROOT/dev" "$NET_TMP/tpm"
key ada
trust seal ada
policy 1 '0x81000001, 0x81000002'
order none 1 revoke ada
check "without a TPM" exits 3 carry none
check "that is said" line 'not-destroyed: TPM handle 0x81000001: there is no TPM 2.0'
modprobe tpm_vtpm_proxy
swtpm chardev --vtpm-proxy --tpm2 --tpmstate "dir=$NET_TMP/tpm" --flags not-need-init,startup-clear \
	>/dev/null 2>&1 &
until_ok 20 test -e /dev/tpmrm0 || die "no TPM comes"
mount --bind /dev "$NET_ROOT/dev"
export TPM2TOOLS_TCTI=device:/dev/tpmrm0
tpm2_createprimary -C o -c "$NET_TMP/primary" >/dev/null 2>&1
for handle in 0x81000001 0x81000003; do
	tpm2_evictcontrol -C o -c "$NET_TMP/primary" $handle >/dev/null 2>&1
done
check "a TPM holds a key" holds 0x81000001
check "the same order, again" carry none
check "evicts it" line 'destroyed: TPM handle 0x81000001: evicted'
check "and says what was not there" line 'not-there: TPM handle 0x81000002: the TPM holds none'
check "what was not listed stays" sh -c 'tpm2_getcap handles-persistent | grep -q 0x81000003 &&
	! tpm2_getcap handles-persistent | grep -q 0x81000001'
policy 2 0x81000003
tpm2_changeauth -c o secret
order owned 2 revoke ada
carry owned >/dev/null || true
check "an owner's password" line "not-destroyed: TPM handle 0x81000003: the TPM's owner has a password"
check "keeps it" holds 0x81000003
umount "$NET_ROOT/dev"
test_end
