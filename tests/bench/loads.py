# SPDX-License-Identifier: GPL-2.0-or-later
"""How long a policy takes to load and replace, the whole command, and the memory of both sides."""

import json

import policies
from ends import outermost
from worlds import Failed, run

SMALL = """cordon: 1
serial: 1
zones:
{zones}
rules:
{rules}
quarantine: {{keep: [{{name: ssh, from: z0, to: node, services: [tcp/22]}}]}}
flows: {{entries: 4096}}
"""


def timed(world, figures, name, subject, commands, **params):
    """Each command once; the figure is of all of them."""
    done = []
    for command in commands:
        text = run(world.worlds.helper("time_helper"), f"/run/netns/{world.node}", *command)
        done.append(json.loads(text))
        if done[-1]["status"]:
            raise Failed(f"{' '.join(map(str, command))} failed")
    figures.add(name, subject, "ms", [one["ms"] for one in done], **params)
    figures.add(f"{name}-rss", subject, "MB", [one["rss_kb"] / 1024 for one in done], **params)


def cordon_loads(worlds, figures, size, times):
    world = worlds.make(f"cordon {size}")
    folder = worlds.folder / f"load{size}"
    first = policies.write(folder, size, 1, flows=4096)
    others = [policies.write(worlds.folder / f"load{size}-{seed}", size, 1, flows=4096, seed=seed)
              for seed in (2, 3)]
    more = [policies.write(worlds.folder / f"more{size}-{n}", size, 1, flows=4096)
            for n in range(times)]
    for n, policy in enumerate(more):
        with (policy.parent / "z0.txt").open("a") as file:
            file.write(f"100.64.{n}.1\n")
    world.cordon("apply", small_policy(worlds.folder / "small"))
    timed(world, figures, "load-first", "cordon", [world.cordon_command("apply", first)],
          prefixes=size)
    timed(world, figures, "load-replace", "cordon",
          [world.cordon_command("apply", others[n % 2]) for n in range(times)], prefixes=size)
    world.cordon("apply", first)
    timed(world, figures, "load-one-more", "cordon",
          [world.cordon_command("apply", policy) for policy in more], prefixes=size)
    worlds.clear()


def nft_loads(worlds, figures, size, times, slow):
    """The first load; a replacement and one element more only where they end in time."""
    world = worlds.make(f"nft {size}")
    files = []
    for seed in (1, 2):
        file = worlds.folder / f"nft{size}-{seed}"
        elements = ", ".join(map(policies.text, outermost(policies.prefixes(size, seed))))
        file.write_text("table inet bench {\n set blocked { type ipv4_addr; flags interval; }\n}\n"
                        "flush set inet bench blocked\n"
                        f"add element inet bench blocked {{ {elements} }}\n")
        files.append(file)
    timed(world, figures, "load-first", "nft", [["nft", "-f", files[0]]], prefixes=size)
    if not slow:
        timed(world, figures, "load-replace", "nft",
              [["nft", "-f", files[(n + 1) % 2]] for n in range(times)], prefixes=size)
        timed(world, figures, "load-one-more", "nft",
              [["nft", "add", "element", "inet", "bench", "blocked", f"{{ 10.64.{n}.1 }}"]
               for n in range(times)], prefixes=size)
    worlds.clear()


def small_policy(folder, zones=20, rules=20):
    folder.mkdir(exist_ok=True)
    policy = folder / "policy.yaml"
    policy.write_text(SMALL.format(
        zones="\n".join(f"  z{n}: {{addresses: [10.{n}.0.0/16, \"fd00:{n}::/32\"]}}"
                        for n in range(zones)),
        rules="\n".join(f"  - {{name: r{n}, from: z{n % zones}, to: node, services: [tcp/{22 + n}]}}"
                        for n in range(rules))))
    return policy


def restore(worlds, figures, policy, times, **params):
    """From exec to all interfaces covered, with nothing in the kernel but the policy on disk."""
    world = worlds.make("restore", far=True)
    world.cordon("apply", policy)
    links = worlds.folder / "bpffs" / f"cordon{world.number}" / "links"
    pins = [links / f"{name}-{way}" for name in (world.na, world.nb) for way in ("ingress", "egress")]
    done = []
    for _ in range(times):
        world.cordon("detach")
        worlds.wait_for_quiet()
        text = run(worlds.helper("covered_helper"), f"/run/netns/{world.node}", *pins, "--",
                   *world.cordon_command("run", "--once"))
        done.append(json.loads(text))
        if done[-1]["status"] or done[-1]["covered_ms"] < 0:
            raise Failed("the policy was not restored")
    figures.add("restore", "cordon", "ms", [one["covered_ms"] for one in done], **params)
    figures.add("restore-whole", "cordon", "ms", [one["ms"] for one in done], **params)
    worlds.clear()


def restores(worlds, figures, quick):
    times, size = (3, 100000) if quick else (9, 1000000)
    restore(worlds, figures, small_policy(worlds.folder / "small"), times, prefixes=20)
    restore(worlds, figures, policies.write(worlds.folder / "restored", size, 1, flows=4096), times,
            prefixes=size)


def loads(worlds, figures, quick):
    world = worlds.make("small", far=True)
    policy = small_policy(worlds.folder / "small")
    world.cordoned = True
    timed(world, figures, "load-programs", "cordon", [world.cordon_command("apply", policy)])
    timed(world, figures, "load-small", "cordon", [world.cordon_command("apply", policy)] * 15,
          rules=20)
    worlds.clear()
    for size in (1000, 100000) if quick else (1000, 10000, 100000, 1000000):
        times = 3 if quick else 5
        cordon_loads(worlds, figures, size, times)
        nft_loads(worlds, figures, size, min(times, 3), slow=size > 100000)


# ---- kernel memory -------------------------------------------------------------------------

def shown(kind, *which):
    found = json.loads(run("bpftool", "-j", kind, "show", *which))
    return found[0] if isinstance(found, list) else found


def maps_below(folder):
    """{name: bytes} of pinned maps and of the maps in them, each once."""
    bytes_of, seen = {}, set()

    def take(name, one):
        if one["id"] not in seen:
            seen.add(one["id"])
            bytes_of[name] = bytes_of.get(name, 0) + one["bytes_memlock"]

    for pin in sorted(folder.iterdir()):
        one = shown("map", "pinned", str(pin))
        take(pin.name, one)
        if one["type"] != "array_of_maps":
            continue
        for entry in json.loads(run("bpftool", "-j", "map", "dump", "pinned", str(pin))):
            inner = entry.get("inner_map_id")
            if inner:
                take(pin.name, shown("map", "id", str(inner)))
    return bytes_of


def programs_below(folder):
    return sum(one["bytes_memlock"] + one.get("bytes_jited", 0)
               for one in (shown("prog", "pinned", str(pin)) for pin in folder.iterdir()))


def memory_of(worlds, policy):
    world = worlds.make("memory")
    world.cordon("apply", policy)
    folder = worlds.folder / "bpffs" / f"cordon{world.number}"
    maps, programs = maps_below(folder / "maps"), programs_below(folder / "progs")
    worlds.clear()
    return maps, programs


def memory(worlds, figures):
    maps, programs = memory_of(worlds, small_policy(worlds.folder / "small"))
    figures.add("memory-small", "cordon", "MB", [sum(maps.values()) / 1e6], zones=20, flows=4096)
    figures.add("memory-programs", "cordon", "MB", [programs / 1e6])
    for name, size in maps.items():
        figures.add("memory-map", name, "bytes", [size], zones=20, flows=4096)
    count, flows = 1000000, 1048576
    big, _ = memory_of(worlds, policies.write(worlds.folder / "big", count, 1, flows=4096))
    figures.add("memory-prefix", "cordon", "bytes",
                [(sum(big.values()) - sum(maps.values())) / count], prefixes=count)
    many, _ = memory_of(worlds, policies.write(worlds.folder / "many", 10, 1, flows=flows))
    figures.add("memory-flow", "cordon", "bytes", [many["flows"] / flows], flows=flows)
