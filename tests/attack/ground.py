# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the attacks are made: the node in the middle, an uplink outside, a device behind it.

                  10.2.0.2           10.2.0.1      10.1.0.1            10.1.0.2 control
    namespace     lan0 (devices) ---lan0-- node --wan0--- wan0 (outside) .53 resolver, .66 stranger

Everything is of this process: it enters a namespace, makes a socket there, and goes back; so a
socket is where it was made. What comes out of the node is seen as raw frames by packet sockets at
the far ends, and looked through for tokens. Nothing here decides what is a success, and nothing
touches a namespace but those that the script `column` made.

Where guard and module hold the node, it is a whole machine, whose far ends no kernel of its own may
hold: far.py has them, on the machine that runs QEMU.
"""

import contextlib
import ctypes
import itertools
import os
import secrets
import select
import socket
import struct
import subprocess
import threading
import time

import packets as p

NODE4, NODE6 = "10.1.0.1", "fd01::1"
CONTROL4, CONTROL6 = "10.1.0.2", "fd01::2"
RESOLVER4 = "10.1.0.53"
STRANGER4, STRANGER6 = "10.1.0.66", "fd01::66"
FAR4, FAR6 = "198.51.100.7", "2001:db8::7"  # behind a router outside
INSIDE4, INSIDE6 = "10.2.0.1", "fd02::1"
DEVICE4, DEVICE6 = "10.2.0.2", "fd02::2"
KEPT_PORT, KEPT_IN_PORT = 8883, 22
SERVED_PORT = 80
MPTCP = 262
TRUSTED_GROUP = 8883  # of the agent, where a guard asks for that
WORKLOAD = "pos.service"
ETH_P_ALL = 3
PACKET_OUTGOING = 4
SO_RCVBUFFORCE = 33
IP_HDRINCL, IPV6_HDRINCL = 3, 36
TOKEN = 8

libc = ctypes.CDLL(None, use_errno=True)


class Lacking(Exception):
    """The attack cannot be made on this kernel or with these tools."""


def slower():
    """How much longer to wait than on bare metal: the virtual machine is emulated."""
    return 4 if os.path.isdir("/run/vm") else 1


def setns(path):
    with open(path, "rb") as file:
        if libc.setns(file.fileno(), 0x40000000):
            raise OSError(ctypes.get_errno(), f"setns {path}")


class Ground:
    """The namespaces, by the names that tests/net/lib.sh gave them; of them those of `places`."""

    places = (("node", "wan0"), ("node", "lan0"), ("wan0", "eth0"), ("lan0", "eth0"))
    is_held = False  # may a kernel refuse what root tries on the node?

    def __init__(self, environment):
        self.name = environment["NET"]
        self.tmp = environment["NET_TMP"]
        self.cgroup = environment["NET_CGROUP"]
        self.root = environment["NET_ROOT"]
        self.bpffs = environment["NET_BPFFS"]
        self.cordon = environment["CORDON"]
        self.build = environment["BUILD"]
        self.made = []  # what must go at the end
        self.plugged = False
        self.counter = 0  # of orders, before those that come
        self.home = "/proc/self/fd/%d" % os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self.macs = {end: self.hardware(*end) for end in self.places}

    def path(self, place):
        return f"/run/netns/{self.name}-{place}"

    @contextlib.contextmanager
    def at(self, place):
        setns(self.path(place))
        try:
            yield
        finally:
            setns(self.home)

    def run(self, *command, at="node", check=True, **options):
        """A command in a namespace; its errors are the attack's reason why it cannot be made."""
        command = [str(word) for word in command]
        with self.at(at):
            # Sockets are closed without being asked one by one.
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60,
                                  stdin=None if "input" in options else subprocess.DEVNULL,
                                  close_fds=False, **options)
        if check and done.returncode:
            said = [line for line in (done.stderr or done.stdout).strip().splitlines()
                    if not line.startswith("Command failed")] or ["nothing"]
            raise Lacking(f"{command[0]}: {said[-1][:100]}")
        return done

    def ip(self, *lines, at="node", check=True):
        """Several by one start, up to the first that fails, or all if that is not checked."""
        if len(lines) == 1:
            return self.run("ip", *lines[0].split(), at=at, check=check)
        return self.run("ip", *([] if check else ["-force"]), "-batch", "-", at=at, check=check,
                        input="".join(line + "\n" for line in lines))

    def hardware(self, place, interface):
        with self.socket(socket.AF_PACKET, socket.SOCK_RAW, 0, at=place) as sock:
            sock.bind((interface, 0))
            return sock.getsockname()[4]

    def unmake(self):
        """The devices that attacks left."""
        self.ip(*(f"link del {name}" for name in reversed(self.made)), check=False)
        self.made.clear()

    def socket(self, *words, at="node"):
        with self.at(at):
            return socket.socket(*words)

    def watch(self):
        return Watch(self, ("wan0", "lan0"))

    def ears_outside(self):
        """Who is asked by the node."""
        ears = Ears()
        for port in (9000, 53, KEPT_PORT):
            ears.add(listener(self, "wan0", socket.SOCK_STREAM, port), answer=True)
        ears.add(listener(self, "wan0", socket.SOCK_DGRAM, 53, "::ffff:" + RESOLVER4), answer=True)
        ears.add(listener(self, "wan0", socket.SOCK_DGRAM, 9000))
        multipath = self.socket(socket.AF_INET, socket.SOCK_STREAM, MPTCP, at="wan0")
        multipath.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        multipath.bind((STRANGER4, 9001))
        multipath.listen(8)
        ears.add(multipath)
        return ears

    def plug(self):
        """Another interface of the node, at-new, on a wire to the outside's eth9."""
        self.plugged = True
        self.ip(f"link add at-new type veth peer name eth9 netns {self.name}-wan0")

    def unplug(self):
        """A kernel that is asked for a device that is not there starts modprobe."""
        if self.plugged:
            self.ip("link del at-new", check=False)
        self.plugged = False


class Watch(threading.Thread):
    """Every frame that arrives at the far end of an interface of the node, with its time."""

    def __init__(self, ground, places):
        super().__init__(daemon=True)
        self.ground = ground
        self.frames = {place: [] for place in places}
        self.sockets = {}
        self.over = False
        for place in places:
            self.add(place, "eth0")
        self.start()

    def add(self, place, interface):
        sock = self.ground.socket(socket.AF_PACKET, socket.SOCK_RAW, 0, at=place)
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        sock.bind((interface, ETH_P_ALL))
        sock.setblocking(False)
        self.sockets[sock] = place

    def run(self):
        while not self.over:
            for sock in select.select(list(self.sockets), [], [], 0.1)[0]:
                self.take(sock)

    def take(self, sock):
        place = self.sockets[sock]
        try:
            while True:
                frame, address = sock.recvfrom(65535)
                if address[2] != PACKET_OUTGOING:
                    self.frames[place].append((time.monotonic(), frame))
        except BlockingIOError:
            pass
        except OSError:  # its interface is gone
            del self.sockets[sock]

    @staticmethod
    def now():
        """By the clock of the frames' times."""
        return time.monotonic()

    def saw(self, marks, places, since=0):
        """Times at which a frame with one of the marks arrived."""
        return [when for place in places for when, frame in self.later(place, since)
                if any(mark in frame for mark in marks)]

    def later(self, place, since):
        """In turn from the last: the list is long, and what is asked for mostly just came."""
        return itertools.takewhile(lambda one: one[0] >= since, reversed(self.frames[place]))

    def catch_up(self):
        """Until what has arrived is in the list: on a busy machine that may lag behind."""
        while select.select(list(self.sockets), [], [], 0)[0]:
            time.sleep(0.01)
        time.sleep(0.01)

    def stop(self):
        self.over = True
        self.join()


class Ears(threading.Thread):
    """Programs that listen: what any socket given to it receives, connections included."""

    def __init__(self):
        super().__init__(daemon=True)
        self.poll = select.epoll()
        self.sockets = {}
        self.answers = set()
        self.heard = []
        self.over = False
        self.start()

    def add(self, sock, answer=False):
        sock.setblocking(False)
        self.sockets[sock.fileno()] = sock
        if answer:
            self.answers.add(sock.fileno())
        self.poll.register(sock.fileno(), select.EPOLLIN)
        return sock

    def run(self):
        while not self.over:
            for number, _ in self.poll.poll(0.1):
                self.take(self.sockets[number])

    def take(self, sock):
        try:
            if is_listening(sock):
                self.add(sock.accept()[0], sock.fileno() in self.answers)
                return
            data, sender = sock.recvfrom(65535)
            self.heard.append(data)
            if not data and sock.type == socket.SOCK_STREAM:
                raise ConnectionResetError
            if sock.fileno() in self.answers:
                sock.sendto(data, sender) if sender else sock.send(data)
        except BlockingIOError:
            pass
        except OSError:
            if sock.type == socket.SOCK_STREAM:
                self.poll.unregister(sock.fileno())

    def heard_one(self, marks):
        return any(mark in data for data in list(self.heard) for mark in marks)

    def stop(self):
        self.over = True
        self.join()


def is_listening(sock):
    return sock.type == socket.SOCK_STREAM and \
        sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)


def listener(ground, at, kind, port, wildcard="::"):
    """On both families."""
    sock = ground.socket(socket.AF_INET6, kind, at=at)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    sock.bind((wildcard, port))
    if kind == socket.SOCK_STREAM:
        sock.listen(64)
    return sock


def new_token(number):
    """Unique to an attack and a run, and as long as the smallest fragment."""
    return b"%03d" % number + secrets.token_hex(3)[:TOKEN - 3].encode()


def asks(source, destination, sport, dport):
    """What a header of TCP or UDP without IPv4 options looks like, whatever it carries."""
    return p.packed(source) + p.packed(destination) + struct.pack("!HH", sport, dport)
