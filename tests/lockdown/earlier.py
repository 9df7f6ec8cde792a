#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A process that ran before lockdown, and does now what it is told: an act a line on its input, what
came of it a line on its output: "done" or the name of the error. It must load nothing later."""

import ctypes
import errno
import mmap
import os
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.mmap.restype = LIBC.ptrace.restype = ctypes.c_long
PTRACE_TRACEME, PTRACE_SEIZE = 0, 0x4206
PR_SET_MM, PR_SET_MM_EXE_FILE = 35, 13
READ, EXEC = 1, 4


def call(function, *arguments):
    ctypes.set_errno(0)
    result = function(*(ctypes.c_long(each) if isinstance(each, int) else each for each in arguments))
    if result == -1:
        raise OSError(ctypes.get_errno(), "")
    return result


def in_child(act):
    """What it fails with, by the exit status."""
    child = os.fork()
    if not child:
        try:
            act()
            os._exit(0)
        except OSError as error:
            os._exit(error.errno)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status:
        raise OSError(status, "")


def start(path):
    in_child(lambda: os.execv(path, [path]))


def start_memory(path):
    """A copy that no file system has."""
    memory = os.memfd_create("copy")
    with open(path, "rb") as file:
        os.write(memory, file.read())
    in_child(lambda: os.execve(memory, ["copy"], {}))


def start_traced(path):
    def act():
        call(LIBC.ptrace, PTRACE_TRACEME, 0, 0, 0)

    in_child(act)


def map_code(path):
    with open(path, "rb") as file:
        mmap.mmap(file.fileno(), 4096, mmap.MAP_PRIVATE, READ | EXEC).close()


def map_then_protect(path):
    """As data first."""
    with open(path, "rb") as file:
        at = call(LIBC.mmap, 0, 4096, READ, mmap.MAP_PRIVATE, file.fileno(), 0)
        try:
            call(LIBC.mprotect, at, 4096, READ | EXEC)
        finally:
            LIBC.munmap(ctypes.c_long(at), ctypes.c_long(4096))


def trace(pid):
    call(LIBC.ptrace, PTRACE_SEIZE, int(pid), 0, 0)


def memory(pid):
    os.close(os.open(f"/proc/{pid}/mem", os.O_RDWR))


def feign(path):
    """It is refused with EBUSY as long as its own program is mapped."""
    with open(path, "rb") as file:
        call(LIBC.prctl, PR_SET_MM, PR_SET_MM_EXE_FILE, file.fileno(), 0, 0)


def read(path):
    with open(path, "rb") as file:
        file.read()


ACTS = (start, start_memory, start_traced, map_code, map_then_protect, trace, memory, feign, read)


def main():
    acts = {act.__name__: act for act in ACTS}
    print("ready", flush=True)
    for line in sys.stdin:
        name, argument = line.split()
        try:
            acts[name](argument)
            print("done", flush=True)
        except OSError as error:
            print(errno.errorcode.get(error.errno, error.errno), flush=True)


main()
