#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Has descriptors of cordon's and a vsock from before the guard was raised, and uses them when it is told to:
keeper.py BPFFS LINK FIFO ANSWER

A line of FIFO names what it is to do; what came of it is a line of ANSWER: "done" or why not.
"""
import ctypes
import errno
import os
import socket
import struct
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
NR_BPF, MAP_LOOKUP, MAP_UPDATE, OBJ_GET, LINK_UPDATE, LINK_DETACH = 321, 1, 2, 7, 29, 34


def bpf(command, attributes):
    room = ctypes.create_string_buffer(attributes.ljust(144, b"\0"), 144)
    result = LIBC.syscall(ctypes.c_long(NR_BPF), ctypes.c_long(command), room, ctypes.c_long(144))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def get(path):
    name = ctypes.create_string_buffer(path.encode())
    return bpf(OBJ_GET, struct.pack("QII", ctypes.addressof(name), 0, 0))


def update():
    key, value = ctypes.create_string_buffer(4), ctypes.create_string_buffer(80)
    words = struct.pack("I4xQQQ", CONTROL, ctypes.addressof(key), ctypes.addressof(value), 0)
    bpf(MAP_LOOKUP, words)
    bpf(MAP_UPDATE, words)


def link_update():
    """To no program: whoever may is told that there is none."""
    try:
        bpf(LINK_UPDATE, struct.pack("IIII", LINK, 1 << 20, 0, 0))
    except OSError as error:
        if error.errno != errno.EBADF:
            raise


def link_detach():
    bpf(LINK_DETACH, struct.pack("I", LINK))


def unless_allowed(act, *arguments):
    """There is nobody at the other end."""
    try:
        act(*arguments)
    except OSError as error:
        if error.errno == errno.EPERM:
            raise


def vsock_connect():
    unless_allowed(VSOCK.connect, (socket.VMADDR_CID_HOST, 9))


def vsock_listen():
    unless_allowed(VSOCK.listen)


def main():
    acts = {"update": update, "link-update": link_update, "link-detach": link_detach,
            "vsock-connect": vsock_connect, "vsock-listen": vsock_listen}
    while True:
        with open(FIFO) as file:
            name = file.readline().strip()
        try:
            acts[name]()
            text = "done"
        except OSError as error:
            text = str(error)
        with open(ANSWER, "w") as file:
            print(text, file=file)


VSOCK = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
VSOCK.settimeout(2)
CONTROL, LINK, FIFO, ANSWER = get(f"{sys.argv[1]}/maps/control"), get(sys.argv[2]), *sys.argv[3:5]
main()
