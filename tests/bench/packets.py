# SPDX-License-Identifier: GPL-2.0-or-later
"""What a packet costs in BPF_PROG_TEST_RUN, by packet_helper, for policies of several sizes."""

import policies
from worlds import run

SIZES = [(10, 10), (10, 1000), (1000, 10), (1000, 1000), (100000, 10), (100000, 1000),
         (1000000, 10), (1000000, 1000)]
QUICK = [(10, 10), (1000000, 1000)]


def measure(worlds, figures, quick):
    paths = [policies.write(worlds.folder / f"packet-{count}-{rules}", count, rules)
             for count, rules in (QUICK if quick else SIZES)]
    text = run("env", f"TMPDIR={worlds.folder}", worlds.helper("packet_helper"),
               7 if quick else 15, *paths)
    for line in text.splitlines():
        figures.add_line(line)
