#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: only
# timeout: 200
#
# The module's watchdog as the policy has it: the daemon is killed, the module shuts the node, and
# the log tells. What the module does and refuses is in the log, too; and which policy's keep list it
# holds is in status, also when a detach was cut short.
set -e
cd "$(dirname "$0")/../.."
. tests/kmod/lib.sh
case $(uname -r) in 6.1.*) old=yes ;; *) old= ;; esac
kmod_start $((40 + (${#old} ? 3 : 0)))

kmod_node
key ada rsa:2048
key mallory rsa:2048
key edith rsa:2048
told() { cordon status --json | gojq -r ".module.$1"; }
told_is() { [ "$(told "$1")" = "$2" ]; }
says() { cordon status | grep -q "$1"; }
# recorded ACTION NEWS: a record of the log, with its level afterwards
recorded() { cordon events --json | gojq -es --arg action "$1" --arg news "$2" --arg after "$3" \
	'map(select(.event.action == $action and .cordon.backstop.news == $news and
		.cordon.latch.after == $after)) | length > 0'; }
start()
{
	cordon run >"$NET_TMP/run.log" 2>&1 &
	until_ok 60 daemon_pid
}
daemon_pid() { gojq -re .pid <(cordon status --json | gojq '{pid: .daemon} | select(.pid != 0 and .pid != null)'); }
policy()
{
	cat >"$NET_TMP/policy$1.yaml" <<-END
		cordon: 1
		serial: $1
		node: store-0042
		zones: {management: {addresses: [$2]}}
		rules: [{name: out, from: node, to: management, services: [tcp/443]}]
		quarantine:
		  keep: [{name: responders, from: management, to: node, services: [tcp/22]}]
		  watchdog: {silence: 10s, latch: isolate}
	END
}

# ---- nobody who may release ---------------------------------------------------------------------

kmod_load
policy 1 10.20.0.0/24
check "a policy with a watchdog" cordon apply --force "$NET_TMP/policy1.yaml"
check "its silence is handed over" told_is watch_seconds 10
check "and its level" told_is watch_latch isolate
check "with nobody who may release it is not closed" told_is closed false
check "and says so" says 'takes no seal: it was told of no node'
if [ "$old" ]; then
	# This kernel knows no keys on P-256.
	key cora
	cat "$KMOD_TMP/ada.pem" "$KMOD_TMP/cora.pem" >"$TRUST/release.pem"
	echo 'release 2' >"$TRUST/threshold"
	check "with one key of two that this kernel can check" cordon apply --force "$NET_TMP/policy1.yaml"
	check "neither" told_is closed false
	check "and says so" says 'takes no seal by now: this kernel can check 1 of these keys'
	rm "$TRUST/threshold" "$TRUST/release.pem"
fi
check "a seal is the programs' alone" cordon seal isolate
check "not the module's, which nobody could reopen" is latch 0
check "that is no fault" exits 0 cordon status
cp "$KMOD_TMP/ada.pem" "$TRUST/release.pem"
order first 1 release ada
check "who may release it comes later, and does" cordon order "$KMOD_TMP/first.p7"
check "with enough" cordon apply --force "$NET_TMP/policy1.yaml"
check "it is closed" told_is closed true

# ---- silence ------------------------------------------------------------------------------------

start
check "a sign of life begins the watch" until_ok 20 bash -c "
	$CORDON --root $NET_ROOT --bpffs $NET_BPFFS status | grep -q 'last sign of life'"
order stranger 2 release mallory
refuse "an order by a stranger" module order "$KMOD_TMP/stranger.p7"
check "is told in the log" until_ok 20 recorded backstop-alarm "refused an order" open
kill -9 "$(daemon_pid)"
check "silence shuts the node" until_ok 60 is latch 2
check "status tells of it" says 'watchdog    SILENT'
start
check "the log, by the next daemon" until_ok 20 recorded backstop-alarm "got no sign of life" isolate

# ---- the keep list under a latch ----------------------------------------------------------------

check "the keep list is of the policy in force" told_is kept_before false
policy 2 10.30.0.0/24
cp "$KMOD_TMP/edith.pem" "$TRUST/policy.pem"
cordon sign policy "$NET_TMP/policy2.yaml" --node store-0042 --issuer soc --counter 1 --reason 'a test' \
	--cert "$KMOD_TMP/edith.pem" --key "$KMOD_TMP/edith.key" \
	--cert "$KMOD_TMP/ada.pem" --key "$KMOD_TMP/ada.key" -o "$NET_TMP/p.cms" >/dev/null
check "another policy, signed by who may release" cordon apply --force "$NET_TMP/p.cms"
check "leaves the module's" told_is kept_before true
check "and says so" says 'as of the policy before this one, until the release'
order sound 2 release ada
check "a release" cordon order "$KMOD_TMP/sound.p7"
check "is told in the log" until_ok 20 recorded backstop released open
check "and hands the new list over" until_ok 20 told_is kept_before false

# ---- a daemon that waits ------------------------------------------------------------------------

kill "$(daemon_pid)"
until_ok 20 eval '! daemon_pid'
CORDON_STOP_AT="evidence begins" CORDON=$BUILD/tests/fault/cordon start
daemon=$(daemon_pid)
hangs() { grep '^State:.T' "/proc/$(pgrep -P "$daemon")/status"; }
cp "$KMOD_TMP/ada.pem" "$TRUST/seal.pem"
order slow 1 snapshot ada
cp "$KMOD_TMP/slow.p7" "$NET_ROOT/var/lib/cordon/inbox/"
check "evidence that hangs" until_ok 20 hangs
check "is given up" until_ok 40 grep -q 'no evidence was kept within' "$NET_TMP/run.log"
check "and was no silence of who waited for it" is latch 0
kill "$daemon"

# ---- a detach that is cut short -----------------------------------------------------------------

order spent 3 release ada
check "an order that finds the node open" cordon order "$KMOD_TMP/spent.p7"
check "is spent" is counter 3
CORDON_KILL_AT="module rests" "$BUILD/tests/fault/cordon" --root "$NET_ROOT" --bpffs "$NET_BPFFS" \
	--cgroup "$NET_CGROUP" detach || true
refuse "cut short, a detach leaves the hooks" says 'is not attached'
check "and no watch" is watch_seconds 0
check "of which status tells" says 'has another keep list and watch than the policy in force'
rules=$(field rules)
check "a seal" cordon seal isolate
check "shuts the module, too" is latch 2
check "which keeps what it kept" test "$(field rules)" = "$rules" -a "$rules" -gt 0
refuse "what was spent opens nothing" module order "$KMOD_TMP/spent.p7"
refuse "nor is a node detached that is sealed" cordon detach
order after 4 release ada
check "a later order does" cordon order "$KMOD_TMP/after.p7"
check "and the watch is handed over again" is watch_seconds 10
check "that is no fault" exits 0 cordon status
kmod_end
