# SPDX-License-Identifier: GPL-2.0-or-later
"""Headers as bytes, with sound lengths and checksums unless a caller says otherwise.

No scapy: importing it takes longer than all the attacks, and a virtual machine fifteen times as
long. Sends nothing and knows no addresses.
"""

import socket
import struct

IPV4, ARP, VLAN, IPV6, QINQ = 0x0800, 0x0806, 0x8100, 0x86DD, 0x88A8
HOP, ICMP, IPIP, TCP, UDP, IN6, ROUTING, FRAGMENT = 0, 1, 4, 6, 17, 41, 43, 44
GRE, ESP, AH, ICMP6, NONE, DESTINATION, SCTP = 47, 50, 51, 58, 59, 60, 132


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def packed(address):
    return socket.inet_pton(family(address), address)


def sealed(source, destination, protocol, data, at):
    """The data with its checksum, over the pseudo header, at an offset."""
    pseudo = packed(source) + packed(destination) + struct.pack("!IHBB", len(data), 0, 0, protocol)
    if family(source) == socket.AF_INET:
        pseudo = packed(source) + packed(destination) + struct.pack("!BBH", 0, protocol, len(data))
    total = checksum(pseudo + data) or 0xFFFF
    return data[:at] + struct.pack("!H", total) + data[at + 2:]


def ether(destination, source, ethertype, data):
    return destination + source + struct.pack("!H", ethertype) + data


def tag(vlan, ethertype, data):
    """What stands behind an ethertype of VLAN or QINQ."""
    return struct.pack("!HH", vlan, ethertype) + data


def ip4(source, destination, protocol, data, ident=0x4242, fragment=0, ttl=64, options=b""):
    """fragment: flags and offset as on the wire (0x2000: more follow)."""
    head = struct.pack("!BBHHHBBH4s4s", 0x45 + len(options) // 4, 0, 20 + len(options) + len(data),
                       ident, fragment, ttl, protocol, 0, packed(source), packed(destination))
    head += options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + data


def ip6(source, destination, following, data, hops=64):
    return struct.pack("!IHBB16s16s", 0x60000000, len(data), following, hops, packed(source),
                       packed(destination)) + data


def udp(source, destination, sport, dport, data):
    head = struct.pack("!HHHH", sport, dport, 8 + len(data), 0)
    return sealed(source, destination, UDP, head + data, 6)


def tcp(source, destination, sport, dport, flags, data=b"", options=b""):
    bits = sum({"F": 1, "S": 2, "R": 4, "P": 8, "A": 16}[flag] for flag in flags)
    head = struct.pack("!HHIIBBHHH", sport, dport, 1000, 2000 if "A" in flags else 0,
                       (20 + len(options)) // 4 << 4, bits, 65535, 0, 0)
    return sealed(source, destination, TCP, head + options + data, 16)


def icmp(kind, code, rest, data):
    """rest: the four bytes behind the checksum."""
    message = struct.pack("!BBH", kind, code, 0) + rest + data
    return message[:2] + struct.pack("!H", checksum(message)) + message[4:]


def icmp6(source, destination, kind, code, rest, data):
    message = struct.pack("!BBH", kind, code, 0) + rest + data
    return sealed(source, destination, ICMP6, message, 2)


def echo(source, destination, ident, data):
    if family(source) == socket.AF_INET:
        return ICMP, icmp(8, 0, struct.pack("!HH", ident, 1), data)
    return ICMP6, icmp6(source, destination, 128, 0, struct.pack("!HH", ident, 1), data)


def ip(source, destination, protocol, data):
    if family(source) == socket.AF_INET:
        return ip4(source, destination, protocol, data)
    return ip6(source, destination, protocol, data)


def options6(following, data=b""):
    """A hop-by-hop or destination options header: one option that is to be skipped if unknown."""
    size = (2 + 2 + len(data) + 7) // 8
    body = bytes((0x1E, size * 8 - 4)) + data
    return bytes((following, size - 1)) + body.ljust(size * 8 - 2, b"\0")


def routing6(following, kind, left, data):
    data = data.ljust((len(data) + 11) // 8 * 8 - 4, b"\0") if (len(data) + 4) % 8 else data
    return bytes((following, (len(data) + 8) // 8 - 1, kind, left)) + data


def fragment6(following, offset, more, ident, data):
    return struct.pack("!BBHI", following, 0, offset | more, ident) + data


def dhcp(data):
    head = struct.pack("!BBBBIHH", 1, 1, 6, 0, 0x12345678, 0, 0).ljust(236, b"\0")
    return head + bytes.fromhex("63825363350101") + bytes((43, len(data))) + data + b"\xff"


def arp(operation, hardware, source, target, padding=b""):
    return struct.pack("!HHBBH", 1, IPV4, 6, 4, operation) + hardware + packed(source) + \
        b"\0" * 6 + packed(target) + padding
