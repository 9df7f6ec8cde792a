# SPDX-License-Identifier: GPL-2.0-or-later
"""What watching costs processes: fork, exec and exit of a program that does nothing, in a tight
loop, unwatched and watched by turns. auditd only where it is asked for, and last: what runs while it
is enabled stays slow, and so does whatever that starts, until the rule `task,never` stands."""

import json
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
        self.lost = []

    def start(self):
        self.daemon = subprocess.Popen(
            ["nsenter", f"--net=/run/netns/{self.world.node}", "--",
             *map(str, self.world.cordon_command("run"))],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until((self.links / "process-exit").exists)
        time.sleep(0.5)

    def stop(self):
        text = self.world.on_node(*self.world.cordon_command("status", "--json"), check=False)
        self.lost.append(json.loads(text)["log"]["classes"]["process"]["lost"])
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


class Auditd:
    """One rule, for execve; the log is a file of ours."""
    name = "auditd execve"

    def __init__(self, worlds):
        self.folder = worlds.folder / "auditd"
        self.folder.mkdir()
        (self.folder / "auditd.conf").write_text(
            f"log_file = {self.folder}/log\nlog_format = RAW\nflush = INCREMENTAL_ASYNC\n"
            "freq = 50\nmax_log_file = 1000\nmax_log_file_action = IGNORE\nlocal_events = yes\n"
            "space_left = 75\nadmin_space_left = 50\n")
        (self.folder / "auditd.conf").chmod(0o600)

    def start(self):
        run("auditctl", "-D")
        self.daemon = subprocess.Popen(["auditd", "-n", "-s", "enable", "-c", self.folder],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: f"pid {self.daemon.pid}" in run("auditctl", "-s"))
        run("auditctl", "-b", 8192)
        run("auditctl", "-a", "always,exit", "-F", "arch=b64", "-S", "execve")

    def stop(self):
        run("auditctl", "-D")
        run("auditctl", "-a", "task,never")
        run("auditctl", "-e", 0)
        self.daemon.terminate()
        self.daemon.wait()


def contenders_of(worlds):
    made = [Unwatched(worlds), Cordon(worlds)]
    if shutil.which("bpftrace"):
        made += [Bpftrace(worlds, name) for name in TRACES]
    return made


def told(figures, name, taken, unwatched, cpus):
    figures.add("watch", name, "ns", taken, cpus=len(cpus))
    figures.add("watch-ratio", name, "of unwatched", ratios(taken, unwatched), cpus=len(cpus))


def watch(worlds, figures, quick, auditd=False):
    rounds, times = (3, 2000) if quick else (9, 10000)
    contenders, program = contenders_of(worlds), program_of(worlds)
    unwatched = {}

    def measure(contender, cpus):
        contender.start()
        try:
            return float(run(worlds.helper("watch_helper"), program, times, *cpus))
        finally:
            contender.stop()

    cordon = contenders[1]
    for cpus in ((0,), (0, 1)):
        cordon.lost.clear()
        values = rounds_of(contenders, rounds, lambda one, cpus=cpus: measure(one, cpus))
        unwatched[cpus] = values["unwatched"]
        for name, taken in values.items():
            told(figures, name, taken, unwatched[cpus], cpus)
        figures.add("watch-lost", cordon.name, "records", cordon.lost, cpus=len(cpus))
    if auditd:
        last = Auditd(worlds)
        for cpus, base in unwatched.items():
            told(figures, last.name, [measure(last, cpus) for _ in range(rounds)], base, cpus)
    worlds.clear()
