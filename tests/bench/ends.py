# SPDX-License-Identifier: GPL-2.0-or-later
"""End to end over veth: packets dropped and forwarded a second, and TCP throughput, of Cordon and
of its peers in turn. Frames come from CPU 0, the node works on CPU 1.

It must not compare figures of different runs: ratios are taken within a round.
"""

import json

import policies
from worlds import NODE_A, PEER_B, Failed

CLOSED_PORT = 9
PORT = 5201
WARM = 300000
HOSTS = 1000


def outermost(listed):
    """Prefixes that no other of the list covers: nftables' sets take no overlaps."""
    kept, end = [], -1
    for address, length in sorted(listed):
        if address > end:
            kept.append((address, length))
            end = address + (1 << (32 - length)) - 1
    return kept


def nft_set(family, hook, listed, device=None):
    """A ruleset that drops what comes from a set of prefixes."""
    elements = ", ".join(map(policies.text, outermost(listed)))
    where = f'type filter hook ingress device "{device}" priority 0;' if device else \
        f"type filter hook {hook} priority -300;"
    return (f"table {family} bench {{\n set blocked {{ type ipv4_addr; flags interval;"
            f" elements = {{ {elements} }} }}\n chain c {{ {where}\n  ip saddr @blocked drop\n }}\n}}\n")


STATEFUL = f"""table inet bench {{
 chain i {{ type filter hook input priority 0; policy drop;
  ct state established,related accept
  tcp dport {PORT} accept
 }}
 chain f {{ type filter hook forward priority 0; policy drop;
  ct state established,related accept
  ip saddr 0.0.0.0/1 udp dport {PORT} accept
  ip saddr 128.0.0.0/1 udp dport {PORT} accept
  tcp dport {PORT} accept
 }}
}}
"""


def rounds_of(contenders, rounds, measure):
    """measure(contender) of each in turn, rounds times: {name: [values]}."""
    values = {c.name: [] for c in contenders}
    for _ in range(rounds):
        for contender in contenders:
            contender.worlds.wait_for_quiet()
            values[contender.name].append(measure(contender))
    return values


def ratios(values, base):
    return [value / reference for value, reference in zip(values, base)]


# ---- drops ---------------------------------------------------------------------------------

def hosts_of(worlds):
    """xdp-filter takes no prefixes: one address of each of a thousand."""
    hosts = worlds.folder / "hosts"
    hosts.write_text("".join(policies.text((a | 1, 32)) + "\n"
                             for a, _ in policies.prefixes(HOSTS)))
    return hosts


def xdp_filter(world, worlds, figures):
    """It wants a dispatcher of freplace programs, which not each kernel takes."""
    one = world("xdp-filter", HOSTS)
    try:
        one.on_node("xdp-filter", "load", "-p", "allow", "-f", "ipv4", one.na)
        for host in hosts_of(worlds).read_text().split():
            one.on_node("xdp-filter", "ip", host.removesuffix("/32"), "-m", "src")
    except Failed as failure:
        figures.notes["xdp-filter"] = str(failure).replace("\n", " ")[:300]
        return False
    figures.notes["xdp-filter"] = f"{HOSTS:,} exact addresses, as it takes no prefixes"
    return True


def drop_worlds(worlds, figures, sizes, nft_sizes):
    """(world, subject, prefixes) of each contender, set up."""
    made = []

    def world(subject, size):
        one = worlds.make(f"{subject} {size}")
        one.poll_by_thread()
        made.append((one, subject, size))
        return one

    world("xdp-bare", 0).drop_all("xdp")
    world("tcx-bare", 0).drop_all("tcx")
    for size in sizes:
        for mode in ("xdp", "tc"):
            one = world(f"cordon-{mode}", size)
            one.cordon("apply", policies.write(
                worlds.folder / f"drop{size}", size, 1, flows=4096,
                interfaces=f'interfaces: {{modes: {{"cb*": {mode}}}}}'))
    if not xdp_filter(world, worlds, figures):
        made.pop()
    for size in nft_sizes:
        listed = policies.prefixes(size)
        one = world("nft-netdev", size)
        one.on_node("nft", "-f", "-", stdin=nft_set("netdev", None, listed, one.na))
        one = world("nft-inet", size)
        one.on_node("nft", "-f", "-", stdin=nft_set("inet", "prerouting", listed))
    return made


def drops(worlds, figures, quick):
    sizes = (10, 1000, 100000) if quick else (10, 1000, 100000, 1000000)
    nft_sizes = (10, 1000) if quick else (10, 1000, 100000)
    made = drop_worlds(worlds, figures, sizes, nft_sizes)
    # So many that a run takes half a second at best.
    count = 1500000 if quick else 5000000
    for size in (*sizes, *nft_sizes):
        policies.write(worlds.folder / f"drop{size}", size, 1, flows=4096)
    by_name = {one.name: (subject, size) for one, subject, size in made}
    cpu = {name: [] for name in by_name}

    def measure(world, count=count):
        subject, size = by_name[world.name]
        before, ns = world.polled(), world.thread_ns()
        sources = worlds.folder / f"drop{size or 1000}" / "z0.txt"
        if subject == "xdp-filter":
            sources = worlds.folder / "hosts"
        seconds = world.send(sources, NODE_A, CLOSED_PORT, count)
        handled = world.polled() - before
        if handled < 1000:
            raise Failed(f"{world.name} was given {handled} packets")
        cpu[world.name].append((world.thread_ns() - ns) / handled)
        return handled / seconds

    contenders = [one for one, _, _ in made]
    for one in contenders:
        measure(one, WARM)
    for name in cpu:
        cpu[name].clear()
    values = rounds_of(contenders, 3 if quick else 7, measure)
    for name, (subject, size) in by_name.items():
        figures.add("drops", subject, "packets/s", values[name], prefixes=size)
        figures.add("drop-cpu", subject, "ns", cpu[name], prefixes=size)
        figures.add("drop-ratio", subject, "of xdp-bare",
                    ratios(values[name], values["xdp-bare 0"]), prefixes=size)
        figures.add("drop-cpu-ratio", subject, "of xdp-bare",
                    ratios(cpu["xdp-bare 0"], cpu[name]), prefixes=size)
    check_counters(made)
    worlds.clear()


def check_counters(made):
    """Figures of packets that were not denied by what was meant would be worthless."""
    for world, subject, size in made:
        if not subject.startswith("cordon"):
            continue
        counted = json.loads(world.cordon("--json", "counters"))
        reasons = {r["name"]: r["packets"] for r in counted["denied"]}
        denied = reasons.pop("no-rule", 0)
        if denied < WARM or sum(reasons.values()) > denied / 1000:
            raise Failed(f"{world.name}: {counted['denied']}")


# ---- forwarding and TCP --------------------------------------------------------------------

FAR_POLICY = """cordon: 1
serial: 1
zones:
  near: {{addresses: [192.0.2.0/24], files: [{prefixes}]}}
  far: {{addresses: [198.51.100.0/24]}}
rules:
  - {{name: in, from: near, to: node, services: [tcp/{port}]}}
  - {{name: through, from: near, to: far, services: [tcp/{port}, udp/{port}]}}
quarantine: {{keep: [{{name: ssh, from: near, to: node, services: [tcp/22]}}]}}
{interfaces}
flows: {{entries: 131072}}
"""


def far_worlds(worlds):
    prefixes = worlds.folder / "far.txt"
    prefixes.write_text("".join(policies.text(p) + "\n" for p in policies.prefixes(1000)))
    made = {}
    for subject in ("unfiltered", "cordon", "cordon-xdp", "nft-stateful"):
        one = made[subject] = worlds.make(subject, far=True)
        if subject == "nft-stateful":
            one.on_node("nft", "-f", "-", stdin=STATEFUL)
        elif subject != "unfiltered":
            mode = 'interfaces: {modes: {"cb*": xdp}}' if subject == "cordon-xdp" else ""
            policy = one.folder / "policy.yaml"
            (one.folder / "far.txt").write_text(prefixes.read_text())
            policy.write_text(FAR_POLICY.format(prefixes="far.txt", port=PORT, interfaces=mode))
            one.cordon("apply", policy)
    return made, prefixes


def throughput(world, target):
    text = world.on(world.a, "taskset", "-c", "0", "iperf3", "-c", target, "-p", PORT, "-t", "1.2",
                    "-O", "0.2", "-J")
    end = json.loads(text)["end"]
    if "sum_received" not in end:
        raise Failed(f"{world.name}: iperf3 broke off: {text[-200:]}")
    return end["sum_received"]["bits_per_second"] / 1e9


def tcp(figures, made, rounds):
    for one in made.values():
        one.server(one.node, "taskset", "-c", "1", "iperf3", "-s", "-p", PORT)
        one.server(one.b, "taskset", "-c", "1", "iperf3", "-s", "-p", PORT)
    for target, kind in ((NODE_A, "tcp-to"), (PEER_B, "tcp-through")):
        wait_for_server(made.values(), target)
        values = rounds_of(made.values(), rounds, lambda one, to=target: throughput(one, to))
        for subject, own in values.items():
            figures.add(kind, subject, "Gbit/s", own)
            figures.add(f"{kind}-ratio", subject, "of unfiltered",
                        ratios(own, values["unfiltered"]))


def wait_for_server(made, target):
    for one in made:
        for attempt in range(20):
            try:
                throughput(one, target)
                break
            except Failed:
                if attempt == 19:
                    raise


def forwards(figures, made, prefixes, quick):
    cpu = {name: [] for name in made}
    for one in made.values():
        one.poll_by_thread()
        one.drop_all("xdp", "eth0", one.b)
        mac = json.loads(one.on(one.b, "ip", "-j", "link", "show", "eth0"))[0]["address"]
        one.on_node("ip", "neigh", "replace", PEER_B, "lladdr", mac, "dev", one.nb)

    def measure(world, count=1000000 if quick else 3000000):
        before, ns = world.sent(world.nb), world.thread_ns()
        seconds = world.send(prefixes, PEER_B, PORT, count)
        sent = world.sent(world.nb) - before
        if sent < 1000:
            raise Failed(f"{world.name} forwarded {sent} packets: " + (world.cordon("counters") if world.cordoned else ""))
        cpu[world.name].append((world.thread_ns() - ns) / sent)
        return sent / seconds

    for one in made.values():
        measure(one, WARM)
    for own in cpu.values():
        own.clear()
    values = rounds_of(made.values(), 3 if quick else 7, measure)
    for subject, own in values.items():
        figures.add("forwards", subject, "packets/s", own)
        figures.add("forward-cpu", subject, "ns", cpu[subject])
        figures.add("forward-ratio", subject, "of unfiltered", ratios(own, values["unfiltered"]))


def far(worlds, figures, quick):
    made, prefixes = far_worlds(worlds)
    tcp(figures, made, 3 if quick else 7)
    forwards(figures, made, prefixes, quick)
    worlds.clear()
