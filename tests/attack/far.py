#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The far ends of a node that is a machine of its own, in QEMU: no kernel that it holds has them.

    far.py KERNEL COMMAND...    runs the command on such a node, and acts at the far ends for it

Each interface of the node is a tap in a namespace of ours (those that held_test.sh made). By a port
of QEMU the node asks for what happens there: a message is a method of an object here, a Ground to
begin with; sockets and whoever watches or listens stay here, and are named by a number.
"""

import contextlib
import fcntl
import glob
import os
import pickle
import signal
import socket
import struct
import subprocess
import sys
import time

import ground as g

TUNSETIFF, IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x400454CA, 2, 0x1000, 0x4000
# (place, interface there): the node's link address; spare0 is a wire that is plugged in later.
WIRES = {("wan0", "eth0"): "02:00:00:00:01:01", ("lan0", "eth0"): "02:00:00:00:02:01",
         ("wan0", "eth9"): "02:00:00:00:09:01"}
# It filters no VLANs, and takes in no segments put together, but sends them.
CARD = "romfile=,ctrl_vlan=off,guest_csum=off,guest_tso4=off,guest_tso6=off,guest_ecn=off,guest_ufo=off"
ENDS = (("wan0", "eth0"), ("lan0", "eth0"))
PLACES = {place for place, _ in ENDS}
DRIVER = "/sys/bus/virtio/drivers/virtio_net"
LIMIT = 900


def send(file, what):
    data = pickle.dumps(what)
    file.write(struct.pack("!I", len(data)) + data)


def receive(file):
    """None at the end."""
    head = take(file, 4)
    data = head and take(file, struct.unpack("!I", head)[0])
    return pickle.loads(data) if data else None


def take(file, size):
    """A port gives what it has, and nothing where nobody is at its other end."""
    data = b""
    while len(data) < size:
        more = file.read(size - len(data))
        if not more:
            return None
        data += more
    return data


# ---- on the node --------------------------------------------------------------------------------

def port():
    """Its device, or None."""
    for name in glob.glob("/sys/class/virtio-ports/*/name"):
        with open(name, encoding="ascii") as file:
            if file.read().strip() == "far":
                return f"/dev/{name.split('/')[-2]}"
    return None


def is_there():
    return port() is not None


class Line:
    """One asks at a time."""

    def __init__(self):
        self.file = open(port(), "r+b", buffering=0)  # pylint: disable=consider-using-with
        self.lock = g.threading.Lock()

    def ask(self, number, method, words, options):
        with self.lock:
            send(self.file, (number, method, words, options))
            value, there, error = receive(self.file)
        if error:
            raise error
        return Remote(self, there) if there else value


class Remote:
    """An object at the other side: each of its methods is done there."""

    def __init__(self, line, number):
        self.line, self.number = line, number

    def __getattr__(self, method):
        return lambda *words, **options: self.line.ask(self.number, method, words, options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class NodeGround(g.Ground):
    """This machine is the node, in its own namespace."""

    places = (("node", "wan0"), ("node", "lan0"))
    is_held = True

    def __init__(self, environment):
        super().__init__(environment)
        self.far = Remote(Line(), 0)
        self.macs.update({end: self.far.hardware(*end) for end in ENDS})
        self.spare = os.path.basename(os.readlink("/sys/class/net/spare0/device"))
        self.unplug()

    def socket(self, *words, at="node"):
        return (self.far if at in PLACES else super()).socket(*words, at=at)

    def run(self, *command, at="node", **options):
        return (self.far if at in PLACES else super()).run(*map(str, command), at=at, **options)

    def watch(self):
        return self.far.watch()

    def ears_outside(self):
        return self.far.ears_outside()

    def tell_driver(self, what):
        with open(os.path.join(DRIVER, what), "w", encoding="ascii") as file:
            file.write(self.spare)

    def plug(self):
        self.tell_driver("bind")
        name = os.listdir(os.path.join(DRIVER, self.spare, "net"))[0]
        self.ip(f"link set {name} name at-new")

    def unplug(self):
        if os.path.exists(os.path.join(DRIVER, self.spare)):
            self.tell_driver("unbind")


# ---- beside QEMU --------------------------------------------------------------------------------

class FarGround(g.Ground):
    """The namespaces at the far ends, without a node."""

    places = ENDS

    def tap(self, place, interface):
        """For QEMU, by the name of an interface that stays."""
        with self.at(place):
            tap = os.open("/dev/net/tun", os.O_RDWR)
            fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH14x", interface.encode(),
                                                    IFF_TAP | IFF_NO_PI | IFF_VNET_HDR))
        return tap


def machine(ground, kernel, command, path):
    words, taps = [], []
    for number, (end, link) in enumerate(WIRES.items()):
        taps.append(ground.tap(*end))
        words += ["-netdev", f"tap,id=wire{number},fd={taps[-1]}",
                  "-device",
                  f"virtio-net-pci,netdev=wire{number},mac={link},{CARD}"]
    words += ["-chardev", f"socket,id=far,path={path},server=on,wait=off",
              "-device", "virtserialport,chardev=far,name=far"]
    return subprocess.Popen(["scripts/vm", "--kernel", kernel, "--timeout", str(LIMIT), "--append",
                             "cordon.guard=on", "--qemu", " ".join(words), *command],
                            pass_fds=taps, stdin=subprocess.DEVNULL)


def connect(path, process):
    """To QEMU; None if it is over before."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    while sock.connect_ex(path):
        if process.poll() is not None:
            return None
        time.sleep(0.05)
    return sock


def answer(things, number, method, words, options):
    """(value, number of an object that stays here, error)"""
    try:
        value = getattr(things[number], method)(*words, **options)
    except (OSError, g.Lacking) as why:
        return None, None, why
    if isinstance(value, (socket.socket, g.Watch, g.Ears)):
        things.append(value)
        return None, len(things) - 1, None
    return value, None, None


def serve(sock, things):
    with contextlib.suppress(ConnectionError), sock.makefile("rwb", buffering=0) as file:
        while message := receive(file):
            send(file, answer(things, *message))


def main():
    kernel, command = sys.argv[1], sys.argv[2:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    ground = FarGround(os.environ)
    path = os.path.join(ground.tmp, f"far.{os.getpid()}")
    process = machine(ground, kernel, command, path)
    try:
        while sock := connect(path, process):
            serve(sock, [ground])
        sys.exit(process.wait())
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
