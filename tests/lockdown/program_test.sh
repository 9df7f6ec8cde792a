#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: only
# timeout: 200
#
# Programs and secrets at lockdown, by the kernel: what is not listed does not start, by whatever way;
# what was changed since is no code; a secret opens for its own programs alone, and gets no other name.
set -e
cd "$(dirname "$0")/../.."
. tests/latch/lib.sh
. tests/latch/orders.sh

# What this test itself needs then.
LISTED='bash dash sh cat grep jq ip timeout sleep mkdir cp mv ln rm ls sed awk head tail touch true tr sort
	wc stat mount umount nsenter openssl flock date chmod true env'

policy()
{
	local name
	latch_policy "$1"
	{
		echo 'lockdown:'
		echo '  programs:'
		for name in $LISTED; do [ ! -x "/usr/bin/$name" ] || echo "    - /usr/bin/$name"; done | sort -u
		echo "    - /usr/sbin/ip"
		echo "    - {path: /usr/bin/uname, sha256: \"$(printf '%064d' 1)\"}"
		echo '  secrets: [{name: s, files: [/srv/keys, /srv/token], programs: [/usr/bin/head]}]'
	} >>"$NET_TMP/policy.yaml"
	cordon apply "$NET_TMP/policy.yaml" >/dev/null
}

says_no() { local output; ! output=$("$@" 2>&1) && [[ $output == *"ermission denied"* || $output == *"not permitted"* ]] || { echo "$output"; false; }; }

test_start 22
latch_world
TRUST=$NET_ROOT/etc/cordon/trust
SRV=$NET_ROOT/srv
mkdir -p "$TRUST" "$NET_ROOT/usr" "$SRV/keys/deep" "$SRV/other"
mount --bind /usr "$NET_ROOT/usr"
for name in ada grace; do key $name ec -pkeyopt ec_paramgen_curve:P-256; done
trust seal ada
trust release grace
echo secret | tee "$SRV/keys/deep/1" "$SRV/token" >/dev/null
printf '#!/usr/bin/python3\nprint(1)\n' >"$NET_TMP/script"
printf '#!/usr/bin/bash\ntrue\n' >"$NET_TMP/shell"
cp /usr/bin/id "$NET_TMP/copy"
chmod +x "$NET_TMP/script" "$NET_TMP/shell"
policy 1
order open 1 release grace
order revoke 1 revoke ada
check "before, everything starts" /usr/bin/id
python3 -c 'import time; time.sleep(1000)' &
RUNNING=$!
cordon seal lockdown --reason 'only what is listed' >"$NET_TMP/sealed" 2>&1 || true
check "what is not what its digest says is told" grep -q 'uname: it is another one' "$NET_TMP/sealed"
check "status knows who refuses" says 'the kernel refused' cordon status
check "a listed program starts" /usr/bin/true
check "another does not" says_no /usr/bin/id
check "nor one of another digest" says_no /usr/bin/uname
check "nor a copy of one" says_no "$NET_TMP/copy"
check "nor a script of an interpreter that is not" says_no "$NET_TMP/script"
check "nor a script that is not, of one that is" says_no "$NET_TMP/shell"
check "nor by the loader" says_no /lib64/ld-linux-x86-64.so.2 /usr/bin/id
check "what ran goes on" kill -0 $RUNNING
sleep 2
cp /usr/lib/x86_64-linux-gnu/libm.so.6 "$NET_TMP/new.so"
preload() { LD_PRELOAD=$NET_TMP/new.so /usr/bin/true 2>&1; }
check "what was written since is not preloaded" grep -q 'new.so.*cannot be preloaded\|failed to map' <(preload)
check "a secret opens for its program" /usr/bin/head -c 1 "$SRV/keys/deep/1"
check "and for no other" says_no /usr/bin/cat "$SRV/keys/deep/1"
check "nor the file by itself" says_no /usr/bin/cat "$SRV/token"
check "nor the folder" says_no /usr/bin/ls "$SRV/keys"
check "nor to be moved" says_no /usr/bin/mv "$SRV/keys/deep/1" "$SRV/other/1"
check "nor by another name" says_no /usr/bin/ln "$SRV/token" "$SRV/other/2"
check "status counts them" says 'the kernel refused 6 starts' cordon status
check "a revoke reaches them" carry revoke
check "and they are gone" test ! -e "$SRV/token"
carry open >/dev/null
check "after a release everything starts" /usr/bin/id
kill $RUNNING
umount "$NET_ROOT/usr"
test_end
