# SPDX-License-Identifier: GPL-2.0-or-later
"""Policies of any size, the same ones at each run, for Cordon and for its peers.

A policy has ZONES zones with random prefixes, one file a zone, and rules that let each zone reach
services of the node. It must not depend on the machine.
"""

import functools
import random
from pathlib import Path

FIRST_PORT = 10000
# Lengths as lists of real networks have them: mostly /24, some shorter, some hosts.
LENGTHS = [24] * 12 + [20, 21, 22, 23] + [28, 30, 32, 32]
SKIPPED = {0, 10, 127, 169, 172, 192, 198, 203}  # first bytes that tests use for themselves


@functools.lru_cache(maxsize=4)
def prefixes(count, seed=1):
    """(address, length) of count distinct IPv4 prefixes, unsorted."""
    source, seen = random.Random(seed), set()
    while len(seen) < count:
        length = LENGTHS[source.getrandbits(16) % len(LENGTHS)]
        address = source.getrandbits(32) >> (32 - length) << (32 - length)
        if 0 < address >> 24 < 224 and address >> 24 not in SKIPPED:
            seen.add((address, length))
    listed = sorted(seen)
    source.shuffle(listed)
    return listed


def text(prefix):
    a, length = prefix
    return f"{a >> 24}.{a >> 16 & 255}.{a >> 8 & 255}.{a & 255}/{length}"


def zones_of(count, rules):
    return max(1, min(count, rules, 250))


def write(folder, count, rules, *, flows=131072, seed=1, interfaces=""):
    """Writes a policy with its prefix files and returns its path."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    zones = zones_of(count, rules)
    listed = prefixes(count, seed)
    lines = ["cordon: 1", "serial: 1", "zones:"]
    for zone in range(zones):
        own = "".join(text(p) + "\n" for p in listed[zone::zones])
        (folder / f"z{zone}.txt").write_text(own)
        lines.append(f"  z{zone}: {{files: [z{zone}.txt]}}")
    lines.append("rules:")
    for rule in range(rules):
        lines.append(f"  - {{name: r{rule}, from: z{rule % zones}, to: node, "
                     f"services: [tcp/{FIRST_PORT + rule}]}}")
    lines.append("quarantine: {keep: [{name: ssh, from: z0, to: node, services: [tcp/22]}]}")
    if interfaces:
        lines.append(interfaces)
    lines.append(f"flows: {{entries: {flows}}}")
    policy = folder / "policy.yaml"
    policy.write_text("\n".join(lines) + "\n")
    return policy
