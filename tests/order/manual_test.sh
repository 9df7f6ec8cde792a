#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The commands in cordon.order(5), run as they stand there, one block after another in one shell, by
# somebody whose every passphrase is the same.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/order/lib.sh

# Blocks as shell, a file each.
blocks()
{
	awk '/^\.\\" run$/ { wanted = 1; next }
	     /^\.Bd/ && wanted { file = sprintf("block.%02d", ++n); printf "" >file; next }
	     /^\.Ed/ { wanted = 0; file = ""; next }
	     file { gsub(/\\e/, "\\"); print >file }' "$1"
}

# No terminal: then a passphrase is read from standard input, by each program a buffer full, which
# must end where a line does.
with_passphrases() { setsid -w bash -euc "$1" < <(yes sesame7 2>/dev/null); }

order_start 16
cp "$ROOT/tests/policy/good/minimal.yaml" policy.yaml
sed -i 's/^node: .*/node: store-0042/' policy.yaml
rmdir trust
mkdir bin
ln -s "$CORDON" bin/cordon
PATH=$PWD/bin:$PATH
blocks "$ROOT/userspace/man/cordon.order.5"
check "the manual has its nine blocks" test "$(ls block.* | wc -l)" = 9
for block in block.*; do
	if with_passphrases ". ./$block" >said 2>&1; then
		ok "$(head -n 1 "$block")"
	else
		not_ok "$(head -n 1 "$block")"
		sed 's/^/# /' said
	fi
done
taken "the order by openssl" seal.cms
taken "the order by cordon" seal-again.cms
refused "the release with one signature" release-1.cms '1 of the 2 keys that it takes for release'
taken "the release with both" release.cms
taken "the bundle by cordon" policy.cms
taken "the bundle by hand" bundle.cms
order_end
