#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Speaks to the module cordon.ko by its netlink family, in plain bytes, so that tests depend on
nothing that they test. Names and numbers are read from include/cordon/uapi/module.h.

    module.py get [NAME...]            what GET answers, as JSON; or the values of these, in a line
    module.py setup KEY=VALUE...       owner, node, fleets, threshold, counter, boot, challenge
    module.py certificate FILE.der     module.py close
    module.py keep RULE...             WAY:PROTOCOL:FIRST-LAST:PREFIX, egress: before it for EGRESS;
                                       watch_seconds=N, watch_latch=N, exclude=NAME
    module.py seal LEVEL               module.py order FILE
    module.py stand                    module.py beat [TIMES]    a second apart
    module.py map PIN                  module.py watch SECONDS
    module.py fuzz SEED COUNT          module.py flood FILE.der  the next number, until that is refused
    module.py serve                    reads such words, a line each with \\37 between them, and answers
                                       each with a line: exit status, error, what it would print

Exit 1, with the name of the error, where it refuses.
"""

import errno
import ipaddress
import json
import os
import random
import re
import socket
import struct
import sys
import time
from pathlib import Path

HEADER = (Path(__file__).parents[2] / "include/cordon/uapi/module.h").read_text()
VERSION = int(re.search(r"CORDON_MODULE_VERSION (\d+)", HEADER)[1])
LEVELS = ("open", "egress", "isolate", "lockdown")
NEWS = ("sealed", "released", "refused", "stands", "fallback-open", "fallback-shut", "silent")
SETUP = struct.Struct("=QQII16s32s256s64s1032s")
STATE = struct.Struct("=8IQQQ6I")
STATE_NAMES = ("version", "latch", "flags", "certificates", "keys", "map", "programs", "silent",
               "dropped_in", "dropped_out", "tag", "arp", "watch_seconds", "watch_latch", "rules",
               "prefixes", "exclusions")
EVENT = struct.Struct("=IIIII16s")
KEEP = struct.Struct("=QIIIIII")
RULE = struct.Struct("=BBBBHHHHHHHH")
EXCLUDED = struct.Struct("=16s")
# Neighbours: in and out, ICMPv6 of types 135 and 136 with a hop limit of 255, alone.
NEIGHBOURS = b"".join(RULE.pack(way, 58, 4, 255, 135 << 8, 136 << 8 | 255, *6 * [0]) for way in (0, 1))


def names_of(enum, prefix):
    body = re.search(r"enum %s \{(.*?)\};" % enum, HEADER, re.S)[1]
    return {name: number for number, name in enumerate(re.findall(prefix + r"(\w+)", body))}


COMMAND = names_of("cordon_module_command", "CORDON_MODULE_CMD_")
ATTRIBUTE = names_of("cordon_module_attribute", "CORDON_MODULE_A_")


def attribute(number, data):
    head = struct.pack("HH", 4 + len(data), number)
    return head + data + bytes(-len(data) % 4)


def attributes(data):
    while len(data) >= 4:
        size, number = struct.unpack_from("HH", data)
        if size < 4:
            return
        yield number & 0x3FFF, data[4:size]
        data = data[size + 3 & ~3:]


def text_of(data):
    return data.split(b"\0")[0].decode()


def state_of(data):
    state = dict(zip(STATE_NAMES, STATE.unpack_from(data)))
    counter, boot, threshold, _, challenge, digest, owner, node, fleets = \
        SETUP.unpack_from(data, STATE.size)
    return state | {"counter": counter, "boot": boot, "threshold": threshold,
                    "challenge": challenge.hex(), "digest": digest.hex(), "owner": text_of(owner),
                    "node": text_of(node), "fleets": text_of(fleets)}


def event_of(data):
    news, before, latch, error, pid, comm = EVENT.unpack(data)
    return {"event": NEWS[news], "before": before, "latch": latch, "error": error, "pid": pid,
            "comm": text_of(comm)}


def decode(data):
    for number, value in attributes(data):
        if number == ATTRIBUTE["STATE"]:
            return state_of(value)
        if number == ATTRIBUTE["EVENT"]:
            return event_of(value)
        if number == ATTRIBUTE["LATCH"]:
            return {"latch": struct.unpack("I", value)[0]}
    return {}


class Module:
    def __init__(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        self.sock.bind((0, 0))
        self.sequence = 0
        self.family, self.group = self.find()

    def find(self):
        answer = dict(attributes(self.ask(16, 3, 1, attribute(2, b"cordon\0"))))
        groups = dict(attributes(dict(attributes(answer[7]))[1]))
        return struct.unpack("H", answer[1])[0], struct.unpack("I", groups[2])[0]

    def message(self, family, command, version, body, flags=5):
        self.sequence += 1
        message = struct.pack("BBH", command, version, 0) + body
        return struct.pack("IHHII", 16 + len(message), family, flags, self.sequence, 0) + message

    def ask(self, family, command, version, body):
        """The answer's attributes; OSError where it refuses."""
        self.sock.send(self.message(family, command, version, body))
        found = b""
        while True:
            data = self.sock.recv(1 << 17)
            while data:
                size, kind = struct.unpack_from("IH", data)
                part, data = data[16:size], data[size + 3 & ~3:]
                if kind != 2:
                    found = part[4:]
                    continue
                error = -struct.unpack_from("i", part)[0]
                if not error:
                    return found
                raise OSError(error, os.strerror(error))

    def call(self, command, **values):
        body = b"".join(attribute(ATTRIBUTE[name.upper()], value) for name, value in values.items())
        return decode(self.ask(self.family, COMMAND[command.upper()], VERSION, body))


def prefix(text):
    network = ipaddress.ip_network(text)
    address, length = network.network_address.packed, network.prefixlen
    if network.version == 4:
        address, length = bytes(10) + b"\xff\xff" + address, length + 96
    return address + bytes([length, 0, 0, 0])


def keep_of(words):
    """WAY:PROTOCOL:FIRST-LAST:PREFIX[,PREFIX]; the prefixes are of whoever is not this node."""
    rules = [word for word in words if "=" not in word]
    values = dict(word.split("=") for word in words if "=" in word)
    excluded = [values["exclude"].encode()] if "exclude" in values else []
    lines, prefixes = b"", []
    for rule in rules:
        flags = 2 if rule.startswith("egress:") else 0
        way, protocol, ports, others = rule.removeprefix("egress:").split(":", 3)
        first, last = ports.split("-") if "-" in ports else (ports, ports)
        nets = [] if others == "any" else others.split(",")
        ends = [len(prefixes), len(nets), 0, 0]
        prefixes += map(prefix, nets)
        if way == "out":
            ends = ends[2:] + ends[:2]
        lines += RULE.pack(("in", "out", "forward").index(way), int(protocol), flags, 0, int(first),
                           int(last), *ends, 0, 0)
    head = KEEP.pack(1, 1, int(values.get("watch_seconds", 0)), int(values.get("watch_latch", 0)),
                     len(rules) + 2, len(prefixes), len(excluded))
    return head + NEIGHBOURS + lines + b"".join(prefixes + [EXCLUDED.pack(name) for name in excluded])


def setup_of(words):
    values = {"owner": "test", "node": "store-0042", "fleets": "", "threshold": "1", "counter": "0",
              "boot": "1", "challenge": ""} | dict(word.split("=", 1) for word in words)
    number = {name: int(values[name], 0) for name in ("counter", "boot", "threshold")}
    return SETUP.pack(number["counter"], number["boot"], number["threshold"],
                      bool(values["challenge"]), bytes.fromhex(values["challenge"]), bytes(32),
                      *(values[name].encode() for name in ("owner", "node", "fleets")))


def open_pin(path):
    """BPF_OBJ_GET, without a library."""
    import ctypes
    text = ctypes.create_string_buffer(path.encode())
    attr = ctypes.create_string_buffer(struct.pack("QII", ctypes.addressof(text), 0, 0), 24)
    return ctypes.CDLL(None, use_errno=True).syscall(321, 7, attr, 16)


def fuzz(module, seed, count):
    """Sound messages, bent: bits, lengths, attributes that are doubled, nested, cut or too long.
    Nothing that seals or closes is sent whole. Returns how many were refused."""
    chance = random.Random(seed)
    sound = [attribute(ATTRIBUTE[name], data) for name, data in (
        ("SETUP", setup_of([])), ("SETUP", setup_of(["fleets=a b", "challenge=" + "00" * 16])),
        ("KEEP", keep_of(["in:6:22:10.0.0.0/8", "out:17:53:any"])), ("KEEP", keep_of([])),
        ("KEEP", KEEP.pack(0, 0, 0, 0, 0, 0, 1) + b"veth*".ljust(16, b"\0")),
        ("CERTIFICATE", chance.randbytes(900)), ("ORDER", chance.randbytes(1500)),
        ("ORDER", b"0\x82\x04\x00\x06\x09*\x86H\x86\xf7\x0d\x01\x07\x02" + bytes(99)),
        ("MAP", struct.pack("I", 5)), ("LATCH", struct.pack("I", 2)))]
    kinds = [c for n, c in COMMAND.items() if n not in ("CLOSE", "SEAL", "COUNT")] + [200, 255]
    refused = 0
    for _ in range(count):
        body = bytearray(b"".join(chance.choices(sound, k=chance.choice((0, 1, 1, 1, 2, 5)))))
        for _ in range(chance.randrange(6)):
            if body:
                body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
        cut = chance.randrange(len(body) + 1) if chance.random() < 0.3 else len(body)
        body = bytes(body[:cut]) + chance.randbytes(chance.choice((0, 0, 1, 3, 40)))
        kind = chance.choice(kinds)
        try:
            module.ask(module.family, kind, chance.choice((VERSION, VERSION, VERSION, 0, 9)), body)
        except OSError:
            refused += 1
    return refused


def run(module, command, words):
    if command == "setup":
        return module.call(command, setup=setup_of(words))
    if command == "keep":
        return module.call(command, keep=keep_of(words))
    if command == "seal":
        return module.call(command, latch=struct.pack("I", LEVELS.index(words[0])))
    if command in ("certificate", "order"):
        return module.call(command, **{command: Path(words[0]).read_bytes()})
    if command == "map":
        return module.call(command, map=struct.pack("I", open_pin(words[0])))
    if command == "fuzz":
        return {"refused": fuzz(module, int(words[0]), int(words[1]))}
    if command == "watch":
        return watch(module, float(words[0]))
    if command == "flood":
        return flood(module, Path(words[0]).read_bytes())
    if command == "beat" and words:
        return beat(module, int(words[0]))
    return module.call(command)


def flood(module, certificate):
    """Says who may release, behind much else, to who is given the next number: sent before anybody
    knows whose that is, and worked off as soon as it is somebody's."""
    def request(name, *data):
        body = b"".join(attribute(ATTRIBUTE[name], part) for part in data)
        return module.message(module.family + 1, COMMAND[name], VERSION, body, 1)
    takes = request("SETUP", setup_of(["owner=flood"])) + request("CERTIFICATE", certificate)
    batch = request("GET") * 3000 + (takes + request("CLOSE")) * 3
    module.sock.setsockopt(socket.SOL_SOCKET, 32, 1 << 23)  # SO_SNDBUFFORCE
    print("flooding", flush=True)
    while True:
        try:
            module.sock.send(batch)
        except PermissionError:
            return


def beat(module, times):
    """By one process, which a busy machine does not have to start anew each time."""
    for _ in range(times):
        module.call("beat")
        time.sleep(1)
    return module.call("get")


def watch(module, seconds):
    """Events, a line each, until time is up."""
    module.sock.setsockopt(270, 1, module.group)
    module.sock.settimeout(0.2)
    end = time.monotonic() + seconds
    print("watching", flush=True)
    while time.monotonic() < end:
        try:
            print(json.dumps(decode(module.sock.recv(1 << 16)[20:])), flush=True)
        except TimeoutError:
            pass


def perform(command, words):
    """Exit status, error and answer."""
    try:
        answer = run(Module(), command, words)
    except OSError as error:
        return 1, errno.errorcode.get(error.errno, error.errno), ""
    if command == "get" and words:
        return 0, "", " ".join(plain(answer[word]) for word in words)
    return 0, "", json.dumps(answer) if answer else ""


def plain(value):
    return value if isinstance(value, str) else json.dumps(value)


def serve():
    for line in sys.stdin:
        command, *words = line.rstrip("\n").split("\37")
        print(*perform(command, words), sep="\37", flush=True)


def main():
    command, *words = sys.argv[1:]
    if command == "serve":
        serve()
        return 0
    status, error, answer = perform(command, words)
    if error:
        print(error, file=sys.stderr)
    if answer:
        print(answer)
    return status


if __name__ == "__main__":
    sys.exit(main())
