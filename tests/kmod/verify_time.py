#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How long the kernel takes for one order: the median of 50 that are refused for their counter,
signatures and all, less that of a request that asks nothing. Prints a comment of TAP."""

import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from module import Module  # noqa: E402


def median(call):
    times = []
    for _ in range(50):
        start = time.perf_counter_ns()
        try:
            call()
        except OSError:
            pass
        times.append(time.perf_counter_ns() - start)
    return statistics.median(times) / 1000


def main():
    module = Module()
    cms = Path(sys.argv[1]).read_bytes()
    order, nothing = median(lambda: module.call("order", order=cms)), median(lambda: module.call("beat"))
    print(f"# one order of two signers, three certificates: {order - nothing:.0f} us in the kernel, emulated")


if __name__ == "__main__":
    main()
