# SPDX-License-Identifier: GPL-2.0-or-later
"""Records from the ring to the file, chained and only copied, and what was lost on the way."""

import json
import shutil

from worlds import run

OFFERED = 2500000  # the goal, records of 200 bytes a second


def once(worlds, offered, milliseconds, how):
    root = worlds.folder / "record"
    (root / "var/lib/cordon").mkdir(parents=True)
    text = run(worlds.helper("record_helper"), root, offered, milliseconds, how)
    shutil.rmtree(root)
    return json.loads(text)


def records(worlds, figures, quick):
    rounds, milliseconds = (2, 500) if quick else (5, 2000)
    for how, subject in (("plain", "copied"), ("chained", "cordon")):
        for offered in (OFFERED, 0):
            done = [once(worlds, offered, milliseconds, how) for _ in range(rounds)]
            name = "record" if offered else "record-flood"
            figures.add(f"{name}-rate", subject, "records/s",
                        [one["kept"] / one["seconds"] for one in done], offered=offered)
            figures.add(f"{name}-lost", subject, "%",
                        [100 * one["lost"] / one["made"] for one in done], offered=offered)
            figures.add(f"{name}-cpu", subject, "ns", [one["cpu_ns"] for one in done],
                        offered=offered)
