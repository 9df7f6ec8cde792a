#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vm: only
# guard: yes
# timeout: 120
#
# What root may try on an open node (tests/guard/acts.py), with no guard and with one: without it each
# act is done, so that it is shown that the guard is what refuses it.
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
# shellcheck source=tests/guard/lib.sh
. tests/guard/lib.sh

guard_start
guard_target
guard_acts absent always never
kill "$TARGET"
guard_note_link
daemon_starts || die "the daemon does not start: $(cat "$NET_TMP/run.log")"
guard_target
guard_acts open always never closed
test_start $(($(guard_rows absent) + $(guard_rows open) + 8))
guard_judge absent
guard_judge open
check "the guard stands" says "stands, on" cordon status
check "and nothing of it is missing" says "cordon is enforcing" cordon status
check "the interface is covered" says "wan0       $([ $TCX = yes ] && echo tcx || echo clsact)" cordon status
acts_told() { cordon events --class tamper | sed -n 's/.* tried to \([a-z]*\).*/\1/p' | sort -u | wc -l; }
many_told() { [ "$(acts_told)" -ge 15 ]; }
check "what was tried is in the log, by kind" until_ok 10 many_told
check "who tried is told" says "python3[" cordon events --class tamper
check "and what" says "to load, to meddle with other processes, the BPF program" \
	cordon events --class tamper
guard_goes
test_end
