#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 400
# vm: own
#
# A node with a TPM behind the kernel's own driver, started again and again with the disk of one time
# and the TPM's memory as it is: the disk of before a seal does not open it, the disk of now does not
# forget anything, and the owner's release does open it. The TPM is swtpm; anchor_test.sh has the rows.
#
#   driver_test.sh 6.1|6.12     inside, as on_node STEP FOLDER, it runs one of the steps below
set -euo pipefail
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-build}
TRUST=/etc/cordon/trust

# ---- in the machine ----------------------------------------------------------------------------

# The folder is the disk between two machines: var and etc.
take_disk() { rm -rf /var/lib/cordon /etc/cordon; cp -a "$1/var" /var/lib/cordon; cp -a "$1/etc" /etc/cordon; }
leave_disk() { rm -rf "$1"; mkdir -p "$1"; cp -a /var/lib/cordon "$1/var"; cp -a /etc/cordon "$1/etc"; }
cordon() { "$PWD/$BUILD/cordon" "$@"; }
latch() { cordon status --json | gojq -c '[.latch, .latch_state.anchor.kind, .latch_state.counters.release == null]'; }

step_first()
{
	cordon apply /etc/cordon/policy.yaml >/dev/null
}

step_anchored()
{
	cordon run --once >/dev/null
	latch
}

step_sealed()
{
	cordon run --once >/dev/null
	cordon seal isolate --reason 'a test' >/dev/null
	latch
}

step_released()
{
	local seal words challenge
	cordon run --once >/dev/null
	latch
	seal=$(cordon status --json | gojq .latch_state.anchor.seals)
	challenge=$(cordon status --json | gojq -r .latch_state.challenge)
	for name in none good; do
		words=(--challenge "$challenge")
		[ $name = none ] || words+=(--anchor "$seal" --trust "$TRUST")
		cordon sign order release --node store-0042 --issuer t --counter 5 --reason t "${words[@]}" \
			--cert /etc/cordon/ada.pem --key /etc/cordon/ada.key -o /tmp/$name.p7 >/dev/null
	done
	cordon order /tmp/none.p7 >/dev/null 2>&1 || echo refused
	cordon order /tmp/good.p7 >/dev/null
	latch
}

on_node()
{
	local step=$1 folder=$2
	take_disk "$folder/disk"
	"step_$step"
	leave_disk "$folder/disk"
}

if [ "$1" = on_node ]; then on_node "$2" "$3"; exit; fi

# ---- around it ---------------------------------------------------------------------------------

kernel=$1 n=0 failed=0
command -v swtpm >/dev/null || { echo "1..0 # SKIP there is no swtpm"; exit 0; }
mkdir -p build/vm/out
folder=$(mktemp -d "$PWD/build/vm/out/tpm.XXXXXX")
trap 'rm -rf "$folder"' EXIT

boot() { scripts/vm --kernel "$kernel" --tpm "$folder/tpm" "$0" on_node "$1" "$folder" 2>"$folder/said"; }

# row TEXT STEP WANTED...: what a step prints, a line each
row()
{
	local text=$1 step=$2 said wanted
	shift 2
	n=$((n + 1))
	said=$(boot "$step") || said+=" (exit $?)"
	wanted=$(printf '%s\n' "$@")
	if [ "$said" = "$wanted" ]; then echo "ok $n - $text"; else
		failed=1
		echo "not ok $n - $text"
		printf '# wanted: %s\n# said: %s\n' "${wanted//$'\n'/ }" "${said//$'\n'/ }"
		sed 's/^/# /' "$folder/said"
	fi
}

make_disk()
{
	mkdir -p "$folder/disk/var" "$folder/disk/etc/trust"
	tests/make_key "$folder/disk/etc/ada" rsa:2048
	cp "$folder/disk/etc/ada.pem" "$folder/disk/etc/trust/release.pem"
	echo 'node: store-0042' >"$folder/disk/etc/trust/node"
	printf '%s\n' 'cordon: 1' 'serial: 1' 'node: store-0042' 'zones: {wan: {addresses: [10.1.0.0/24]}}' \
		'rules: [{name: in, from: wan, to: node, services: [tcp/22]}]' \
		'quarantine: {keep: [{name: in, from: wan, to: node, services: [tcp/22]}]}' >"$folder/disk/etc/policy.yaml"
}

echo "TAP version 13"
echo "1..7"
make_disk
row "a first boot" first ''
row "a second: the TPM anchors it" anchored '["open","tpm",false]'
cp -a "$folder/disk" "$folder/before"
row "a seal" sealed '["isolate","tpm",false]'
cp -a "$folder/disk" "$folder/sealed"
rm -rf "$folder/disk"
cp -a "$folder/before" "$folder/disk"
row "the disk of before: shut, and its counters are not believed" anchored '["isolate","tpm",true]'
# The TPM counted what the old disk did: the right one is older now, too, as it must be.
rm -rf "$folder/disk"
cp -a "$folder/sealed" "$folder/disk"
row "the disk of the seal is not the last one any more" anchored '["isolate","tpm",true]'
row "a release without a word for the TPM is refused, one with it opens" released '["isolate","tpm",true]' \
	refused '["open","tpm",false]'
row "and the next boot is open" anchored '["open","tpm",false]'
exit $failed
