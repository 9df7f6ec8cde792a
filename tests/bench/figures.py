# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures: what was measured, its median and tail, and the table that people read."""

import json
import statistics


def tail(values):
    ordered = sorted(values)
    return ordered[len(ordered) - 1 - len(ordered) // 100]


class Figures:
    """All figures of a run, in the order in which they were taken."""

    def __init__(self):
        self.all = []
        self.notes = {}

    def add(self, name, subject, unit, values, **params):
        values = list(values)
        figure = {"name": name, "subject": subject, "unit": unit,
                  "median": round(statistics.median(values), 4), "p99": round(tail(values), 4),
                  "n": len(values), "params": params}
        self.all.append(figure)
        return figure["median"]

    def add_line(self, line):
        self.all.append(json.loads(line))

    def get(self, name, subject, statistic="median", **params):
        """The median of a figure, or its "p99"; None if it was not taken."""
        for figure in self.all:
            if (figure["name"], figure["subject"]) == (name, subject) and \
                    params.items() <= figure["params"].items():
                return figure[statistic]
        return None

    def save(self, path):
        lines = ",\n ".join(json.dumps(figure) for figure in self.all)
        path.write_text(f"[{lines}]\n")


def number(value):
    if value is None:
        return "-"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(title, head, rows):
    """Prints rows under a title; the first column is text, the rest are numbers or text."""
    cells = [[c if isinstance(c, str) else number(c) for c in row] for row in [head, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    print(f"\n{title}")
    for row in cells:
        print("  " + row[0].ljust(widths[0]) + "".join(
            "  " + cell.rjust(width) for cell, width in zip(row[1:], widths[1:])))
