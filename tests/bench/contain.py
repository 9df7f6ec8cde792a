# SPDX-License-Identifier: GPL-2.0-or-later
"""Time to contain: packets go through a node in a steady stream, then somebody shuts it; how long
until the last one has passed, behind every hook, and until the command is done.

Contenders take turns in blocks of rounds. What is shut is opened again for the next round: Cordon's
latch by a store to its map, and the files that remember it by removing them, below the bench's own
--root, where nothing else holds them (a real node is reopened by a signed release, which is slower
and not what is measured here).
"""

import json
import time
from dataclasses import dataclass, field

import policies
from worlds import NODE_A, PEER_A, Failed, run

PORT = 7000
RATE = 100000
FLOOD_PORT = 7001
FLOWS = 64000
POLICY = f"""cordon: 1
serial: 1
node: bench
zones:
  peers: {{addresses: [192.0.2.0/24]}}
  many: {{files: [many.txt]}}
rules:
  - {{name: in, from: peers, to: node, services: [udp/{PORT}]}}
  - {{name: out, from: node, to: peers, services: [udp/{PORT}]}}
  - {{name: flood, from: many, to: node, services: [udp/{FLOOD_PORT}]}}
quarantine:
  keep:
    - {{name: responders, from: peers, to: node, services: [tcp/22]}}
flows: {{entries: 131072, timeouts: {{udp: 1h, udp-reply: 1h}}}}
"""
ORDER = """cordon-order: 1
action: seal isolate
node: bench
issuer: bench
counter: 1
reason: measured
"""


@dataclass
class Contender:
    """One way to shut a node, and what it takes to open it again."""
    subject: str
    world: object
    act: list
    undo: str = "-"
    inward: bool = False
    rate: int = RATE  # packets a second, 0: all that can be
    params: dict = field(default_factory=dict)
    last: list = field(default_factory=list)
    done: list = field(default_factory=list)

    def play(self, rounds):
        world = self.world
        node, peer = (f"/run/netns/{space}" for space in (world.node, world.a))
        ends = (peer, node, node, NODE_A) if self.inward else (node, peer, node, PEER_A)
        control = pin_of(world) / "maps" / "control" if world.cordoned else "-"
        text = run(world.worlds.helper("contain_helper"), *ends, PORT, self.rate, rounds,
                   control, self.undo,
                   *self.act)
        for line in text.splitlines():
            last, done = map(float, line.split())
            self.last.append(last)
            self.done.append(done)


def pin_of(world):
    return world.worlds.folder / "bpffs" / f"cordon{world.number}"


# ---- Cordon --------------------------------------------------------------------------------

def flows_of(world):
    return len(json.loads(world.cordon("--json", "flows")))


def fill_flows(world):
    """Frames from everywhere; they go by XDP_TX, which wants the node's end to poll."""
    world.on_node("ethtool", "-K", world.na, "gro", "on")
    world.on(world.a, world.worlds.helper("ends_helper"), "send", "eth0", world.mac(),
             world.folder / "many.txt", NODE_A, FLOOD_PORT, 400000)
    end = time.monotonic() + 20
    while flows_of(world) < FLOWS:
        if time.monotonic() > end:
            raise Failed(f"{world.name}: only {flows_of(world)} flows")
        time.sleep(0.2)
    world.on_node("ethtool", "-K", world.na, "gro", "off")


def guarded(worlds, name, prefixes, flows=False):
    world = worlds.make(name)
    many = world.folder / "many.txt"
    many.write_text("".join(policies.text(p) + "\n" for p in policies.prefixes(prefixes)))
    policy = world.folder / "policy.yaml"
    policy.write_text(POLICY)
    world.cordon("apply", policy)
    if flows:
        fill_flows(world)
    return world


def forget(world):
    """The shell's words that remove what remembers the latch, with the receipts of orders."""
    root = world.folder / "root"
    return (f"rm -rf {root}/var/lib/cordon/latch {root}/var/lib/cordon/latch.copy "
            f"{root}/etc/cordon/sealed-once {root}/var/lib/cordon/policy/sealed-once "
            f"{root}/var/lib/cordon/receipts")


def stores(worlds, quick):
    for prefixes in (10, 1000 if quick else 1000000):
        for flows in (False, True):
            world = guarded(worlds, f"store {prefixes} {flows}", prefixes, flows)
            for inward, rate in ((False, RATE), (True, RATE), (False, 0), (True, 0)):
                yield Contender("cordon", world, ["store", "isolate"], inward=inward, rate=rate,
                                params={"act": "store", "prefixes": prefixes,
                                        "flows": FLOWS if flows else 0})


def seal(world):
    command = world.cordon_command("seal", "isolate", "--reason", "measured")
    return Contender("cordon", world, ["run", *command], forget(world), params={"act": "seal"})


def certificates(folder):
    for name in ("a", "b"):
        run("openssl", "req", "-x509", "-newkey", "rsa:4096", "-nodes", "-subj", f"/CN={name}",
            "-days", 30, "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem")


def signed_order(world):
    """Two of two RSA-4096 keys must sign a seal here; made by openssl alone."""
    folder, trust = world.folder, world.folder / "root" / "etc" / "cordon" / "trust"
    certificates(folder)
    trust.mkdir(parents=True)
    (trust / "seal.pem").write_text((folder / "a.pem").read_text() + (folder / "b.pem").read_text())
    (trust / "threshold").write_text("seal 2\n")
    (folder / "order.txt").write_text(ORDER)
    signers = [word for name in ("a", "b")
               for word in ("-signer", folder / f"{name}.pem", "-inkey", folder / f"{name}.key")]
    run("openssl", "cms", "-sign", "-binary", "-nodetach", "-in", folder / "order.txt",
        "-md", "sha256", "-outform", "DER", "-noattr", "-nocerts", *signers,
        "-out", folder / "order.p7m")
    return folder / "order.p7m"


def orders(worlds):
    world = guarded(worlds, "orders", 10)
    order = signed_order(world)
    command = world.cordon_command("order", order)
    yield Contender("cordon", world, ["run", *command], forget(world), params={"act": "order"})
    world = guarded(worlds, "inbox", 10)
    order = signed_order(world)
    inbox = world.folder / "root" / "var" / "lib" / "cordon" / "inbox"
    world.server(world.node, "nice", "-n", "-20", *world.cordon_command("run"))
    end = time.monotonic() + 10
    while not inbox.is_dir():
        if time.monotonic() > end:
            raise Failed("cordon run makes no inbox")
        time.sleep(0.05)
    # A file that begins with a dot is not looked at: it is put in place by its name.
    yield Contender("cordon", world, ["move", inbox / ".order", inbox / "order"],
                    f"{forget(world)}; cp {order} {inbox}/.order", params={"act": "inbox"})


# ---- peers ---------------------------------------------------------------------------------

IPTABLES = f"""*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT DROP [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -s {PEER_A} -p tcp --dport 22 -j ACCEPT
-A OUTPUT -o lo -j ACCEPT
-A OUTPUT -d {PEER_A} -p tcp --sport 22 -j ACCEPT
COMMIT
"""
NFT = f"""table inet quarantine {{
 chain inbound {{ type filter hook input priority 0; policy drop;
  iif lo accept
  ip saddr {PEER_A} tcp dport 22 accept
 }}
 chain outbound {{ type filter hook output priority 0; policy drop;
  oif lo accept
  ip daddr {PEER_A} tcp sport 22 accept
 }}
 chain forward {{ type filter hook forward priority 0; policy drop; }}
}}
"""
# One process each, in the order of the artifact Linux.Remediation.Quarantine; a delete before them.
NFT_COMMANDS = (
    "add table inet quarantine",
    "add chain inet quarantine inbound '{ type filter hook input priority 0; policy drop; }'",
    f"add rule inet quarantine inbound ip saddr {PEER_A} tcp sport 443 ct state established accept",
    "add rule inet quarantine inbound udp sport 53 ct state established accept",
    "add chain inet quarantine outbound '{ type filter hook output priority 0; policy drop; }'",
    f"add rule inet quarantine outbound ip daddr {PEER_A} tcp dport 443 accept",
    "add rule inet quarantine outbound tcp dport 53 ct state new,established accept",
    "add rule inet quarantine outbound udp dport '{ 53, 67, 68 }' ct state new,established accept",
    "add chain inet quarantine forward '{ type filter hook forward priority 0; policy drop; }'",
)
NFT_DELETE = "nft delete table inet quarantine 2>/dev/null || true"


def iptables(worlds, kind):
    world = worlds.make(kind)
    shut, opened = world.folder / "shut", world.folder / "open"
    shut.write_text(IPTABLES)
    opened.write_text("".join(line.replace("DROP", "ACCEPT") + "\n"
                              for line in IPTABLES.splitlines() if not line.startswith("-")))
    return Contender(kind, world, ["run", kind, shut], f"{kind} {opened}")


def nft(worlds):
    world = worlds.make("nft -f")
    shut = world.folder / "shut"
    shut.write_text(NFT)
    return Contender("nft -f", world, ["run", "nft", "-f", shut], NFT_DELETE)


def nft_commands(worlds):
    world = worlds.make("ten nft commands")
    script = world.folder / "shut"
    script.write_text("\n".join([NFT_DELETE, *(f"nft {words}" for words in NFT_COMMANDS)]) + "\n")
    return Contender("ten nft commands", world, ["run", "sh", "-e", script], NFT_DELETE)


def bpftool(worlds):
    """What a store costs that takes a program of its own: the bytes of `control`, latch isolate."""
    world = guarded(worlds, "bpftool", 10)
    pin = pin_of(world) / "maps" / "control"
    value = json.loads(run("bpftool", "-j", "map", "lookup", "pinned", pin, "key", 0, 0, 0, 0))["value"]
    value[4] = "0x02"
    return Contender("bpftool map update", world,
                     ["run", "bpftool", "map", "update", "pinned", pin, "key", *"0000", "value", *value])


def peers(worlds):
    return [iptables(worlds, "iptables-legacy-restore"), iptables(worlds, "iptables-nft-restore"),
            nft(worlds), nft_commands(worlds), bpftool(worlds)]


# ---- all -----------------------------------------------------------------------------------

def contain(worlds, figures, quick):
    resident = list(stores(worlds, quick))
    commands = [seal(guarded(worlds, "seal", 10)), *orders(worlds), *peers(worlds)]
    for _ in range(3 if quick else 8):
        for contenders, rounds in ((resident, 40), (commands, 15)):
            for contender in contenders:
                worlds.wait_for_quiet()
                contender.play(rounds)
    for each in resident + commands:
        params = {"act": "command", "direction": "in" if each.inward else "out",
                  "rate": each.rate, **each.params}
        figures.add("contain-last", each.subject, "us", each.last, **params)
        figures.add("contain-done", each.subject, "us", each.done, **params)
    worlds.clear()
