#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds a socket past the packet path that was made before the node was shut: holder.py KIND FILE

Ten times a second FILE says how much it has heard, and whether it can send ("heard N sent yes|no").
Kinds: plain; ring: what it hears comes by mapped memory; fanout: in a group; locked: with a filter of
its own that cannot be replaced; mapped: the same as ring, but without a descriptor; xdp: AF_XDP;
passed: the descriptor is on its way in a socket until FILE.take is there; fixed: AF_XDP, in an io_uring
alone, and that without a descriptor; vhost: a packet socket that vhost-net alone has; flown: the same,
and the descriptor of vhost-net is on its way in a socket; many: twenty of AF_XDP; crowd: and more packet
sockets than are listed at once, deaf as if they were cut; ring-user: none, but an io_uring.
"""
import ctypes
import fcntl
import mmap
import os
import resource
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


IO_URING_SETUP, IO_URING_REGISTER, FIXED_FILES, FIXED_RING = 425, 427, 2, 20
VHOST_OWNER, VHOST_MEMORY, VHOST_BACKEND = 0xAF01, 0x4008AF03, 0x4008AF30
VHOST_NUMBER, VHOST_ADDRESS, VHOST_SENDS = 0x4008AF10, 0x4028AF11, 1

libc = ctypes.CDLL(None, use_errno=True)


def syscall(*words):
    done = libc.syscall(*words)
    if done < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return done


def hand_to_ring(sock):
    ring = syscall(IO_URING_SETUP, 4, ctypes.create_string_buffer(120))
    syscall(IO_URING_REGISTER, ring, FIXED_FILES, struct.pack("i", sock.detach()), 1)
    syscall(IO_URING_REGISTER, ring, FIXED_RING, struct.pack("iIQ", -1, 0, ring), 1)
    os.closerange(3, 20)


def hand_to_vhost(sock):
    device = os.open("/dev/vhost-net", os.O_RDWR)
    room = mmap.mmap(-1, BLOCK)
    at = ctypes.addressof(ctypes.c_char.from_buffer(room))
    fcntl.ioctl(device, VHOST_OWNER)
    fcntl.ioctl(device, VHOST_MEMORY, struct.pack("IIQQQQ", 1, 0, at, BLOCK, at, 0))
    fcntl.ioctl(device, VHOST_NUMBER, struct.pack("II", VHOST_SENDS, 2))
    fcntl.ioctl(device, VHOST_ADDRESS, struct.pack("IIQQQQ", VHOST_SENDS, 0, at, at + 512, at + 256, 0))
    fcntl.ioctl(device, VHOST_BACKEND, struct.pack("Ii", VHOST_SENDS, sock.fileno()))
    sock.close()
    return device, room


def fly(sock):
    device, room = hand_to_vhost(sock)
    pair = socket.socketpair()
    socket.send_fds(pair[0], [b"x"], [device])
    os.close(device)
    return pair, room


def set_filter(sock, keeps):
    """For good: how much it keeps of each packet."""
    room = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, keeps))
    sock.setsockopt(socket.SOL_SOCKET, ATTACH_FILTER, struct.pack("HL", 1, ctypes.addressof(room)))
    sock.setsockopt(socket.SOL_SOCKET, LOCK_FILTER, 1)


def add_more(sock):
    return [sock] + [socket.socket(44, socket.SOCK_RAW, 0) for _ in range(19)]


def add_crowd(sock):
    resource.setrlimit(resource.RLIMIT_NOFILE, (2048, 2048))
    crowd = [socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) for _ in range(1100)]
    for one in crowd:
        set_filter(one, 0)
    return [sock] + crowd


def use_ring(_):
    return syscall(IO_URING_SETUP, 4, ctypes.create_string_buffer(120))


AT_REST = {"fixed": hand_to_ring, "vhost": hand_to_vhost, "flown": fly, "many": add_more, "crowd": add_crowd,
           "ring-user": use_ring}


def made():
    if KIND == "ring-user":
        return None
    if KIND in ("xdp", "fixed", "many"):
        return socket.socket(44, socket.SOCK_RAW, 0)
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EVERYTHING))
    sock.bind(("wan0", EVERYTHING))
    sock.setsockopt(SOL_PACKET, QDISC_BYPASS, 1)
    if KIND == "fanout":
        sock.setsockopt(SOL_PACKET, FANOUT, 7)
    if KIND == "locked":
        set_filter(sock, 0xffff)
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
    if KIND in AT_REST:
        kept = AT_REST[KIND](sock)
        say("at rest")
        time.sleep(1000)
        del kept
        return
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
