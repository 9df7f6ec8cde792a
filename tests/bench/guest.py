# SPDX-License-Identifier: GPL-2.0-or-later
"""What the module and the guard cost, which run in a virtual machine alone. An emulated machine's
time says little, and a shared host's is noisy: so this one has a single CPU whose clock ticks once an
instruction. What an instruction takes (caches, branches) is not in it; what is counted is the same
from run to run."""

import os
from pathlib import Path

from worlds import Failed, run

KERNELS = ("6.1", "6.12")
CLOCK = "-icount shift=0,sleep=off -rtc clock=vm -smp 1"
CHECKOUT = Path(__file__).resolve().parents[2]
ACTS = {"receive": ("bare", "module"), "send": ("bare", "module"),
        "exec": ("unguarded", "guarded"), "open": ("unguarded", "guarded")}


def guest(_, figures, quick):
    for kernel in KERNELS[-1:] if quick else KERNELS:
        measure(figures, kernel)


def measure(figures, kernel):
    values = {}
    said = run(CHECKOUT / "scripts/vm", "--kernel", kernel, "--timeout", "900", "--append",
               "cordon.guard=on", "--qemu", CLOCK, "env", f"BUILD={os.environ.get('BUILD', 'build')}",
               "tests/bench/guest.sh")
    for line in said.splitlines():
        if line.startswith("figure "):
            _, act, subject, value = line.split()
            values.setdefault((act, subject), []).append(float(value))
    for act, (without, with_it) in ACTS.items():
        if (act, with_it) not in values:
            raise Failed(f"tests/bench/guest.sh on {kernel} says: {said.strip()[-300:]}")
        pair = [figures.add("guest", subject, "instructions", values[act, subject], act=act,
                            kernel=kernel) for subject in (without, with_it)]
        figures.add("guest-more", with_it, "%", [100 * (pair[1] / pair[0] - 1)], act=act, kernel=kernel)
