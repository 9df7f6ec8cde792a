#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds a socket past the packet path that was made before the node was shut: holder.py KIND FILE

Ten times a second FILE says how much it has heard, and whether it can send ("heard N sent yes|no").
Kinds: plain; ring: what it hears comes by mapped memory; fanout: in a group; locked: with a filter of
its own that cannot be replaced; mapped: the same as ring, but without a descriptor; xdp: AF_XDP;
passed: the descriptor is on its way in a socket until FILE.take is there.
"""
import ctypes
import mmap
import os
import socket
import struct
import sys
import time

KIND, FILE = sys.argv[1:3]
EVERYTHING = 3  # ETH_P_ALL
SOL_PACKET, RX_RING, FANOUT, QDISC_BYPASS = 263, 5, 18, 20
ATTACH_FILTER, LOCK_FILTER = 26, 44
BLOCK, BLOCKS, FRAME = 4096, 16, 2048
FRAMES = BLOCK * BLOCKS // FRAME
# To a unicast address that nobody has.
TRIAL = bytes.fromhex("020000000001") + bytes.fromhex("020000000002") + b"\x88\xb5" + bytes(46)


def made():
    if KIND == "xdp":
        return socket.socket(44, socket.SOCK_RAW, 0)
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EVERYTHING))
    sock.bind(("wan0", EVERYTHING))
    sock.setsockopt(SOL_PACKET, QDISC_BYPASS, 1)
    if KIND == "fanout":
        sock.setsockopt(SOL_PACKET, FANOUT, 7)
    if KIND == "locked":
        room = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0xffff))
        sock.setsockopt(socket.SOL_SOCKET, ATTACH_FILTER,
                        struct.pack("HL", 1, ctypes.addressof(room)))
        sock.setsockopt(socket.SOL_SOCKET, LOCK_FILTER, 1)
    if KIND in ("ring", "mapped"):
        sock.setsockopt(SOL_PACKET, RX_RING, struct.pack("IIII", BLOCK, BLOCKS, FRAME, FRAMES))
    return sock


def heard_in(ring):
    """Frames that are ours to read, given back."""
    count = 0
    for at in range(0, BLOCK * BLOCKS, FRAME):
        if struct.unpack_from("L", ring, at)[0] & 1:
            struct.pack_into("L", ring, at, 0)
            count += 1
    return count


def heard_by(sock):
    count = 0
    try:
        while sock.recv(2048, socket.MSG_DONTWAIT):
            count += 1
    except OSError:
        pass
    return count


def can_send(sock):
    try:
        return sock.send(TRIAL) > 0
    except OSError:
        return False


def say(text):
    with open(FILE + ".new", "w") as file:
        print(text, file=file)
    os.rename(FILE + ".new", FILE)


def main():
    with open(FILE + ".pid", "w") as file:
        print(os.getpid(), file=file)
    sock, ring, heard = made(), None, 0
    if KIND in ("ring", "mapped"):
        ring = mmap.mmap(sock.fileno(), BLOCK * BLOCKS)
    if KIND == "mapped":
        sock.close()
        # mmap(2)'s own copy of it
        for number in range(3, 20):
            try:
                if os.readlink(f"/proc/self/fd/{number}").startswith("socket:"):
                    os.close(number)
            except OSError:
                pass
    if KIND == "passed":
        ours, theirs = socket.socketpair()
        socket.send_fds(ours, [b"x"], [sock.fileno()])
        sock.close()
        say("on its way")
        while not os.path.exists(FILE + ".take"):
            time.sleep(0.1)
        try:
            arrived = len(socket.recv_fds(theirs, 1, 1)[1])
        except OSError:
            arrived = 0
        say(f"arrived {arrived}")
        return
    while True:
        sent = KIND not in ("mapped", "xdp") and can_send(sock)
        if KIND != "xdp":
            heard += heard_in(ring) if ring else heard_by(sock)
        say(f"heard {heard} sent {'yes' if sent else 'no'}")
        time.sleep(0.1)


main()
