#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The columns beside each other, and what is wrong with them.

    table.py table COLUMN.json...    the table, as text
    table.py summary COLUMN.json...  how many of each kind got through, in Markdown
    table.py checks COLUMN.json...   a line a check: ok, fail or skip, a tab, and what it was
    table.py count COLUMN...         how many checks there are of those

An attack that does not get through with no firewall, or an open Cordon, proves nothing: where the
kernel may lack what it needs it is left out of every column, and else that is a failure.
"""

import json
import sys

import attacks  # the rows of packets
from acts import ACTS, KINDS, PATIENCE
from attempt import ATTACKS, BROKEN, HELD, LACKS, LEVELS, OUT, SECTIONS, STOPPED
from guards import GUARDS

CONTROLS = ("bare", "open", "held-open")
NAMES = 63
CELL = 13


def read(paths):
    columns = {}
    for path in paths:
        with open(path, encoding="ascii") as file:
            column = json.load(file)
        columns[column["column"]] = column
    return [columns[name] for name in GUARDS if name in columns]


def result(column, number):
    return column["rows"][number - 1]["result"]


def lacking(columns, what, number):
    """Why it cannot be made here, or None."""
    control = next(column for column in columns if column["column"] in ("bare", "held-open"))
    if not what.lacks or result(control, number) == what.success():
        return None
    return control["rows"][number - 1]["why"] or "it did not arrive"


def text_of(what, column, found):
    if found != what.success() or what.way == "keep":
        return found
    if what.served and column.endswith("egress"):
        return f"{found} by rule"
    return f"{found} (known)" if what.known_in(column) else found


def print_table(columns):
    print(" " * (NAMES + 13) + "".join(column["title"].ljust(CELL) for column in columns).rstrip())
    for number, what in enumerate(ATTACKS, 1):
        cells = [text_of(what, column["column"], result(column, number)) for column in columns]
        why = lacking(columns, what, number)
        if why:
            cells = [LACKS] * len(columns)
        text = "".join(cell.ljust(CELL) for cell in cells)
        line = f"{number:3} {what.way:8} {what.name:{NAMES}}{text}"
        print(line.rstrip() + (f"  cannot be made here: {why}" if why else ""))


def known_act(what, column):
    return what.known and column["column"] in LEVELS


def act_text(what, column, place):
    if not column["acts"]:
        return "as isolate" if column["column"].endswith("lockdown") else ""
    row = column["acts"][place]
    if row["out"] is None:
        return LACKS
    known = " (known)" if known_act(what, column) else ""
    if row["out"]:
        return OUT + known
    return STOPPED if row["leak"] is None else f"after {1000 * row['leak']:.0f} ms"


def print_acts(columns):
    print("\nActs of a root on the node. What is asked after each: does a packet get out? TCP, UDP,"
          "\nping, and forwarded ones. 'after N ms': it did, until the guard was back.\n")
    for place, what in enumerate(ACTS):
        cells = "".join(act_text(what, column, place).ljust(CELL) for column in columns)
        line = f"{len(ATTACKS) + place + 1:3} {what.way:8} {what.name:{NAMES}}{cells}"
        why = next((c["acts"][place]["why"] for c in columns if c["acts"] and what.lacks and
                    c["acts"][place]["why"] == what.lacks), None)
        print(line.rstrip() + (f"  {why}" if why else ""))


def print_line(cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |")


def share(found):
    """How many of those that were tried got through: of a list of True, False and None."""
    tried = [one for one in found if one is not None]
    return f"{sum(tried)} of {len(tried)}" if tried else LACKS


def print_summary(columns):
    print_line(["got through"] + [column["title"] for column in columns])
    print_line(["---"] * (len(columns) + 1))
    for name in SECTIONS:
        rows = [(number, what) for number, what in enumerate(ATTACKS, 1)
                if what.section == name and not lacking(columns, what, number)]
        print_line([name] + [share([result(column, number) == what.success()
                                    for number, what in rows]) for column in columns])
    print_line(["after acts of a root"] + [share([row["out"] for row in column["acts"][1:]])
                                           for column in columns])


def check_act(what, number, column):
    place = number - len(ATTACKS) - 1
    name = f"{column['title']}: {number} {what.way}: {what.name}"
    row = column["acts"][place] if column["acts"] else {"out": None, "why": "tried at other levels"}
    if row.get("broken"):
        print(f"fail\t{name}: {row['why']}")
    elif row["out"] is None:
        print(f"skip\t{name}: {row['why']}")
    elif known_act(what, column):
        print(f"ok\t{name}: {act_text(what, column, place)}: {what.known}")
    elif row["out"]:
        print(f"fail\t{name}: {row['why']} got out, after {PATIENCE} s")
    else:
        print(f"ok\t{name}: {act_text(what, column, place)}")


def check_probes(column):
    """With nothing shut, all that is asked after an act must get out, or it proves nothing."""
    said = column["acts"][0]["why"]
    name = f"{column['title']}: what is asked after each act gets out"
    print(f"{'ok' if said == ', '.join(KINDS) else 'fail'}\t{name}: {said}")


def print_checks(columns):
    for number, what in enumerate(ATTACKS, 1):
        why = lacking(columns, what, number)
        for column in columns:
            if column["column"] in CONTROLS + LEVELS + HELD:
                check(what, number, column, why)
    for column in columns:
        if column["column"] in CONTROLS:
            check_probes(column)
        for number, what in enumerate(ACTS, len(ATTACKS) + 1):
            if column["column"] in LEVELS + HELD:
                check_act(what, number, column)


def check(what, number, column, why):
    row = column["rows"][number - 1]
    wanted = what.wanted(column["column"])
    name = f"{column['title']}: {number} {what.way}: {what.name}"
    if why:
        print(f"skip\t{name}: cannot be made here: {why}")
    elif row["result"] == BROKEN:
        print(f"fail\t{name}: {row['why']}")
    elif wanted is None:
        print(f"ok\t{name}: {row['result']}, known: {what.known}")
    else:
        verdict = "ok" if row["result"] == wanted else "fail"
        said = "" if verdict == "ok" else f", and must be: {wanted} ({row['why']})"
        print(f"{verdict}\t{name}: {row['result']}{said}")


def main():
    order, paths = sys.argv[1], sys.argv[2:]
    if order == "count":
        checked = [name for name in paths if name in CONTROLS + LEVELS + HELD]
        print(len(ATTACKS) * len(checked) +
              sum(1 if name in CONTROLS else len(ACTS) for name in checked))
    elif order == "summary":
        print_summary(read(paths))
    elif order == "table":
        print_table(read(paths))
        print_acts(read(paths))
    else:
        print_checks(read(paths))


if __name__ == "__main__":
    main()
