#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What root may try against cordon, one row each: acts.py BPFFS ROOT STAGE TARGET WHEN...

Each act is a function that raises when it is refused. It is tried in a process of its own, and its
outcome printed as a line: NAME, a tab, "done" or why not. `when` says who must be refused it:
"always" wherever the guard stands, "closed" from the level on at which the kernel is closed, "never"
nobody, as it only reads, or no hook could refuse it (cordon(8) says what then). STAGE is "absent", "open" or "closed"; what should have come out is printed
behind it: "done" or "refused".

Without a guard every act must be done, or it would prove nothing that it is refused with one. What it
breaks then MEND puts right again.
"""
import ctypes
import errno
import fcntl
import mmap
import os
import re
import signal
import socket
import struct
import subprocess
import sys

BPFFS, ROOT, STAGE = sys.argv[1:4]
TARGET, WANTED = int(sys.argv[4]), sys.argv[5:]
LIBC = ctypes.CDLL(None, use_errno=True)
NR_BPF, NR_FINIT_MODULE, NR_KEXEC_LOAD, NR_IOPRIO_SET = 321, 313, 246, 251
NR_PIDFD_OPEN, NR_PIDFD_GETFD, NR_PROCESS_VM_READV, NR_DELETE_MODULE = 434, 438, 310, 176
NR_PROCESS_VM_WRITEV, NR_IOPL, NR_IOPERM, NR_KEXEC_FILE_LOAD, NR_MOUNT_SETATTR = 311, 172, 173, 320, 442
NR_IO_URING_SETUP, NR_IO_URING_ENTER, NR_PERF_EVENT_OPEN = 425, 426, 298

MAP_CREATE, MAP_LOOKUP, MAP_UPDATE, MAP_DELETE = 0, 1, 2, 3
PROG_LOAD, OBJ_PIN, OBJ_GET, PROG_ATTACH, TEST_RUN, MAP_BY_ID, OBJ_INFO = 5, 6, 7, 8, 10, 14, 15
PROG_BY_ID, MAP_FREEZE, UPDATE_BATCH, LINK_CREATE, LINK_UPDATE, LINK_BY_ID = 13, 22, 26, 28, 29, 30
LINK_DETACH, RAW_TRACEPOINT_OPEN = 34, 17
READ_ONLY = 8  # BPF_F_RDONLY


class Refused(Exception):
    pass


def check(result, what=""):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result


def syscall(number, *arguments):
    return check(LIBC.syscall(ctypes.c_long(number), *[
        ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]))


def bpf(command, attributes):
    room = ctypes.create_string_buffer(attributes.ljust(144, b"\0"), 144)
    return syscall(NR_BPF, command, room, 144)


def unless(number, act, *arguments):
    """An act that gets so far where nobody refuses it; the kernel asks for the right before."""
    try:
        act(*arguments)
    except OSError as error:
        if error.errno != number:
            raise


def kept(name):
    """By descriptors of before the guard."""
    with open(os.environ["KEEPER"] + ".in", "w") as file:
        print(name, file=file)
    with open(os.environ["KEEPER"] + ".out") as file:
        answer = file.readline().strip()
    if answer != "done":
        raise Refused(answer)


# ---- io_uring --------------------------------------------------------------------------------


class Ring:
    """One entry at a time. Of struct io_uring_params the offsets of its two rings are read."""
    OPENAT, SOCKET, SQPOLL, WAKEUP, GETEVENTS = 18, 45, 2, 2, 1

    def __init__(self, flags=0):
        params = ctypes.create_string_buffer(struct.pack("IIII", 4, 0, flags, 0).ljust(120, b"\0"), 120)
        self.fd = syscall(NR_IO_URING_SETUP, 4, params)
        words = struct.unpack("30I", params.raw)
        self.sq, self.cq, self.poll = words[10:20], words[20:30], flags & self.SQPOLL
        self.rings = mmap.mmap(self.fd, 4096, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        self.entries = mmap.mmap(self.fd, 4096, mmap.MAP_SHARED,
                                 mmap.PROT_READ | mmap.PROT_WRITE, offset=0x10000000)

    def do(self, entry):
        self.entries[:64] = entry.ljust(64, b"\0")
        struct.pack_into("I", self.rings, self.sq[6], 0)
        struct.pack_into("I", self.rings, self.sq[1], 1)
        syscall(NR_IO_URING_ENTER, self.fd, 0 if self.poll else 1, 1,
                self.GETEVENTS | (self.WAKEUP if self.poll else 0), None, 0)
        result = struct.unpack_from("i", self.rings, self.cq[5] + 8)[0]
        if result < 0:
            raise OSError(-result, os.strerror(-result))
        return result


def ring_open(flags=0):
    path = ctypes.create_string_buffer(f"{STATE}/latch.copy".encode())
    # opcode, flags, priority, fd, offset, path, mode, flags of open(2)
    Ring(flags).do(struct.pack("BBHiQQII", Ring.OPENAT, 0, 0, -100, 0, address(path), 0, os.O_WRONLY))


def ring_socket(flags=0):
    Ring(flags).do(struct.pack("BBHiQQII", Ring.SOCKET, 0, 0, socket.AF_PACKET, socket.SOCK_RAW, 0, 0, 0))


def sh(command):
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=30)
    if done.returncode:
        raise Refused((done.stderr or done.stdout).strip().replace("\n", " ")[-100:] or "failed")
    return done.stdout


def address(room):
    return ctypes.addressof(room)


def get(path, flags=0):
    name = ctypes.create_string_buffer(f"{BPFFS}/{path}".encode())
    return bpf(OBJ_GET, struct.pack("QII", address(name), 0, flags))


def info(fd):
    room = ctypes.create_string_buffer(256)
    bpf(OBJ_INFO, struct.pack("IIQ", fd, 256, address(room)))
    return struct.unpack("II", room.raw[:8])


def id_of(pin):
    """bpftool asks as any tool does."""
    return int(re.match(r"(\d+):", sh(f"bpftool {pin.split('/')[0].rstrip('s')} show pinned "
                                      f"{BPFFS}/{pin}"))[1])


# ---- maps ------------------------------------------------------------------------------------


def update(fd, size=80):
    key, value = ctypes.create_string_buffer(4), ctypes.create_string_buffer(size)
    bpf(MAP_LOOKUP, struct.pack("I4xQQQ", fd, address(key), address(value), 0))
    bpf(MAP_UPDATE, struct.pack("I4xQQQ", fd, address(key), address(value), 0))


def map_update_pinned():
    update(get("maps/control"))


def map_update_by_id():
    update(bpf(MAP_BY_ID, struct.pack("III", info(get("maps/control", READ_ONLY))[1], 0, 0)))


def map_update_batch():
    fd = get("maps/control")
    key, value = ctypes.create_string_buffer(4), ctypes.create_string_buffer(80)
    bpf(MAP_LOOKUP, struct.pack("I4xQQQ", fd, address(key), address(value), 0))
    bpf(UPDATE_BATCH, struct.pack("QQQQIIQQ", 0, 0, address(key), address(value), 1, fd, 0, 0))


def map_delete():
    """Of an address that is none of the node's."""
    key = ctypes.create_string_buffer(b"\xfe" * 16)
    unless(errno.ENOENT, bpf, MAP_DELETE,
           struct.pack("I4xQQQ", get("maps/local_addresses"), address(key), 0, 0))


def map_mmap():
    fd = get("maps/control")
    mmap.mmap(fd, 4096, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE).close()


def map_mmap_read():
    mmap.mmap(get("maps/control"), 4096, mmap.MAP_SHARED, mmap.PROT_READ).close()


def map_inner():
    """One of ours inside of one of theirs is in the hands of their programs."""
    inner = get("maps/settings", READ_ONLY)
    outer = bpf(MAP_CREATE, struct.pack("IIIIII", 12, 4, 4, 1, 0, inner))
    key, value = ctypes.create_string_buffer(4), ctypes.create_string_buffer(struct.pack("I", inner))
    bpf(MAP_UPDATE, struct.pack("I4xQQQ", outer, address(key), address(value), 0))


def map_feign():
    bpf(MAP_CREATE, struct.pack("IIIIIII16s", 2, 4, 4, 1, 0, 0, 0, b"cordon_guard"))


def map_by_socket():
    """A process that holds nothing yet gets ours from one that was given it."""
    ours, theirs = socket.socketpair()
    child = os.fork()
    if not child:
        fd = get("maps/control", READ_ONLY)
        socket.send_fds(ours, [b"x"], [fd])
        os._exit(0)
    os.waitpid(child, 0)
    if not socket.recv_fds(theirs, 1, 1)[1]:
        raise Refused("no descriptor arrived")


def map_with_threads():
    """Another thread could change what is behind a descriptor."""
    import threading
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        get("maps/control")
    finally:
        stop.set()
        thread.join()


# ---- programs and links ----------------------------------------------------------------------


def instructions(*each):
    return b"".join(struct.pack("<BBhi", *one) for one in each)


RETURN_0 = instructions((0xb7, 0, 0, 0), (0x95, 0, 0, 0))


def load(code=RETURN_0, kind=1, more=b""):
    room, licence = ctypes.create_string_buffer(code, len(code)), ctypes.create_string_buffer(b"GPL")
    return bpf(PROG_LOAD, struct.pack("IIQQ", kind, len(code) // 8, address(room), address(licence))
               + more)


def load_with_map():
    fd = get("maps/control", READ_ONLY)
    load(instructions((0x18, 0x11, 0, fd), (0, 0, 0, 0)) + RETURN_0)


def load_program():
    load()


CLEAR_R1 = (0xb7, 1, 0, 0)
TRACEPOINT, SYSCTL, SOCKOPT, TRACING, LSM = 5, 23, 25, 26, 29
FUNC_WRITE_USER, FUNC_SEND_SIGNAL, FUNC_SEND_SIGNAL_THREAD = 36, 109, 117
ATTACH_SYSCTL, ATTACH_GETSOCKOPT, ATTACH_MODIFY_RETURN, ATTACH_LSM = 18, 21, 26, 27


def load_calling(function):
    """Somewhere in the middle."""
    load(instructions(*[CLEAR_R1] * 500, (0x85, 0, 0, function), *[CLEAR_R1] * 500) + RETURN_0, TRACEPOINT)


def load_writing():
    """The verifier is told that there is no such helper."""
    store = (0x7a, 10, -8, 0), (0xbf, 0xa2, 0, 0), (0x07, 2, 0, -8), (0xb7, 3, 0, 8)
    try:
        load(instructions(CLEAR_R1, *store, (0x85, 0, 0, FUNC_WRITE_USER)) + RETURN_0, TRACEPOINT)
    except OSError as error:
        raise Refused("not permitted: no helper" if error.errno == errno.EINVAL else str(error)) from error


def load_onto(kind, attach, function):
    bpf_library = ctypes.CDLL("libbpf.so.1")
    number = bpf_library.libbpf_find_vmlinux_btf_id(function.encode(), attach)
    load(RETURN_0, kind, bytes(44) + struct.pack("I", attach) + bytes(36) + struct.pack("I", number))


def run_tell():
    fd = get("progs/tell")
    room = ctypes.create_string_buffer(1024)
    # prog_fd, retval, sizes and data of packets, repeat, duration, then the context
    bpf(TEST_RUN, struct.pack("IIIIQQIIIIQQ", fd, 0, 0, 0, 0, 0, 0, 0, 1024, 0, address(room), 0))


def attach_ours():
    """It can be only once, and is."""
    # BPF_TRACE_RAW_TP
    unless(errno.EEXIST, bpf, LINK_CREATE, struct.pack("IIII", get("progs/cgroup_mkdir"), 0, 23, 0))


def tracepoint_ours():
    """It has its own."""
    unless(errno.EINVAL, bpf, RAW_TRACEPOINT_OPEN, struct.pack("QI", 0, get("progs/tell")))


def link_id():
    with open(os.environ["LINK_ID"]) as file:
        return int(file.read())


def link_open_by_id():
    bpf(LINK_BY_ID, struct.pack("II", link_id(), 0))


def link_open_pin():
    get(f"links/{os.environ['LINK_PIN']}")


def link_open_otherwise():
    """By a path that no rule could know."""
    os.chdir(f"{BPFFS}/links")
    name = ctypes.create_string_buffer(os.environ["LINK_PIN"].encode())
    bpf(OBJ_GET, struct.pack("QII", address(name), 0, 0))


def link_detach():
    bpf(LINK_DETACH, struct.pack("I", get(f"links/{os.environ['LINK_PIN']}")))


def attach_before():
    fd = load(kind=3)
    index = socket.if_nametoindex("wan0")
    bpf(LINK_CREATE, struct.pack("IIII", fd, index, 46, 8))  # BPF_TCX_INGRESS, BPF_F_BEFORE


def attach_behind():
    fd = load(kind=3)
    bpf(LINK_CREATE, struct.pack("IIII", fd, socket.if_nametoindex("wan0"), 46, 0))


def attach_xdp():
    fd = load(instructions((0xb7, 0, 0, 2), (0x95, 0, 0, 0)), kind=6)
    bpf(LINK_CREATE, struct.pack("IIII", fd, socket.if_nametoindex("wan0"), 37, 2))


def xdp_kept():
    """One that was loaded before anything was shut, onto an interface that nobody covers."""
    kept = f"{MOUNT}/kept".encode() + b"\0"
    path = ctypes.create_string_buffer(kept)
    if not os.path.exists(kept[:-1]):
        fd = load(instructions((0xb7, 0, 0, 2), (0x95, 0, 0, 0)), kind=6)
        bpf(OBJ_PIN, struct.pack("QI", ctypes.addressof(path), fd))
    fd = bpf(OBJ_GET, struct.pack("QII", ctypes.addressof(path), 0, 0))
    check(LIBC.unshare(0x40000000))  # CLONE_NEWNET
    sh("ip link add try0 type dummy && ip link set try0 up")
    bpf(LINK_CREATE, struct.pack("IIII", fd, socket.if_nametoindex("try0"), 37, 2))


def xdp_by_netlink():
    fd = load(instructions((0xb7, 0, 0, 2), (0x95, 0, 0, 0)), kind=6)
    nested = struct.pack("HHi", 8, 1, fd) + struct.pack("HHI", 8, 3, 2)
    link = struct.pack("BBHiII", 0, 0, 0, socket.if_nametoindex("wan0"), 0, 0)
    route(19, link + struct.pack("HH", 4 + len(nested), 43 | 0x8000) + nested)
    sh("ip link set wan0 xdpgeneric off")


def route(kind, body, flags=5):
    """One message of rtnetlink; flags: REQUEST, ACK."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as sock:
        sock.send(struct.pack("IHHII", 16 + len(body), kind, flags, 1, 0) + body)
        answer = sock.recv(4096)
        error = struct.unpack_from("i", answer, 16)[0]
        if error:
            raise OSError(-error, os.strerror(-error))


def filter_ahead():
    sh("tc filter add dev wan0 ingress prio 1 handle 7 protocol all bpf da bytecode '1,6 0 0 0' && "
       "tc filter del dev wan0 ingress prio 1 handle 7 bpf")


def filter_flush():
    sh("tc filter del dev wan0 ingress")


def chain_delete():
    sh("tc chain del dev wan0 ingress chain 0")


def qdisc_delete():
    sh("tc qdisc del dev wan0 clsact")


def filter_in_a_batch():
    """Behind a message that does nothing."""
    index = socket.if_nametoindex("wan0")
    harmless = struct.pack("BBHiII", 0, 0, 0, index, 0, 0)
    delete = struct.pack("BBHiIII", 0, 0, 0, index, 0, 0xfffffff2, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as sock:
        sock.send(struct.pack("IHHII", 16 + len(harmless), 19, 1, 1, 0) + harmless +
                  struct.pack("IHHII", 16 + len(delete), 45, 5, 2, 0) + delete)


# ---- pins, files and mounts ------------------------------------------------------------------


def shell(command):
    return lambda: sh(command)


STATE = f"{ROOT}/var/lib/cordon"


# ---- the helper ------------------------------------------------------------------------------


def send(number):
    return lambda: os.kill(TARGET, number)


def ptrace_attach():
    check(LIBC.ptrace(16, TARGET, 0, 0))
    os.waitpid(TARGET, 0)
    LIBC.ptrace(17, TARGET, 0, 0)


def memory_write():
    os.close(os.open(f"/proc/{TARGET}/mem", os.O_RDWR))


def take_descriptor():
    syscall(NR_PIDFD_GETFD, syscall(NR_PIDFD_OPEN, TARGET, 0), 0, 0)


def read_memory():
    with open(f"/proc/{TARGET}/maps") as file:
        start = int(next(file).split("-")[0], 16)
    room = ctypes.create_string_buffer(16)
    ours = ctypes.create_string_buffer(struct.pack("QQ", address(room), 16))
    theirs = ctypes.create_string_buffer(struct.pack("QQ", start, 16))
    syscall(NR_PROCESS_VM_READV, TARGET, ours, 1, theirs, 1, 0)


def write_memory():
    """The deep end of its stack, which it does not use."""
    with open(f"/proc/{TARGET}/maps") as file:
        start = next(int(line.split("-")[0], 16) for line in file if "[stack]" in line)
    room = ctypes.create_string_buffer(8)
    ours = ctypes.create_string_buffer(struct.pack("QQ", address(room), 8))
    theirs = ctypes.create_string_buffer(struct.pack("QQ", start, 8))
    syscall(NR_PROCESS_VM_WRITEV, TARGET, ours, 1, theirs, 1, 0)


def preload():
    """It is linked statically: nothing reads this."""
    done = subprocess.run([HELPER, "--help"], env={"LD_PRELOAD": "/nowhere.so"}, capture_output=True,
                          check=True)
    if done.stderr:
        raise Refused(done.stderr.decode())


def sigio_kill():
    """Its owner gets the signal of a descriptor; one that exists always."""
    read, write = os.pipe()
    fcntl.fcntl(read, fcntl.F_SETOWN, TARGET)
    fcntl.fcntl(read, 10, signal.SIGURG)  # F_SETSIG
    fcntl.fcntl(read, fcntl.F_SETFL, os.O_ASYNC)
    os.write(write, b"x")
    return read


def nice():
    os.setpriority(os.PRIO_PROCESS, TARGET, 10)


def scheduler():
    os.sched_setaffinity(TARGET, {0, 1})


def limit():
    import resource
    resource.prlimit(TARGET, resource.RLIMIT_FSIZE, (-1, -1))


def io_priority():
    syscall(NR_IOPRIO_SET, 1, TARGET, 2 << 13 | 7)


# ---- its control group -----------------------------------------------------------------------


def lever(name, folder="node.service"):
    os.close(os.open(f"{os.environ['SLICE']}/{folder}/{name}", os.O_WRONLY))


def move_to(folder):
    os.makedirs(f"{os.environ['SLICE']}/{folder}", exist_ok=True)
    with open(f"{os.environ['SLICE']}/{folder}/cgroup.procs", "w") as file:
        file.write(str(TARGET))


def freeze_elsewhere():
    move_to("other.service")
    try:
        lever("cgroup.freeze", "other.service")
    finally:
        move_to("node.service")


# ---- the kernel ------------------------------------------------------------------------------


def module_load():
    sh("modprobe dummy && modprobe -r dummy")


def module_unload(flags=os.O_NONBLOCK):
    """Of one that is not there."""
    name = ctypes.create_string_buffer(b"nothing_of_that_name")
    unless(errno.ENOENT, syscall, NR_DELETE_MODULE, name, flags)


def kexec():
    """No segments: an image that is loaded is dropped."""
    syscall(NR_KEXEC_LOAD, 0, 0, None, 0)


def kexec_file():
    """Of what is no kernel."""
    line = ctypes.create_string_buffer(b"")
    with open("/bin/true", "rb") as file:
        unless(errno.ENOEXEC, syscall, NR_KEXEC_FILE_LOAD, file.fileno(), -1, 1, line, 4)


def opened(path, flags=os.O_RDONLY):
    return lambda: os.close(os.open(path, flags))


def ports():
    syscall(NR_IOPL, 3)
    syscall(NR_IOPL, 0)


def port():
    syscall(NR_IOPERM, 0x80, 1, 1)


def set_attribute():
    with open(f"{STATE}/latch") as file:
        unless(errno.ENOTTY, fcntl.ioctl, file, 0x40086602, struct.pack("L", 0x10))  # immutable
        unless(errno.ENOTTY, fcntl.ioctl, file, 0x40086602, struct.pack("L", 0))


def extended_attribute():
    os.setxattr(f"{STATE}/latch", "trusted.try", b"x")
    os.removexattr(f"{STATE}/latch", "trusted.try")


def mount_attribute():
    """No hook is asked; the helper is told when it writes."""
    path = ctypes.create_string_buffer(MOUNT.encode())
    for words in (1, 0), (0, 1):
        syscall(NR_MOUNT_SETATTR, -100, path, 0,
                ctypes.create_string_buffer(struct.pack("QQQQ", *words, 0, 0)), 32)


def tpm():
    """By its name: there is none in here."""
    if not os.path.exists("/dev/tpm9"):
        os.mknod("/dev/tpm9", 0o20600, os.makedev(1, 3))
    opened("/dev/tpm9")()


def packet_socket():
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()


def xdp_socket():
    socket.socket(44, socket.SOCK_RAW, 0).close()


def vsock():
    """To who runs the virtual machine that this may be."""
    socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM).close()


def kprobe():
    sh("echo 'p:guard_try do_nanosleep' >>/sys/kernel/tracing/kprobe_events && "
       "echo '-:guard_try' >>/sys/kernel/tracing/kprobe_events")


def entry_of(program):
    """Where it begins, which is the same place in the file."""
    with open(program, "rb") as file:
        return struct.unpack_from("Q", file.read(32), 24)[0]


def probe_by_files():
    events = "/sys/kernel/tracing"
    sh(f"echo 'p:guard_try /bin/true:{entry_of('/bin/true'):#x}' >>{events}/uprobe_events && "
       f"echo 1 >{events}/events/uprobes/guard_try/enable && "
       f"echo 0 >{events}/events/uprobes/guard_try/enable && "
       f"echo '-:guard_try' >>{events}/uprobe_events")


def probe_by_perf():
    with open("/sys/bus/event_source/devices/uprobe/type") as file:
        kind = int(file.read())
    path = ctypes.create_string_buffer(b"/bin/true")
    wanted = struct.pack("II6QQQ", kind, 128, 0, 0, 0, 0, 0, 0, address(path), entry_of("/bin/true"))
    os.close(syscall(NR_PERF_EVENT_OPEN, ctypes.create_string_buffer(wanted.ljust(128, b"\0"), 128),
                     -1, 0, -1, 0))


TCX = os.environ["TCX"] == "yes"
MOUNT = os.path.dirname(BPFFS)
PINS = f"{BPFFS}/maps/zones"
LINK = f"{BPFFS}/links/{os.environ['LINK_PIN']}"
HELPER = os.environ["HELPER"]

# name, when it is refused, what is done, whether it breaks something that is to be mended
ROWS = [
    ("map: update by its pin", "always", map_update_pinned, False),
    ("map: update by its number", "always", map_update_by_id, False),
    ("map: update by batch", "always", map_update_batch, False),
    ("map: delete from it", "always", map_delete, False),
    ("map: update by a descriptor of before", "always", lambda: kept("update"), False),
    ("map: write to its memory", "always", map_mmap, False),
    ("map: put into another map", "always", map_inner, False),
    ("map: by socket from who may read it", "always", map_by_socket, False),
    ("map: to write, with two threads", "always", map_with_threads, False),
    ("map: one with the guard's name", "always", map_feign, False),
    ("map: bpftool map update", "always",
     shell(f"bpftool map update pinned {BPFFS}/maps/zones key 0 0 0 0 value "
           "$(for i in $(seq 48); do printf '0 '; done)"), False),
    ("map: read its memory", "never", map_mmap_read, False),
    ("map: bpftool map dump by its pin", "never",
     shell(f"bpftool map dump pinned {BPFFS}/maps/reasons | grep -q no-rule"), False),
    ("map: bpftool map dump by its number", "never",
     lambda: sh(f"bpftool map dump id {id_of('maps/reasons')} | grep -q no-rule"), False),
    ("program: load one that uses our map", "always", load_with_map, False),
    ("program: run tell", "always", run_tell, False),
    ("program: attach ours", "always", attach_ours, False),
    ("program: open a tracepoint by ours", "always", tracepoint_ours, False),
    ("program: put one of theirs in place of ours", "always",
     shell(f"{os.environ['BUILD']}/tests/guard/onto_helper {BPFFS}/progs/ingress_ether ingress_ether"),
     False),
    ("program: load one that answers for sockets", "always",
     lambda: load(RETURN_0, SOCKOPT, bytes(44) + struct.pack("I", ATTACH_GETSOCKOPT)), False),
    ("program: load one that answers for parameters of the kernel", "always",
     lambda: load(RETURN_0, SYSCTL, bytes(44) + struct.pack("I", ATTACH_SYSCTL)), False),
    ("program: bpftool prog show", "never", shell("bpftool prog show | grep -q egress_ether"), False),
    ("program: bpftool prog dump", "never",
     shell(f"bpftool prog dump xlated pinned {BPFFS}/progs/tell | grep -q r0"), False),
    ("program: load any", "closed", load_program, False),
    ("program: load a security module's", "always", lambda: load_onto(LSM, ATTACH_LSM, "bpf"), False),
    ("program: load one in place of a function's result", "always",
     lambda: load_onto(TRACING, ATTACH_MODIFY_RETURN, "security_bpf"), False),
    ("program: load one that sends signals", "always",
     lambda: load_calling(FUNC_SEND_SIGNAL), False),
    ("program: load one that sends signals to threads", "always",
     lambda: load_calling(FUNC_SEND_SIGNAL_THREAD), False),
    ("program: load one that writes to processes", "always", load_writing, False),
    ("link: open by its number", "always", link_open_by_id, False),
    ("link: open by its pin", "always", link_open_pin, False),
    ("link: open by its pin, by another path", "always", link_open_otherwise, False),
    ("program: bpftool with the names of pins", "never", shell("bpftool -f prog show >/dev/null"), False),
    ("link: update by a descriptor of before", "always", lambda: kept("link-update"), False),
    ("link: detach", "always", link_detach, True),
    ("link: detach by a descriptor of before", "always", lambda: kept("link-detach"), True),
    ("pin: remove a link's", "always", shell(f"rm {LINK}"), True),
    ("pin: remove a map's", "always", shell(f"rm {PINS}"), True),
    ("pin: rename", "always", shell(f"mv {PINS} {PINS}-x && mv {PINS}-x {PINS}"), False),
    ("pin: rename the folder", "always",
     shell(f"mv {BPFFS}/maps {BPFFS}/other && mv {BPFFS}/other {BPFFS}/maps"), False),
    ("pin: another name", "always", shell(f"ln {PINS} {MOUNT}/name && rm {MOUNT}/name"), False),
    ("pin: one more", "always", shell(f"mkdir {BPFFS}/maps/more && rmdir {BPFFS}/maps/more"), False),
    ("pin: mode", "always", shell(f"chmod 600 {PINS}"), False),
    ("pin: owner", "always", shell(f"chown 1:1 {PINS} && chown 0:0 {PINS}"), False),
    ("mount: unmount the pins", "always", shell(f"umount {MOUNT} && mount -t bpf x {MOUNT}"),
     True),
    ("mount: unmount them later", "always",
     shell(f"umount -l {MOUNT} && mount -t bpf x {MOUNT}"), True),
    ("mount: over the pins", "always", shell(f"mount -t tmpfs x {BPFFS} && umount {BPFFS}"), False),
    ("mount: over the folder above", "always",
     shell(f"mount -t tmpfs x {MOUNT} && umount {MOUNT}"), False),
    ("mount: over the state", "always", shell(f"mount -t tmpfs x {STATE} && umount {STATE}"), False),
    ("mount: over a file of the state, elsewhere", "always",
     shell(f"unshare -m mount --bind /dev/null {STATE}/latch"), False),
    ("mount: over the trust", "always",
     shell(f"mount --bind /tmp {ROOT}/etc/cordon/trust && umount {ROOT}/etc/cordon/trust"), False),
    ("mount: over the helper", "always",
     shell(f"mount --bind /bin/true {HELPER} && umount {HELPER}"), False),
    ("mount: remount the pins", "always",
     shell(f"mount -o remount,ro {MOUNT} && mount -o remount,rw {MOUNT}"), False),
    ("mount: move the pins", "always",
     shell(f"mkdir -p /tmp/moved && mount --move {MOUNT} /tmp/moved && "
           f"mount --move /tmp/moved {MOUNT}"), False),
    ("mount: make the pins read-only", "never", mount_attribute, False),
    ("file: write to the state by io_uring", "always", ring_open, False),
    ("file: and by a thread of the kernel's", "always", lambda: ring_open(Ring.SQPOLL), False),
    ("file: make one immutable", "always", set_attribute, False),
    ("file: extended attribute", "always", extended_attribute, False),
    ("file: write to the state", "always", shell(f"echo x >>{STATE}/latch.copy"), True),
    ("file: truncate", "always", shell(f"truncate -s +0 {STATE}/latch"), False),
    ("file: remove", "always", shell(f"cp {STATE}/latch.copy /tmp/kept && rm {STATE}/latch.copy"), True),
    ("file: rename", "always", shell(f"mv {STATE}/latch {STATE}/x && mv {STATE}/x {STATE}/latch"), False),
    ("file: make one in trust", "always",
     shell(f"echo x >{ROOT}/etc/cordon/trust/seal.pem && rm {ROOT}/etc/cordon/trust/seal.pem"),
     False),
    ("file: put one there", "always",
     shell(f"echo >/tmp/x; mv /tmp/x {ROOT}/etc/cordon/trust/x && rm {ROOT}/etc/cordon/trust/x"), False),
    ("file: another name for one", "always",
     shell(f"ln {STATE}/latch {ROOT}/name && rm {ROOT}/name"), False),
    ("file: symbolic link", "always", shell(f"ln -s / {STATE}/x && rm {STATE}/x"), False),
    ("file: mode", "always", shell(f"chmod 600 {STATE}/latch"), False),
    ("file: rename a folder above", "always",
     shell(f"mv {ROOT}/var {ROOT}/x && mv {ROOT}/x {ROOT}/var"), False),
    ("file: lock the lock", "always", shell(f"flock -n {ROOT}/run/cordon/lock true"), False),
    ("file: remove the helper", "always",
     shell(f"cp {HELPER} {HELPER}.x && mv {HELPER} {HELPER}.y && mv {HELPER}.y {HELPER}"), False),
    ("file: read the state", "never", shell(f"cat {STATE}/latch >/dev/null"), False),
    ("file: an order into the inbox", "never",
     shell(f"echo x >{STATE}/inbox/.try && mv {STATE}/inbox/.try {STATE}/inbox/.try2 && "
           f"rm {STATE}/inbox/.try2"), False),
    ("file: remove the inbox", "always", shell(f"rmdir {STATE}/inbox && mkdir {STATE}/inbox"), False),
    ("helper: stop", "always",
     lambda: (os.kill(TARGET, signal.SIGSTOP), os.kill(TARGET, signal.SIGCONT)), False),
    ("helper: SIGURG", "always", send(signal.SIGURG), False),
    ("helper: is it there?", "never", send(0), False),
    ("helper: trace", "always", ptrace_attach, False),
    ("helper: open its memory", "always", memory_write, False),
    ("helper: read its memory", "always", read_memory, False),
    ("helper: write to its memory", "always", write_memory, False),
    ("helper: another library before its own", "never", preload, False),
    ("helper: take a descriptor", "always", take_descriptor, False),
    ("helper: priority", "always", nice, False),
    ("helper: which CPUs", "always", scheduler, False),
    ("helper: limits", "always", limit, False),
    ("helper: of its files", "always", io_priority, False),
    ("helper: to go first when memory is short", "always",
     shell(f"echo 900 >/proc/{TARGET}/oom_score_adj && echo 0 >/proc/{TARGET}/oom_score_adj"), False),
    ("helper: and by its thread's file", "always",
     shell(f"echo 0 >/proc/{TARGET}/task/{TARGET}/oom_score_adj"), False),
    ("helper: its status in /proc", "never", shell(f"cat /proc/{TARGET}/status /proc/{TARGET}/maps"),
     False),
    ("helper: freeze its control group", "always", lambda: lever("cgroup.freeze"), False),
    ("helper: end all that is in it", "always", lambda: lever("cgroup.kill"), False),
    ("helper: freeze the one above", "always", lambda: lever("cgroup.freeze", "."), False),
    ("helper: move it into another", "never", lambda: (move_to("other.service"),
                                                      move_to("node.service")), False),
    ("helper: freeze the one that it was moved to", "always", freeze_elsewhere, False),
    ("kernel: load a module", "closed", module_load, False),
    ("kernel: unload one", "closed", module_unload, False),
    ("kernel: unload one by force", "closed", lambda: module_unload(os.O_NONBLOCK | os.O_TRUNC), False),
    ("kernel: kexec", "closed", kexec, False),
    ("kernel: kexec by a file", "closed", kexec_file, False),
    ("kernel: raw memory", "closed", opened("/dev/mem"), False),
    ("kernel: kcore", "closed", opened("/proc/kcore"), False),
    ("kernel: all ports", "closed", ports, False),
    ("kernel: one port", "closed", port, False),
    ("kernel: ports by a file", "closed", opened("/dev/port"), False),
    ("kernel: registers of the CPU", "closed", opened("/dev/cpu/0/msr"), False),
    ("kernel: a TPM", "closed", tpm, False),
    ("kernel: kprobe", "closed", kprobe, False),
    ("kernel: probe of a program, by files", "closed", probe_by_files, False),
    ("kernel: probe of a program, by perf", "closed", probe_by_perf, False),
    ("kernel: packet socket", "closed", packet_socket, False),
    ("kernel: packet socket by io_uring", "closed", ring_socket, False),
    ("kernel: and by a thread of the kernel's", "closed", lambda: ring_socket(Ring.SQPOLL), False),
    ("kernel: XDP socket", "closed", xdp_socket, False),
    ("kernel: vsock", "closed", vsock, False),
    ("kernel: connect a vsock of before", "closed", lambda: kept("vsock-connect"), False),
    ("kernel: listen on a vsock of before", "closed", lambda: kept("vsock-listen"), False),
    ("kernel: write to a block device", "closed", opened("/dev/loop0", os.O_RDWR), False),
    ("kernel: read from one", "never", opened("/dev/loop0"), False),
    ("kernel: magic request", "closed", opened("/proc/sysrq-trigger", os.O_WRONLY), False),
    ("interface: XDP by netlink", "always", xdp_by_netlink, True),
    ("interface: XDP by a link", "always", attach_xdp, False),
    ("interface: XDP of before, in another namespace", "closed", xdp_kept, False),
] + ([
    ("interface: a program ahead of ours", "always", attach_before, False),
    ("interface: a program behind ours", "closed", attach_behind, False),
] if TCX else [
    ("interface: a filter ahead of ours", "always", filter_ahead, True),
    ("interface: delete the filters", "always", filter_flush, True),
    ("interface: delete the filters in a batch", "always", filter_in_a_batch, True),
    ("interface: delete the chain of filters", "always", chain_delete, True),
    ("interface: delete clsact", "always", qdisc_delete, True),
])


def attempt(act):
    """In a process of its own: what it was given, others do not hold."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            act()
            text = "done"
        except (OSError, Refused) as error:
            text = str(error) or "refused"
        os.write(write, text.replace("\n", " ").encode())
        os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    with os.fdopen(read) as file:
        return file.read() or "died"


def main():
    for name, when, act, breaks in ROWS:
        if when not in WANTED:
            continue
        wanted = "refused" if STAGE != "absent" and (
            when == "always" or when == "closed" and STAGE == "closed") else "done"
        print(name, attempt(act), wanted, sep="\t", flush=True)
        if breaks and STAGE == "absent":
            subprocess.run(os.environ["MEND"], shell=True, stdout=subprocess.DEVNULL, check=True)


main()
