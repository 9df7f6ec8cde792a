# SPDX-License-Identifier: GPL-2.0-or-later
"""What stands in the way: the columns of the table. Nothing, Cordon at its levels, and what people
use to isolate a Linux host today, set up as it is published.

Each is told to start while all may pass, and then to shut. None sends or looks at a packet.
"""

import contextlib
import json
import os
import signal
import subprocess
import time

import ground as g
import packets as p
from orders import Keys

POLICY = """
cordon: 1
serial: {serial}
node: attacked
zones:
  control:  {{addresses: [10.1.0.2, "fd01::2"]}}
  resolver: {{addresses: [10.1.0.53]}}
  devices:  {{addresses: [10.2.0.0/24, "fd02::/64"], interfaces: [lan0]}}
workloads:
  pos: {{units: [pos.service]}}
rules:
  - {{name: pos,     from: pos,  to: any,  services: [any]}}
  - {{name: out,     from: node, to: any,  services: [any]}}
  - {{name: in,      from: any,  to: node, services: [any]}}
  - {{name: through, from: any,  to: any,  services: [any]}}
quarantine:
  keep:
    - {{name: control,    from: node,    to: control,  services: [tcp/8883]}}
    - {{name: resolver,   from: node,    to: resolver, services: [udp/53]}}
    - {{name: responders, from: control, to: node,     services: [tcp/22]}}
"""


class Bare:
    """No firewall: the control."""

    title = "no firewall"
    is_cordon = False

    def __init__(self, ground, level=None):
        self.ground, self.level = ground, level

    def start(self):
        pass

    def shut(self):
        pass

    def again(self):
        """After an act that may have opened it."""
        self.undo()
        self.shut()

    def undo(self):
        pass

    def stop(self):
        pass


class Cordon(Bare):
    """The policy allows all that it can; the level does the rest."""

    is_cordon = True

    def __init__(self, ground, level):
        super().__init__(ground, level)
        self.title = level
        self.daemon = None
        self.serial = 0

    def command(self):
        return (self.ground.cordon, "--root", self.ground.root, "--bpffs", self.ground.bpffs,
                "--cgroup", self.ground.cgroup)

    def cordon(self, *words, check=True):
        return self.ground.run(*self.command(), *words, check=check)

    def start(self):
        self.apply()
        self.run()

    def apply(self, check=True):
        self.serial += 1
        path = os.path.join(self.ground.tmp, "policy.yaml")
        with open(path, "w", encoding="ascii") as file:
            file.write(POLICY.format(serial=self.serial) + (CLOSED if self.ground.is_held else ""))
        self.cordon("apply", path, check=check)

    def run(self):
        """The daemon, until it says that it is there."""
        log = os.path.join(self.ground.tmp, "run.log")
        with open(log, "wb") as out:
            self.daemon = subprocess.Popen((*self.command(), "run"), stdin=subprocess.DEVNULL,
                                           stdout=out, stderr=out)
        until(20, lambda: os.path.getsize(log) or self.daemon.poll() is not None)

    def signal_daemon(self, number):
        self.daemon.send_signal(number)

    def end_daemon(self):
        if self.daemon:
            self.daemon.kill()
            self.daemon.wait()

    def shut(self):
        if self.level != "open":
            self.seal()

    def seal(self, check=True):
        self.cordon("seal", self.level, "--reason", "attack", check=check)

    def store_latch(self, level):
        """As any root may, while nothing guards the map."""
        name = os.path.join(self.ground.bpffs, "maps", "control")
        held = self.ground.run("bpftool", "-j", "map", "dump", "pinned", name).stdout
        value = [int(byte, 16) for byte in json.loads(held)[0]["value"]]
        value[4:8] = level.to_bytes(4, "little")
        self.ground.run("bpftool", "map", "update", "pinned", name, "key", 0, 0, 0, 0, "value",
                        *value)

    def anew(self, shut=True):
        """After an act that leaves a ruin behind: all is forgotten, and done again."""
        self.end_daemon()
        pins = os.path.dirname(self.ground.bpffs)
        # cordon mounts one itself where it finds none: whatever is left goes.
        while self.ground.run("umount", "-l", pins, check=False).returncode == 0 or \
                self.ground.run("umount", "-l", self.ground.bpffs, check=False).returncode == 0:
            pass
        self.ground.run("mount", "-t", "bpf", "attack", pins)
        # Below Linux 6.6 its filters stay without pins.
        for interface in ("wan0", "lan0"):
            self.ground.run("tc", "qdisc", "del", "dev", interface, "clsact", check=False)
        for name in os.listdir(self.ground.root):
            self.ground.run("rm", "-rf", os.path.join(self.ground.root, name))
        self.start()
        if shut:
            self.shut()

    def standing(self):
        """What `status` says, as far as it is the same while nothing happens."""
        said = json.loads(self.cordon("status", "--json", check=False).stdout or "{}")
        return {key: said.get(key) for key in ("enforcing", "latch", "faults", "cgroup_hooks")}

    def mended(self):
        """Is all as it was, perhaps with a new daemon and another seal?"""
        if self.daemon.poll() is not None:
            self.run()
        self.signal_daemon(signal.SIGCONT)
        if self.standing() == self.well:
            return True
        self.seal(check=False)
        return until(1, lambda: self.standing() == self.well)

    def stop(self):
        self.end_daemon()


CLOSED = "guard: {kernel_closed_from: egress}\n"


class Held(Cordon):
    """With the module and the guard, on a machine that is the node: whoever may release it has a
    key, and what root tries may be refused. Nothing can be set up anew: nor must that be needed."""

    def __init__(self, ground, level):
        super().__init__(ground, level.removeprefix("held-"))

    def start(self):
        Keys(self.ground).trusted("owner")
        kernel = ".".join(os.uname().release.split(".")[:2])
        self.ground.run("insmod", f"{self.ground.build}/kmod/{kernel}/cordon.ko")
        super().start()
        said = json.loads(self.cordon("status", "--json").stdout)
        if said["guard"]["state"] != "stands" or not said["module"].get("closed"):
            raise g.Lacking(f"guard or module is not there: {said['guard']}, {said['module']}")

    def end_daemon(self):
        with contextlib.suppress(PermissionError):
            super().end_daemon()

    def signal_daemon(self, number):
        with contextlib.suppress(PermissionError):
            super().signal_daemon(number)

    def run(self):
        """Also where there is one already."""
        if self.daemon and self.daemon.poll() is None:
            self.cordon("run", check=False)
        else:
            super().run()

    def anew(self, shut=True):
        """A good release, and only that."""
        if shut:
            raise g.Lacking(f"after this the node is not what it was: {self.standing()}")
        self.ground.counter += 100
        self.cordon("order", Keys(self.ground).release("owner", 1))


class Velociraptor(Bare):
    """The table that the artifact Linux.Remediation.Quarantine makes, rule by rule."""

    title = "Velociraptor"
    RULES = f"""
        table inet vrr_quarantine_table {{
            chain inbound_chain {{
                type filter hook input priority 0; policy drop;
                ip saddr {g.CONTROL4} tcp sport {{ {g.KEPT_PORT} }} ct state established accept
                udp sport domain ct state established accept
            }}
            chain outbound_chain {{
                type filter hook output priority 0; policy drop;
                ip daddr {g.CONTROL4} tcp dport {{ {g.KEPT_PORT} }} ct state established,new accept
                tcp dport {{ 53 }} ct state new,established accept
                udp dport {{ 53,67,68 }} ct state new,established accept
            }}
            chain forward_chain {{ type filter hook forward priority 0; policy drop; }}
        }}"""

    def shut(self):
        self.ground.run("nft", "-f", "-", input=self.RULES)

    def undo(self):
        self.ground.run("nft", "flush", "ruleset")


class Panic(Velociraptor):
    """firewalld's panic mode: the table that its nftables backend installs for it, as firewalld
    itself wants a system bus, which a namespace does not have."""

    title = "firewalld"
    RULES = """
        table inet firewalld_policy_drop {
            chain raw_prerouting { type filter hook prerouting priority -291; policy drop; }
            chain raw_output { type filter hook output priority -291; policy drop; }
        }"""


class Defender(Bare):
    """iptables with an owner match, as Defender's documentation tells of: only processes of the
    agent's group talk, and what answers them. The rules themselves are not published."""

    title = "Defender"

    def shut(self):
        for tool in ("iptables", "ip6tables"):
            rules = [("-A", "OUTPUT", "-o", "lo", "-j", "ACCEPT"),
                     ("-A", "OUTPUT", "-m", "owner", "--gid-owner", str(g.TRUSTED_GROUP), "-j",
                      "ACCEPT"),
                     ("-A", "INPUT", "-i", "lo", "-j", "ACCEPT"),
                     ("-A", "INPUT", "-m", "conntrack", "--ctstate", "ESTABLISHED", "-j", "ACCEPT")]
            rules += [("-P", chain, "DROP") for chain in ("INPUT", "OUTPUT", "FORWARD")]
            for rule in rules:
                self.ground.run(tool, "-w", *rule)

    def undo(self):
        for tool in ("iptables", "ip6tables"):
            self.ground.run(tool, "-w", "-F")


class Elastic(Bare):
    """A tc filter on the way out with a map of allowed addresses: see elastic.bpf.c."""

    title = "Elastic"

    def undo(self):
        for interface in ("wan0", "lan0"):
            self.ground.run("tc", "qdisc", "del", "dev", interface, "clsact", check=False)
        os.unlink(os.path.join(os.path.dirname(self.ground.bpffs), "classify"))

    def shut(self):
        pin = os.path.join(os.path.dirname(self.ground.bpffs), "classify")
        self.ground.run("bpftool", "prog", "load",
                        f"{self.ground.build}/tests/attack/elastic.bpf.o", pin)
        shown = json.loads(self.ground.run("bpftool", "-j", "prog", "show", "pinned", pin).stdout)
        self.ground.run("bpftool", "map", "update", "id", shown["map_ids"][0], "key",
                        *p.packed(g.CONTROL4), "value", 1, 0, 0, 0)
        for interface in ("wan0", "lan0"):
            self.ground.run("tc", "qdisc", "add", "dev", interface, "clsact")
            self.ground.run("tc", "filter", "add", "dev", interface, "egress", "bpf",
                            "direct-action", "object-pinned", pin)


GUARDS = {"bare": Bare, "open": Cordon, "egress": Cordon, "isolate": Cordon, "lockdown": Cordon,
          "velociraptor": Velociraptor, "defender": Defender, "elastic": Elastic,
          "firewalld": Panic,
          "held-open": Held, "held-egress": Held, "held-isolate": Held, "held-lockdown": Held}


def until(seconds, question):
    end = time.monotonic() + seconds * g.slower()
    while time.monotonic() < end:
        if question():
            return True
        time.sleep(0.005 * g.slower())
    return question()
