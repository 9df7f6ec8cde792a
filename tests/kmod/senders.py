#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Sends in many ways from this namespace to a peer, and says what arrived there.

    senders.py NETNS INTERFACE FROM TO    a line each: "KIND passed" or "KIND stopped"

NETNS is the peer's, whose interface is eth0; INTERFACE leads there; FROM and TO are addresses.
Each packet carries a token of its own, looked for in every frame that the peer sees.
"""

import os
import socket
import struct
import subprocess
import sys
import time

ETH_P_ALL = 3


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4(source, target, protocol, payload):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0,
                       socket.inet_aton(source), socket.inet_aton(target))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def udp(sport, dport, token):
    return struct.pack("!HHHH", sport, dport, 8 + len(token), 0) + token


def tcp(sport, dport, flags, token):
    return struct.pack("!HHIIBBHHH", sport, dport, 1, 1, 0x50, flags, 1000, 0, 0) + token


class Ground:
    def __init__(self, netns, interface, source, target):
        self.interface, self.source, self.target = interface, source, target
        here = os.open("/proc/self/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{netns}", os.O_RDONLY)
        setns(there)
        self.sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.sniffer.bind(("eth0", 0))
        mac = open_mac(netns)
        setns(here)
        ours = open(f"/sys/class/net/{interface}/address").read().strip()
        self.ether = bytes.fromhex(mac.replace(":", "")) + bytes.fromhex(ours.replace(":", ""))

    def frame(self, ethertype, payload, options=(), protocol=0):
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        for option in options:
            sock.setsockopt(263, option, 1)
        sock.sendto(self.ether + struct.pack("!H", ethertype) + payload,
                    (self.interface, protocol, 0, 0, self.ether[:6]))

    def arrived(self, token, seconds=1.0):
        end = time.monotonic() + seconds
        self.sniffer.settimeout(0.05)
        while time.monotonic() < end:
            try:
                if token in self.sniffer.recv(65536):
                    return True
            except TimeoutError:
                pass
        return False


def setns(fd):
    import ctypes
    if ctypes.CDLL(None, use_errno=True).setns(fd, 0x40000000):
        raise OSError("setns")


def open_mac(netns):
    text = subprocess.run(["ip", "-n", netns, "-o", "link", "show", "eth0"], check=True,
                          capture_output=True, text=True).stdout
    return text.split("link/ether ")[1].split()[0]


def plain_udp(g, token, port=5353):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.sendto(token, (g.target, port))


def raw_ip(g, token):
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, 253)
    sock.sendto(token, (g.target, 0))


def ping(g, token):
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    body = struct.pack("!BBHHH", 8, 0, 0, 7, 7) + token
    sock.sendto(body[:2] + struct.pack("!H", checksum(body)) + body[4:], (g.target, 0))


def header_included(g, token):
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    sock.sendto(ipv4(g.source, g.target, 17, udp(22, 4444, token)), (g.target, 0))


def packet(options=(), protocol=0, payload=lambda token: udp(1, 2, token), number=17):
    def send(g, token):
        g.frame(0x0800, ipv4(g.source, g.target, number, payload(token)), options, protocol)
    return send


def tagged(g, token):
    inner = ipv4(g.source, g.target, 17, udp(1, 2, token))
    g.frame(0x8100, struct.pack("!HH", 7, 0x0800) + inner)


def fragment(g, token):
    whole = bytearray(ipv4(g.source, g.target, 17, token))
    whole[6:8] = struct.pack("!H", 100)
    g.frame(0x0800, bytes(whole))


def icmp_error(g, token):
    inner = ipv4("198.51.100.9", g.source, 6, tcp(1, 22, 2, b""))[:28]
    body = struct.pack("!BBHI", 3, 1, 0, 0) + inner + token
    g.frame(0x0800, ipv4(g.source, g.target, 1, body))


def arp_with_more(g, token):
    g.frame(0x0806, struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + bytes(20) + bytes(20) + token)


KINDS = {
    "udp": plain_udp,
    "raw-ip": raw_ip,
    "ping": ping,
    "header-included": header_included,
    "packet": packet(),
    "packet-bypass": packet(options=(20,)),
    "packet-lying": packet(protocol=0x0806),
    "packet-answer": packet(payload=lambda token: tcp(22, 4444, 0x18, token), number=6),
    "other-ethertype": lambda g, token: g.frame(0x88B5, token),
    "other-ethertype-bypass": lambda g, token: g.frame(0x88B5, token, (20,)),
    "tagged": tagged,
    "fragment": fragment,
    "icmp-error": icmp_error,
    "arp-with-more": arp_with_more,
}


def main():
    ground = Ground(*sys.argv[1:5])
    for kind, send in KINDS.items():
        token = b"token-" + os.urandom(8).hex().encode()
        try:
            send(ground, token)
        except OSError:
            pass
        print(kind, "passed" if ground.arrived(token, 0.4) else "stopped", flush=True)


if __name__ == "__main__":
    main()
