# SPDX-License-Identifier: GPL-2.0-or-later
"""One attack in one column: its token, and the ways to send it that the attacks share.

An attack is a function of an Attempt. One that is a generator goes in phases: up to its first
yield while nothing is shut, to its second when all is, and the rest once that has had time to be
answered. Decides by what arrived, never by what a call returned.
"""

import contextlib
import errno
import inspect
import os
import socket
import struct

import ground as g
import packets as p

OUT, IN, STOPPED, PASSES, FAILS, LACKS, BROKEN = \
    "OUT", "IN", "stopped", "passes", "FAILS", "-", "broken"
LEVELS = ("egress", "isolate", "lockdown")
HELD = tuple(f"held-{level}" for level in LEVELS)  # with guard and module
WAYS = {"out": ("wan0", "lan0"), "through": ("wan0",), "back": ("lan0",), "in": (), "keep": ()}
ATTACKS = []
SECTIONS = []  # names, for what is counted together


class Attack:
    """A row of the table.

    open      what Cordon's level `open` does with it, though the policy allows all
    known     why it gets through a latch all the same, for a row that cannot be closed here
    held      so it is with guard and module, too
    served    a rule of the policy leads in: under egress it is answered, as it should be
    lacks     a kernel may be without what it needs; else it must get out with no firewall
    """

    def __init__(self, way, name, function, **more):
        self.way, self.name, self.function = way, name, function
        self.section = SECTIONS[-1]
        self.open = more.pop("open", None)
        self.known, self.held = more.pop("known", None), more.pop("held", False)
        self.served = more.pop("served", False)
        self.lacks = more.pop("lacks", False)
        assert not more, more

    def success(self):
        return {"in": IN, "keep": PASSES}.get(self.way, OUT)

    def failure(self):
        return FAILS if self.way == "keep" else STOPPED

    def known_in(self, column):
        return self.known if column in LEVELS or self.held and column in HELD else None

    def wanted(self, column):
        """What must be seen, or None where the column is only shown."""
        level = column.removeprefix("held-")
        if level == "bare" or self.way == "keep" and level in ("open", *LEVELS):
            return self.success()
        if level == "open":
            return self.open or self.success()
        if level not in LEVELS or self.known_in(column):
            return None
        return self.success() if self.served and level == "egress" else self.failure()


def section(name):
    """What follows in the list belongs to it."""
    SECTIONS.append(name)


def attack(way, name, **more):
    def add(function):
        ATTACKS.append(Attack(way, name, function, **more))
        return function
    return add


class Attempt:
    """What an attack is given."""

    def __init__(self, what, number, ground, watch, ears):
        self.what, self.number = what, number
        self.ground, self.watch, self.ears = ground, watch, ears
        self.token = g.new_token(number)
        self.marks = [self.token]
        self.port = 20000 + number
        self.passed = False  # for a row of the keep list
        self.error = None
        self.broken = False
        self.phases = None
        self.held = []  # open until the column is over

    # ---- phases -----------------------------------------------------------------------------

    def advance(self):
        """The next phase; what fails ends the attack, and before the node is shut nothing may."""
        before = self.phases is None
        with self.guarded():
            if before:
                self.phases = iter(self.begin())
            next(self.phases, None)
        self.broken |= before and self.error is not None

    def begin(self):
        if inspect.isgeneratorfunction(self.what.function):
            yield from self.what.function(self)
            return
        yield
        self.what.function(self)

    @contextlib.contextmanager
    def guarded(self):
        try:
            yield
        except g.Lacking as why:
            self.error, self.broken = str(why), not self.ground.is_held
            self.phases = iter(())
        except OSError as why:
            self.error = why.strerror or str(why)
            self.phases = iter(())

    def result(self, since):
        if self.arrived(since):
            return self.what.success()
        return BROKEN if self.broken else self.what.failure()

    def arrived(self, since):
        if self.what.way == "keep":
            return self.passed
        if self.what.way == "in":
            return self.passed or self.ears.heard_one(self.marks)
        return bool(self.watch.saw(self.marks, WAYS[self.what.way], since))

    def close(self):
        for held in self.held:
            with contextlib.suppress(OSError):
                held.close() if hasattr(held, "close") else os.close(held)

    # ---- ways to send -----------------------------------------------------------------------

    def data(self, size=64):
        return (self.token * (size // len(self.token) + 1))[:size]

    def socket(self, *words, at="node"):
        sock = self.ground.socket(*words, at=at)
        sock.setblocking(False)
        self.held.append(sock)
        return sock

    def udp(self, to, dport, sport=0, at="node", source=None, data=None):
        sock = self.socket(p.family(to), socket.SOCK_DGRAM, at=at)
        if sport or source:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((source or ("::" if ":" in to else "0.0.0.0"), sport))
        sock.sendto(data or self.data(), (to, dport))
        return sock

    def bound(self, to, at, source, protocol):
        sock = self.socket(p.family(to), socket.SOCK_STREAM, protocol, at=at)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # At its end it is gone: the next column's has the same port, and may have the same far end.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.bind((source or ("::" if ":" in to else "0.0.0.0"), self.port))
        return sock

    def connecting(self, to, dport, at="node", source=None, protocol=0):
        """A connection being made; its first segment alone is a success."""
        sock = self.bound(to, at, source, protocol)
        done = sock.connect_ex((to, dport))
        if done not in (0, errno.EINPROGRESS):
            raise OSError(done, os.strerror(done))
        return sock

    def connected(self, to, dport, at="node", source=None, protocol=0):
        """One that stands before the node is shut."""
        sock = self.bound(to, at, source, protocol)
        sock.settimeout(5 * g.slower())
        sock.connect((to, dport))
        sock.setblocking(False)
        return sock

    def raw(self, packet, at="node", to=None):
        """A whole IP packet by the IP stack, past no hook of it."""
        if packet[0] >> 4 == 6:
            sock = self.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW, at=at)
            sock.sendto(packet, (to or socket.inet_ntop(socket.AF_INET6, packet[24:40]), 0))
            return
        sock = self.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW, at=at)
        sock.sendto(packet, (to or socket.inet_ntop(socket.AF_INET, packet[16:20]), 0))

    def frame(self, ethertype, data, interface="wan0", at="node", to=None, options=()):
        """A whole frame by a packet socket, past the IP stack."""
        far = {("node", "wan0"): ("wan0", "eth0"), ("node", "lan0"): ("lan0", "eth0"),
               ("wan0", "eth0"): ("node", "wan0"), ("lan0", "eth0"): ("node", "lan0")}
        macs = self.ground.macs
        sock = self.socket(socket.AF_PACKET, socket.SOCK_RAW, 0, at=at)
        for option in options:
            sock.setsockopt(*option)
        sock.bind((interface, 0))
        sock.send(p.ether(to or macs[far[at, interface]], macs[at, interface], ethertype, data))

    def datagram(self, source, to, dport=None):
        """A UDP packet as bytes, from the IP header on."""
        data = p.udp(source, to, self.port, dport or self.port, self.data())
        return p.ip(source, to, p.UDP, data)


def in_unit(attempt, act):
    """Do it in a process of the workload's cgroup."""
    folder = os.path.join(attempt.ground.cgroup, g.WORKLOAD)
    os.makedirs(folder, exist_ok=True)
    child = os.fork()
    if not child:
        status = 1
        with contextlib.suppress(OSError):
            with open(os.path.join(folder, "cgroup.procs"), "w", encoding="ascii") as file:
                file.write(str(os.getpid()))
            act()
            status = 0
        os._exit(status)
    os.waitpid(child, 0)


def words(*numbers):
    return struct.pack(f"!{len(numbers)}H", *numbers)
