#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
#
# Sealing as a command: what it says and refuses, and that it works with the lock taken and the daemon
# stopped or dead. What passes then is levels_test's matter, what is remembered memory_test's.
set -e
cd "$(dirname "$0")/../.."
. tests/latch/lib.sh

test_start 40
latch_start
check "seal egress" cordon seal egress --reason 'a test'
check "once more is no mistake" cordon seal egress --reason 'again'
check "status says who" says 'uid 0' cordon status
check "why" says 'a test' cordon status
check "what is still possible" says 'control: node -> wan tcp/84' cordon status
check "and what is not held" says 'AF_XDP' cordon status
check "isolate" cordon seal isolate --reason 'tighter'
check "a looser level is refused" exits 1 cordon seal egress --reason x
check "with the way out" says 'signed release' cordon seal egress --reason x
check "open is no level to seal at" exits 2 cordon seal open --reason x
check "nor is a made-up one" exits 2 cordon seal tight --reason x
check "lockdown" cordon seal lockdown --reason 'tightest'

refuse "detach is refused" cordon detach
refuse "rollback" cordon rollback
latch_policy 2
refuse "and a policy without a signature" again
refuse "also by force" cordon apply --force "$NET_TMP/policy.yaml"
check "all of which changed nothing" shut_at lockdown

reboot
check "a boot" cordon run --once
check "restores it" shut_at lockdown
check "and counts" test "$(cordon status --json | gojq .latch_state.boot)" = 1

latch_policy
fresh
again
check "a fresh node is open" shut_at open

# The store comes before main(), and so before mistakes are told: none may shut.
refuse "a seal with a mistake: an option that there is not" cordon seal isolate --reasons x
refuse "an argument too many" cordon seal isolate lockdown
refuse "an option without its value" cordon seal isolate --reason
check "a call for help" cordon seal isolate --reason --help
check "none of it shut the node" latch_is open
# shellcheck disable=SC2317 # called by exits
dying_seal() { on_node "$BUILD/tests/latch/no_brk_helper" "$CORDON" --bpffs "$NET_BPFFS" seal isolate; }
check "a process that dies when libc starts" exits 159 dying_seal
check "has shut the node" shut_at isolate
check "which status says is not remembered" says "the disk remembers open" cordon status

# From a container, say, the node is shut; its interfaces are left alone.
check "a seal in another network namespace" says 'another network namespace' cordon_from lan0 seal isolate --reason 'from elsewhere'
check "shuts, and keeps what is to be kept" shut_at isolate
check "and is remembered" remembers isolate
fresh
again

# The lock is held by somebody who does not move.
flock "$NET_ROOT/run/cordon/lock" sleep 30 &
HOLDER=$!
until_ok 5 held_lock
cordon seal isolate --reason 'no lock' >/dev/null 2>&1 &
SEAL=$!
until_ok 5 latch_is isolate
check "the lock is taken: shut at once, by the store alone" shut_at isolate
pkill -P $HOLDER 2>/dev/null || true
kill $HOLDER 2>/dev/null || true
wait $HOLDER 2>/dev/null || true
wait $SEAL || true
check "and it is remembered" remembers isolate

# A daemon that is stopped or dead changes nothing.
fresh
again
cordon run >"$NET_TMP/run.log" 2>&1 &
DAEMON=$!
until_ok 20 grep -q following "$NET_TMP/run.log"
until_ok 5 flock -n "$NET_ROOT/run/cordon/lock" true
kill -STOP "$(cat "$NET_ROOT/run/cordon/daemon")"
check "the daemon is stopped: seal" cordon seal isolate --reason 'stopped'
check "shuts" shut_at isolate
kill -KILL "$(cat "$NET_ROOT/run/cordon/daemon")" 2>/dev/null || true
wait $DAEMON 2>/dev/null || true
check "the daemon is dead: lockdown" cordon seal lockdown --reason 'dead'
check "and it stays shut" shut_at lockdown

# No policy was ever loaded.
fresh
check "no policy: seal" cordon seal isolate --reason 'nothing here'
check "status says so" says 'SEALED' cordon status
test_end
