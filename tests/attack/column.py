#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""One column of the table: every attack, once, against one guard, in the namespaces that the script
`column` made. Prints a JSON object; it must not judge what ought to be.

    column.py COLUMN [acts]
"""

import json
import os
import socket
import sys
import time

import acts
import far
import ground as g
import attacks  # the rows of packets
from attempt import ATTACKS, Attempt
from guards import GUARDS


def ears_on_node(ground):
    ears = g.Ears()
    ears.add(g.listener(ground, "node", socket.SOCK_STREAM, g.SERVED_PORT))
    ears.add(g.listener(ground, "node", socket.SOCK_STREAM, g.KEPT_IN_PORT), answer=True)
    ears.add(g.listener(ground, "node", socket.SOCK_DGRAM, g.SERVED_PORT))
    member = ears.add(ground.socket(socket.AF_INET, socket.SOCK_DGRAM))
    member.setsockopt(socket.SOL_IP, socket.IP_ADD_MEMBERSHIP,
                      socket.inet_aton("224.0.0.251") + socket.inet_aton(g.NODE4))
    for protocol in (socket.IPPROTO_ICMP, 253):
        ears.add(ground.socket(socket.AF_INET, socket.SOCK_RAW, protocol))
    return ears


def settle():
    """What is on its way arrives: all the wires are in this machine's memory."""
    time.sleep(0.3 * g.slower())


def run_attacks(guard, attempts, watch):
    """Returns when all was shut, by the clock of the watch."""
    for attempt in attempts:
        attempt.advance()
    settle()
    guard.shut()
    since = watch.now()
    for _ in range(2):
        for attempt in attempts:
            attempt.advance()
        settle()
    return since


def main():
    name, with_acts = sys.argv[1], sys.argv[2:] == ["acts"]
    ground = far.NodeGround(os.environ) if far.is_there() else g.Ground(os.environ)
    guard = GUARDS[name](ground, name)
    watch = ground.watch()
    ears, outside = ears_on_node(ground), ground.ears_outside()
    attempts = [Attempt(what, number, ground, watch, ears)
                for number, what in enumerate(ATTACKS, 1)]
    try:
        guard.start()
        since = run_attacks(guard, attempts, watch)
        watch.catch_up()
        rows = [{"number": attempt.number, "result": attempt.result(since), "why": attempt.error}
                for attempt in attempts]
        for attempt in attempts:
            attempt.close()
        ground.unmake()
        done = list(acts.rows(guard, ground, watch)) if with_acts else []
        json.dump({"column": name, "title": guard.title, "rows": rows, "acts": done}, sys.stdout)
    finally:
        guard.stop()
        for thread in (watch, ears, outside):
            thread.stop()


if __name__ == "__main__":
    main()
