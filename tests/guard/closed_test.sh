#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vm: only
# guard: yes
# timeout: 120
#
# What root may try on a sealed node: as on an open one (acts_test), and what could change the kernel,
# which is tried with no guard before.
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
# shellcheck source=tests/guard/lib.sh
. tests/guard/lib.sh

guard_start
guard_target
guard_acts absent closed
kill "$TARGET"
guard_note_link
daemon_starts || die "the daemon does not start: $(cat "$NET_TMP/run.log")"
guard_target
holder many many
holder ring-user bystander
cordon status >"$NET_TMP/open" 2>&1
cordon seal egress >/dev/null
cordon status >"$NET_TMP/egress" 2>&1
cordon seal isolate >/dev/null
guard_acts closed always never closed
test_start $(($(guard_rows absent) + $(guard_rows closed) + 12))
guard_judge absent
guard_judge closed
check "the guard stands" says "stands, on" cordon status
check "and nothing of it is missing" says "cordon is enforcing" cordon status
check "status says from when on the kernel is closed" says "open to root; closed from isolate on" \
	cat "$NET_TMP/open"
check "that it is not at a level before" says "OPEN TO ROOT at egress" cat "$NET_TMP/egress"
check "and that it is now" says "closed to all but cordon" cordon status
check "the node is shut" says "isolate" cordon status
check "who had many sockets past the packet path is gone" until_ok 5 ended many
check "who only uses io_uring lives" lives bystander
refuse "who started the daemon may not end it now" kill "$(cat "$NET_ROOT/run/cordon/daemon")"
check "it is told" until_ok 10 says "tried to send a signal to cordon's process" cordon events --class tamper
guard_goes
test_end
