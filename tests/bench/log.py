# SPDX-License-Identifier: GPL-2.0-or-later
"""What the log costs: the daemon when nothing happens and at its worst, bytes on disk, the time until
a record is on stable storage, and the time to verify many."""

import json
import os
import subprocess
import time

from watch import Cordon, until
from worlds import run

TICKS = os.sysconf("SC_CLK_TCK")
VERIFIED = 10000000  # the goal, records


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mb(pid, what):
    for line in open(f"/proc/{pid}/status", encoding="ascii"):
        if line.startswith(what + ":"):
            return int(line.split()[1]) / 1024
    raise KeyError(what)


def log_of(world):
    return world.folder / "root/var/lib/cordon/log"


def daemon_of(world):
    return int((world.folder / "root/run/cordon/daemon").read_text())


def idle(figures, world, quick):
    """Alone in the machine but for what the machine itself does."""
    pid, seconds = daemon_of(world), 5 if quick else 30
    time.sleep(2)
    before = cpu_seconds(pid)
    time.sleep(seconds)
    figures.add("idle-cpu", "cordon", "% of a core", [100 * (cpu_seconds(pid) - before) / seconds])
    figures.add("idle-memory", "cordon", "MB", [memory_mb(pid, "VmRSS")])


def stable(figures, worlds, world, quick):
    text = run(worlds.helper("stable_helper"), world.folder / "root",
               worlds.folder / "bpffs" / f"cordon{world.number}", 20 if quick else 200)
    figures.add("stable", "cordon", "us", map(float, text.split()))


def sizes_of(file):
    """Bytes on disk, and of blocks."""
    size = file.stat().st_size
    if file.suffix != ".zst":
        return size, size
    whole = subprocess.run(["zstd", "-dcq", file], capture_output=True, check=True).stdout
    return size, len(whole)


def blocks_of(world):
    return sum(sizes_of(file)[1] for file in log_of(world).glob("process.*"))


def disk(figures, worlds, watcher, quick):
    """Of each fork, exec and exit, with all that is told beside them; 216 of it are no texts."""
    times = 2000 if quick else 20000
    before = blocks_of(watcher.world)
    run("env", "-C", "/", worlds.helper("watch_helper"), "/usr/bin/true", times, 0)
    time.sleep(1)
    figures.add("busy-memory", "cordon", "MB", [memory_mb(daemon_of(watcher.world), "VmHWM")])
    watcher.stop()
    each = (blocks_of(watcher.world) - before) / times
    watcher.start()
    log = log_of(watcher.world)
    until(lambda: len(list(log.glob("process.*[0-9]"))) <= 1)
    packed, whole = map(sum, zip(*(sizes_of(file) for file in log.glob("process.*.zst"))))
    figures.add("disk", "whole", "bytes", [each])
    figures.add("disk", "compressed", "bytes", [each * packed / whole])


def verify(figures, worlds, quick):
    root = worlds.folder / "verified"
    (root / "var/lib/cordon/log").mkdir(parents=True)
    made = json.loads(run(worlds.helper("record_helper"), root, 0, 500 if quick else 3500,
                          "chained"))
    key = worlds.folder / "verified.key"
    cordon = [worlds.build / "cordon", "--root", root, "log"]
    run(*cordon, "key", key)
    start = time.monotonic()
    run(*cordon, "verify", "--key", key)
    seconds = time.monotonic() - start
    figures.add("verify", "cordon", "s for 10,000,000 records",
                [seconds * VERIFIED / made["kept"]], records=made["kept"])
    run("rm", "-r", root)


def log(worlds, figures, quick):
    watcher = Cordon(worlds)
    watcher.start()
    try:
        idle(figures, watcher.world, quick)
        stable(figures, worlds, watcher.world, quick)
        disk(figures, worlds, watcher, quick)
    finally:
        watcher.stop()
    verify(figures, worlds, quick)
    worlds.clear()
