# SPDX-License-Identifier: GPL-2.0-or-later
"""What watching costs processes: fork, exec and exit of a program that does nothing, in a tight
loop, unwatched and watched by turns. auditd is not among them: to enable it once slows all tasks
until the next boot."""

import shutil
import subprocess
import time

import loads
from ends import ratios, rounds_of
from worlds import Failed, run

TRACES = {
    "bpftrace execve": 'tracepoint:syscalls:sys_enter_execve '
                       '{ printf("%d %s %s\\n", pid, comm, str(args->filename)); }',
    "bpftrace exec": 'tracepoint:sched:sched_process_exec '
                     '{ printf("%d %s %s\\n", pid, comm, str(args->filename)); }',
}


def program_of(worlds):
    """Static, so that the loader's work is not measured."""
    program = worlds.folder / "nothing"
    run("gcc", "-static", "-O2", "-x", "c", "-o", program, "-", stdin="int main(void) { return 0; }")
    return program


def until(condition, seconds=30):
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        time.sleep(0.05)
    raise Failed("a watcher did not start")


class Unwatched:
    name = "unwatched"

    def __init__(self, worlds):
        self.worlds = worlds

    def start(self):
        pass

    def stop(self):
        pass


class Cordon:
    """The daemon with all that it does; processes are followed by links that outlive it."""
    name = "cordon"

    def __init__(self, worlds):
        self.worlds = worlds
        self.world = worlds.make("cordon")
        (self.world.folder / "root/var/lib/cordon").mkdir(parents=True)
        self.world.cordon("apply", loads.small_policy(worlds.folder / "watch"))
        self.links = worlds.folder / "bpffs" / f"cordon{self.world.number}" / "links"

    def start(self):
        self.daemon = subprocess.Popen(
            ["nsenter", f"--net=/run/netns/{self.world.node}", "--",
             *map(str, self.world.cordon_command("run"))],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until((self.links / "process-exit").exists)
        time.sleep(0.5)

    def stop(self):
        self.daemon.terminate()
        self.daemon.wait()
        for link in self.links.glob("process-*"):
            link.unlink()


class Bpftrace:
    """Prints what it sees into a file."""

    def __init__(self, worlds, name):
        self.worlds, self.name = worlds, name
        self.file = worlds.folder / "bpftrace"

    def start(self):
        self.tracer = subprocess.Popen(["bpftrace", "-e", TRACES[self.name]],
                                       stdout=self.file.open("w"), stderr=subprocess.DEVNULL)
        until(lambda: "Attaching" in self.file.read_text())
        time.sleep(1)

    def stop(self):
        self.tracer.terminate()
        self.tracer.wait()


def contenders_of(worlds):
    made = [Unwatched(worlds), Cordon(worlds)]
    if shutil.which("bpftrace"):
        made += [Bpftrace(worlds, name) for name in TRACES]
    return made


def watch(worlds, figures, quick):
    rounds, times = (3, 2000) if quick else (9, 10000)
    contenders, program = contenders_of(worlds), program_of(worlds)
    for cpus in ((0,), (0, 1)):
        def measure(contender):
            contender.start()
            try:
                return float(run(worlds.helper("watch_helper"), program, times, *cpus))
            finally:
                contender.stop()

        values = rounds_of(contenders, rounds, measure)
        for name, taken in values.items():
            figures.add("watch", name, "ns", taken, cpus=len(cpus))
            figures.add("watch-ratio", name, "of unwatched", ratios(taken, values["unwatched"]),
                        cpus=len(cpus))
    worlds.clear()
