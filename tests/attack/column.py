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
import attacks
import ground as g
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


def ears_outside(ground):
    ears = g.Ears()
    for port in (9000, 53, g.KEPT_PORT):
        ears.add(g.listener(ground, "wan0", socket.SOCK_STREAM, port), answer=True)
    resolver = g.listener(ground, "wan0", socket.SOCK_DGRAM, 53, "::ffff:" + g.RESOLVER4)
    ears.add(resolver, answer=True)
    ears.add(g.listener(ground, "wan0", socket.SOCK_DGRAM, 9000))
    multipath = ground.socket(socket.AF_INET, socket.SOCK_STREAM, attacks.MPTCP, at="wan0")
    multipath.bind((g.STRANGER4, 9001))
    multipath.listen(8)
    ears.add(multipath)
    return ears


def settle():
    """What is on its way arrives: all the wires are in this machine's memory."""
    time.sleep(0.3 * g.slower())


def run_attacks(guard, attempts):
    """Returns when all was shut."""
    for attempt in attempts:
        attempt.advance()
    settle()
    guard.shut()
    since = time.monotonic()
    for _ in range(2):
        for attempt in attempts:
            attempt.advance()
        settle()
    return since


def main():
    name, with_acts = sys.argv[1], sys.argv[2:] == ["acts"]
    ground = g.Ground(os.environ)
    guard = GUARDS[name](ground, name)
    watch = g.Watch(ground, ("wan0", "lan0"))
    ears, outside = ears_on_node(ground), ears_outside(ground)
    attempts = [Attempt(what, number, ground, watch, ears)
                for number, what in enumerate(ATTACKS, 1)]
    try:
        guard.start()
        since = run_attacks(guard, attempts)
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
