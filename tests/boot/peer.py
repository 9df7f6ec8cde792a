# SPDX-License-Identifier: GPL-2.0-or-later
"""Everybody outside of a node, at the end of its only wire: raw frames to and from QEMU.

They ask the node all along, several times a second, and each frame that comes out of it is kept
with its time and what it is. Nothing here decides what may come.
"""

import os
import select
import socket
import struct
import threading
import time

NODE = "10.20.0.2"
GATEWAY = "10.20.0.1"
CONTROL = "10.20.0.5"
MANAGEMENT = "10.20.0.9"
STRANGER = "203.0.113.7"
NAMES = {GATEWAY: "gateway", CONTROL: "control", MANAGEMENT: "management", STRANGER: "stranger"}
MAC = bytes.fromhex("020000000001")
EVERYBODY = b"\xff" * 6
PACE = 0.1
PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp"}


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ethernet(to, kind, payload):
    return (to + MAC + struct.pack("!H", kind) + payload).ljust(60, b"\0")


def arp(operation, sender, target, to=EVERYBODY):
    return ethernet(to, 0x0806, struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + MAC +
                    socket.inet_aton(sender) + (bytes(6) if operation == 1 else to) +
                    socket.inet_aton(target))


def ip(source, protocol, payload, to):
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0)
    head += socket.inet_aton(source) + socket.inet_aton(NODE)
    return ethernet(to, 0x0800, head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload)


def echo(source, to):
    body = struct.pack("!BBHHH", 8, 0, 0, 7, 1) + b"outside"
    body = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
    return ip(source, 1, body, to)


def with_sum(source, protocol, segment, at):
    pseudo = socket.inet_aton(source) + socket.inet_aton(NODE)
    pseudo += struct.pack("!BBH", 0, protocol, len(segment))
    return segment[:at] + struct.pack("!H", checksum(pseudo + segment)) + segment[at + 2:]


def syn(source, port, to):
    segment = struct.pack("!HHIIBBHHH", 40000, port, 1, 0, 0x50, 2, 1024, 0, 0)
    return ip(source, 6, with_sum(source, 6, segment, 16), to)


def udp(source, port, to):
    datagram = struct.pack("!HHHH", 40000, port, 15, 0) + b"outside"
    return ip(source, 17, with_sum(source, 17, datagram, 6), to)


def kind_of(frame):
    """What a frame of the node is, in words: "arp", "icmp to stranger", "tcp 22 to management"."""
    (ethertype,) = struct.unpack("!H", frame[12:14])
    if ethertype == 0x0806:
        return "arp"
    if ethertype == 0x86dd:
        return "ipv6"
    if ethertype != 0x0800:
        return f"ethertype {ethertype:#06x}"
    head = (frame[14] & 15) * 4
    protocol = PROTOCOLS.get(frame[23], f"protocol {frame[23]}")
    to = socket.inet_ntoa(frame[30:34])
    if frame[23] not in (6, 17):
        return f"{protocol} to {NAMES.get(to, to)}"
    own, other = struct.unpack("!HH", frame[14 + head:18 + head])
    return f"{protocol} {min(own, other)} to {NAMES.get(to, to)}"


class Peer:
    """Talks and listens in a thread of its own from plug() to unplug()."""

    def __init__(self, folder):
        self.path = f"{folder}/peer"
        self.seen = []  # (time, kind)
        self.socket = self.thread = self.wire = None
        self.mac = None  # the node's, once it said so

    def questions(self):
        to = self.mac or EVERYBODY
        yield arp(1, GATEWAY, NODE)
        for who in (MANAGEMENT, CONTROL, STRANGER):
            yield echo(who, to)
        for who in (MANAGEMENT, STRANGER):
            yield syn(who, 22, to)
            yield syn(who, 8080, to)
            yield udp(who, 9, to)

    def plug(self, wire):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)
        self.seen, self.wire = [], wire
        self.thread = threading.Thread(target=self.talk, args=(self.socket,), daemon=True)
        self.thread.start()

    def unplug(self):
        wire, self.socket = self.socket, None
        if wire:
            self.thread.join()
            wire.close()

    def say(self, wire, frame):
        try:
            wire.sendto(frame, self.wire)
        except OSError:
            pass  # nobody there yet, or not any more, or busy

    def talk(self, wire):
        due = 0.0
        while self.socket is wire:
            if time.monotonic() >= due:
                due = time.monotonic() + PACE
                for frame in self.questions():
                    self.say(wire, frame)
            if select.select([wire], [], [], PACE / 4)[0]:
                self.hear(wire)

    def hear(self, wire):
        try:
            frame = wire.recv(65536)
        except OSError:
            return
        self.seen.append((time.monotonic(), kind_of(frame)))
        self.mac = frame[6:12]
        if frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\1":
            target = socket.inet_ntoa(frame[38:42])
            if target != NODE:
                self.say(wire, arp(2, target, NODE, frame[6:12]))

    def kinds(self, since=0.0):
        return {kind for when, kind in self.seen if when >= since}

    def first(self, *kinds):
        """When one of them came first; None: never."""
        return next((when for when, kind in self.seen if kind in kinds), None)
