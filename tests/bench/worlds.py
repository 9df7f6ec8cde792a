# SPDX-License-Identifier: GPL-2.0-or-later
"""A node and its peers in network namespaces, one node for each contender, so that contenders can
take turns without being set up anew.

Names start with cordon-bench-; everything is taken down by Worlds.close(). It must not touch this
machine's own interfaces, cgroups or pins.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

NODE_A, PEER_A = "192.0.2.1", "192.0.2.2"
NODE_B, PEER_B = "198.51.100.1", "198.51.100.2"


class Failed(Exception):
    """A command failed; says which and what it said."""


def run(*command, check=True, stdin=None):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, input=stdin,
                          check=False)
    if check and done.returncode:
        raise Failed(f"{' '.join(map(str, command))}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def cgroup2():
    for line in Path("/proc/self/mounts").read_text().splitlines():
        if line.split()[2] == "cgroup2":
            return Path(line.split()[1])
    raise Failed("no cgroup2 is mounted")


class World:
    """One node: interface `na` to the peer namespace A, `nb` to B if forwarding is wanted."""

    def __init__(self, worlds, name, far=False):
        self.worlds, self.name = worlds, name
        worlds.count += 1
        self.number = worlds.count
        self.node, self.a, self.b = (f"{worlds.prefix}-{self.number}{x}" for x in ("n", "a", "b"))
        # Threads outlive a namespace for a moment: never the name of another run's.
        self.na, self.nb = (f"cb{os.getpid() % 4096:03x}{self.number}{x}" for x in "ab")
        self.folder = worlds.folder / f"w{self.number}"
        self.folder.mkdir()
        self.thread = None
        self.servers = []
        self.cordoned = False
        worlds.made.append(self)
        self.add(self.node)
        self.on_node("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0",
                     "net.ipv4.conf.default.rp_filter=0")
        self.join(self.a, self.na, NODE_A, PEER_A)
        if far:
            self.join(self.b, self.nb, NODE_B, PEER_B)

    def add(self, namespace):
        run("ip", "netns", "add", namespace)
        run("ip", "-n", namespace, "link", "set", "lo", "up")

    def join(self, peer, interface, node_address, peer_address):
        self.add(peer)
        run("ip", "-n", self.node, "link", "add", interface, "numrxqueues", 1, "numtxqueues", 1,
            "type", "veth", "peer", "name", "eth0", "netns", peer, "numrxqueues", 1,
            "numtxqueues", 1)
        for space, device, address in ((self.node, interface, node_address),
                                       (peer, "eth0", peer_address)):
            run("ip", "-n", space, "address", "add", f"{address}/24", "dev", device)
            run("ip", "-n", space, "link", "set", device, "up")
        run("ip", "-n", peer, "route", "add", "default", "via", node_address)

    def on(self, namespace, *command, **options):
        return run("nsenter", f"--net=/run/netns/{namespace}", "--", *command, **options)

    def on_node(self, *command, **options):
        return self.on(self.node, *command, **options)

    def mac(self):
        return json.loads(run("ip", "-j", "-n", self.node, "link", "show", self.na))[0]["address"]

    def poll_by_thread(self, cpu=1):
        """Packets into na are handled by a thread of its own, on one CPU, whose time counts."""
        self.on_node("ethtool", "-K", self.na, "gro", "on")
        run("ip", "netns", "exec", self.node, "sh", "-c",
            f"echo 1 >/sys/class/net/{self.na}/threaded")
        for comm in Path("/proc").glob("[0-9]*/comm"):
            try:
                if comm.read_text().startswith(f"napi/{self.na}-"):
                    self.thread = int(comm.parent.name)
            except OSError:
                continue
        if not self.thread:
            raise Failed(f"no NAPI thread for {self.na}")
        run("taskset", "-p", "-c", cpu, self.thread)

    def thread_ns(self):
        return int(Path(f"/proc/{self.thread}/schedstat").read_text().split()[0])

    def settle(self):
        """Waits until the thread has handled what was sent and sleeps."""
        last = -1
        while last != self.thread_ns():
            last = self.thread_ns()
            time.sleep(0.01)

    def polled(self):
        """Packets that na's queue handed on, whatever became of them."""
        text = self.on_node("ethtool", "-S", self.na)
        return int(re.search(r"rx_queue_0_xdp_packets: (\d+)", text).group(1))

    def sent(self, interface):
        text = run("ip", "-j", "-s", "-n", self.node, "link", "show", interface)
        return json.loads(text)[0]["stats64"]["tx"]["packets"]

    def drop_all(self, hook, interface=None, namespace=None):
        pin = self.worlds.folder / "bpffs" / f"drop{self.number}{interface or ''}"
        self.on(namespace or self.node, self.worlds.helper("ends_helper"), "drop", hook,
                interface or self.na, pin)

    def cordon_command(self, *arguments):
        worlds = self.worlds
        return [worlds.build / "cordon", "--root", self.folder / "root", "--bpffs",
                worlds.folder / "bpffs" / f"cordon{self.number}", "--cgroup", worlds.cgroup,
                *arguments]

    def cordon(self, *arguments):
        self.cordoned = True
        return self.on_node(*self.cordon_command(*arguments))

    def send(self, prefixes, destination, port, count):
        """Sends live frames into the node; returns the seconds that it took."""
        text = self.on(self.a, self.worlds.helper("ends_helper"), "send", "eth0", self.mac(),
                       prefixes, destination, port, count)
        self.settle()
        return int(text) / 1e9

    def server(self, namespace, *command):
        self.servers.append(subprocess.Popen(
            ["nsenter", f"--net=/run/netns/{namespace}", "--", *map(str, command)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def close(self):
        for server in self.servers:
            server.kill()
            server.wait()
        if self.cordoned:
            self.on_node(*self.cordon_command("detach"), check=False)
        for namespace in (self.node, self.a, self.b):
            if Path("/run/netns", namespace).exists():
                run("ip", "netns", "del", namespace, check=False)


class Worlds:
    """All that is made, to be taken down."""

    def __init__(self, build):
        self.build = Path(build).resolve()
        self.prefix = f"cordon-bench-{os.getpid()}"
        self.made = []
        self.count = 0
        self.patience = 60.0  # seconds to wait for others, all in all
        self.folder = Path(tempfile.mkdtemp(prefix=f"{self.prefix}."))
        self.cgroup = cgroup2() / f"{self.prefix}.slice"
        self.cgroup.mkdir()
        (self.folder / "bpffs").mkdir()
        run("mount", "-t", "bpf", self.prefix, self.folder / "bpffs")

    def wait_for_quiet(self):
        """Others who run meanwhile take CPU and caches away: wait for them, but not for ever."""
        while self.patience > 0:
            if int(Path("/proc/loadavg").read_text().split()[3].split("/")[0]) <= 1:
                return
            time.sleep(0.05)
            self.patience -= 0.05

    def helper(self, name):
        return self.build / "tests" / "bench" / name

    def make(self, name, **options):
        return World(self, name, **options)

    def clear(self):
        while self.made:
            self.made[-1].close()
            self.made.pop()

    def close(self):
        self.clear()
        run("umount", self.folder / "bpffs", check=False)
        for _ in range(50):
            try:
                self.cgroup.rmdir()
                break
            except OSError:
                time.sleep(0.02)
        shutil.rmtree(self.folder, ignore_errors=True)
