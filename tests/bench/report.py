# SPDX-License-Identifier: GPL-2.0-or-later
"""What people see of the figures: tables, goals and plots. It measures nothing."""

import json
import shutil
import subprocess

from figures import number, table

PACKETS = ("established", "new", "new-full-table", "denied", "denied-random", "denied-scan")
DROPPERS = ("xdp-bare", "tcx-bare", "cordon-xdp", "cordon-tc", "xdp-filter", "nft-netdev", "nft-inet")
FAR = ("unfiltered", "cordon", "cordon-xdp", "nft-stateful")


def sizes_of(figures, name, key="prefixes"):
    return sorted({f["params"][key] for f in figures.all if f["name"] == name and f["params"][key]})

GUEST_ACTS = {"receive": "a packet in, with the module", "send": "a packet out, with the module",
              "exec": "fork, exec and exit, under the guard", "open": "open and close, under the guard"}


def packet_tables(figures):
    sizes = sorted({(f["params"]["prefixes"], f["params"]["rules"])
                    for f in figures.all if f["name"] == "packet"})
    for hook in ("xdp", "tc"):
        rows = [[f"{count:,} / {rules:,}"] +
                [figures.get("packet", subject, hook=hook, prefixes=count, rules=rules)
                 for subject in PACKETS] for count, rules in sizes]
        if rows:
            table(f"ns a packet over bare, {hook}, BPF_PROG_TEST_RUN",
                  ["prefixes / rules", *PACKETS], rows)


def drop_table(figures):
    rows = []
    for subject in DROPPERS:
        for size in sizes_of(figures, "drops") if "bare" not in subject else [0]:
            rate = figures.get("drops", subject, prefixes=size)
            if rate is not None:
                rows.append([subject, f"{size:,}" if size else "", rate / 1e6,
                             figures.get("drop-cpu", subject, prefixes=size),
                             figures.get("drop-ratio", subject, prefixes=size),
                             figures.get("drop-cpu-ratio", subject, prefixes=size)])
    if rows:
        table("drops end to end over veth", ["", "prefixes", "M packets/s", "ns of CPU",
                                             "of bare", "by CPU"], rows)
    if "xdp-filter" in figures.notes:
        print(f"  xdp-filter: {figures.notes['xdp-filter']}")


def far_table(figures):
    if figures.get("forwards", "unfiltered") is None:
        return
    table("through and to the node", ["", "TCP to, Gb/s", "of unfiltered", "TCP through, Gb/s",
                                      "of unfiltered", "forwards, M/s", "ns of CPU",
                                      "of unfiltered"],
          [[subject, figures.get("tcp-to", subject), figures.get("tcp-to-ratio", subject),
            figures.get("tcp-through", subject), figures.get("tcp-through-ratio", subject),
            figures.get("forwards", subject) / 1e6, figures.get("forward-cpu", subject),
            figures.get("forward-ratio", subject)] for subject in FAR])


def record_table(figures):
    rows = [[subject, figures.get("record-rate", subject), figures.get("record-lost", subject),
             figures.get("record-cpu", subject), figures.get("record-flood-rate", subject),
             figures.get("record-flood-cpu", subject)] for subject in ("copied", "cordon")]
    if rows[0][1] is not None:
        table("records of 200 bytes from the ring to a file, 2,500,000/s offered, then a flood",
              ["", "records/s", "% lost", "ns of CPU", "flood, records/s", "ns of CPU"], rows)


def watch_table(figures):
    rows = [[figure["subject"]] + [
        figures.get(name, figure["subject"], cpus=cpus) for cpus in (1, 2)
        for name in ("watch", "watch-ratio")] for figure in figures.all
        if figure["name"] == "watch" and figure["params"]["cpus"] == 1]
    if rows:
        table("fork, exec and exit of a program that does nothing, ns",
              ["watched by", "one core", "of unwatched", "both busy", "of unwatched"], rows)


def log_table(figures):
    if figures.get("idle-cpu", "cordon") is None:
        return
    table("the log", ["", "median", "p99"], [
        ["the daemon when nothing happens, % of a core", figures.get("idle-cpu", "cordon"), ""],
        ["its memory then, MB", figures.get("idle-memory", "cordon"), ""],
        ["and at most, behind a fork storm", figures.get("busy-memory", "cordon"), ""],
        ["an enforcement record on stable storage, us", figures.get("stable", "cordon"),
         figures.get("stable", "cordon", "p99")],
        ["a fork, exec and exit on disk, bytes", figures.get("disk", "whole"), ""],
        ["compressed", figures.get("disk", "compressed"), ""],
        ["10,000,000 records verified, s", figures.get("verify", "cordon"), ""]])


def guest_table(figures):
    kernels = sorted({f["params"]["kernel"] for f in figures.all if f["name"] == "guest-more"})
    pairs = dict.fromkeys((f["params"]["act"], f["subject"]) for f in figures.all
                          if f["name"] == "guest-more")
    rows = [[GUEST_ACTS[act]] + [value for kernel in kernels for value in (
        figures.get("guest", subject, act=act, kernel=kernel),
        figures.get("guest-more", subject, act=act, kernel=kernel))] for act, subject in pairs]
    if rows:
        table("module and guard on an open node, in a virtual machine, instructions",
              [""] + [head for kernel in kernels for head in (kernel, "% more")], rows)


def load_table(figures):
    rows = []
    for size in sizes_of(figures, "load-first"):
        for subject in ("cordon", "nft"):
            rows.append([f"{size:,} {subject}"] + [
                figures.get(f"load-{what}", subject, prefixes=size)
                for what in ("first", "replace", "one-more", "replace-rss")])
            if rows[-1][-1] is None:
                rows[-1][-1] = figures.get("load-first-rss", subject, prefixes=size)
    if rows:
        table("the whole command, ms", ["prefixes", "first", "replace", "one more", "peak MB"],
              rows)
        print(f"  20 rules: {number(figures.get('load-small', 'cordon'))} ms; with programs to be "
              f"loaded first: {number(figures.get('load-programs', 'cordon'))} ms")
    rows = [[f"{size:,}"] + [figures.get(name, "cordon", prefixes=size)
                             for name in ("restore", "restore-whole")]
            for size in sizes_of(figures, "restore")]
    if rows:
        table("restored at boot, ms", ["prefixes", "covered", "all programs"], rows)


def contain_rows(figures):
    """(label, last packet's figure, the command's) of each contender."""
    done = {json.dumps([f["subject"], f["params"]]): f for f in figures.all
            if f["name"] == "contain-done"}
    for last in figures.all:
        if last["name"] != "contain-last":
            continue
        params = last["params"]
        label = last["subject"]
        if params["act"] == "store":
            rate = "full rate" if not params["rate"] else f"{params['rate'] // 1000}k/s"
            label = (f"store, {params['direction']}, {rate}, {params['prefixes']:,} prefixes, "
                     f"{params['flows']:,} flows")
        elif params["act"] != "command":
            label = {"seal": "cordon seal", "order": "cordon order, 2 signatures",
                     "inbox": "order in the inbox"}[params["act"]]
        yield label, last, done[json.dumps([last["subject"], params])]


def contain_table(figures):
    rows = [[label, last["median"], last["p99"], done["median"], done["p99"]]
            for label, last, done in contain_rows(figures)]
    if rows:
        table("time to contain, us (0: the last packet had passed before the act)",
              ["", "last packet, p50", "p99", "done, p50", "p99"], rows)


def memory_table(figures):
    small = figures.get("memory-small", "cordon")
    if small is None:
        return
    rows = [[f["subject"], f["median"]] for f in figures.all if f["name"] == "memory-map"]
    rows.sort(key=lambda row: -row[1])
    table("kernel memory of a node of 20 zones and 4,096 flows: largest maps, bytes",
          ["map", "bytes"], rows[:8])
    print(f"  maps {number(small)} MB, programs {number(figures.get('memory-programs', 'cordon'))}"
          f" MB; a prefix {number(figures.get('memory-prefix', 'cordon'))} bytes, "
          f"a flow {number(figures.get('memory-flow', 'cordon'))}")


# ---- goals ---------------------------------------------------------------------------------

def quotient(a, b):
    return a / b if a is not None and b else None


# bpfilter (XDP) is not in Debian's archive: drops of bare as once measured on such a machine.
BPFILTER = {10: 0.28, 1000: 0.22, 100000: 0.11}


def drop_goals(figures):
    def rate(subject, size):
        return figures.get("drops", subject, prefixes=size)

    for size in (10, 1000):
        yield (f"drops of bare at {size:,} prefixes", ">=", 0.5,
               figures.get("drop-ratio", "cordon-xdp", prefixes=size))
    for size, times in ((10, 4), (1000, 4), (100000, 3)):
        yield (f"drops of nft netdev's at {size:,} prefixes", ">=", times,
               quotient(rate("cordon-xdp", size), rate("nft-netdev", size)))
    for size, ratio in BPFILTER.items():
        yield (f"drops of bare at {size:,} prefixes, bpfilter's known", ">", ratio,
               figures.get("drop-ratio", "cordon-xdp", prefixes=size))


def packet_goals(figures):
    def packet(subject, count, rules):
        return figures.get("packet", subject, hook="xdp", prefixes=count, rules=rules)

    for size in ((10, 10), (1000000, 1000)):
        at = f"{size[0]:,} prefixes, {size[1]:,} rules"
        yield f"established, ns over bare, {at}", "<=", 60, packet("established", *size)
        yield f"new allowed, ns over bare, {at}", "<=", 200, packet("new", *size)
        yield (f"denied, ns over bare, {at}", "<=", 60 if size[0] == 10 else 100,
               packet("denied", *size))


def other_goals(figures):
    million = {"prefixes": 1000000}
    for kind in ("tcp-to", "tcp-through"):
        own = figures.get(kind, "cordon")
        yield f"{kind} of unfiltered", ">=", 0.95, figures.get(f"{kind}-ratio", "cordon")
        yield f"{kind} of nft stateful's", ">", 1, quotient(own, figures.get(kind, "nft-stateful"))
    yield "a million prefixes, ms", "<=", 1000, figures.get("load-replace", "cordon", **million)
    yield "their peak memory, MB", "<=", 200, figures.get("load-replace-rss", "cordon", **million)
    yield "one prefix more, ms", "<=", 250, figures.get("load-one-more", "cordon", **million)
    yield "20 rules, ms", "<=", 20, figures.get("load-small", "cordon")
    yield "restored, ms", "<=", 100, figures.get("restore", "cordon", prefixes=20)
    yield "a million restored, ms", "<=", 1000, figures.get("restore", "cordon", **million)
    yield "small node, MB", "<=", 8, figures.get("memory-small", "cordon")
    yield "a prefix, bytes", "<=", 64, figures.get("memory-prefix", "cordon")
    # The map's own header aside.
    flow = figures.get("memory-flow", "cordon")
    yield "a flow, bytes", "<=", 64, None if flow is None else round(flow, 1)


def contain_goals(figures):
    def last(subject, statistic, **params):
        return figures.get("contain-last", subject, statistic, **params)

    stores = [f for f in figures.all
              if f["name"] == "contain-last" and f["params"]["act"] == "store"]
    if not stores:
        return
    yield "store to the last packet, worst p99, us", "<=", 20, max(f["p99"] for f in stores)
    seal = [last("cordon", statistic, act="seal") for statistic in ("median", "p99")]
    yield "cordon seal, p50, us", "<=", 1000, seal[0]
    yield ("cordon seal of iptables-legacy-restore, p50", "<=", 0.5,
           quotient(seal[0], last("iptables-legacy-restore", "median")))
    yield "cordon seal of nft -f, p99", "<=", 0.25, quotient(seal[1], last("nft -f", "p99"))
    yield "cordon order, p50, us", "<=", 5000, last("cordon", "median", act="order")
    yield "an order in the inbox, p50, us", "<=", 10000, last("cordon", "median", act="inbox")


def record_goals(figures):
    yield "% of 2,500,000 records/s lost", "<=", 0, figures.get("record-lost", "cordon")
    rate, lost = figures.get("record-rate", "cordon"), figures.get("record-lost", "cordon")
    yield "records/s from ring to chained file", ">=", 2400000, rate if lost is not None else None


def watch_goals(figures):
    for cpus, where in ((1, "on one core"), (2, "on both")):
        yield (f"fork, exec and exit {where}, of unwatched", "<=", 1.05,
               figures.get("watch-ratio", "cordon", cpus=cpus))
        yield (f"their records that are lost {where}", "<=", 0,
               figures.get("watch-lost", "cordon", "p99", cpus=cpus))


def log_goals(figures):
    yield "the daemon's memory, MB", "<=", 32, figures.get("busy-memory", "cordon")
    yield ("an enforcement record stable, p99, us", "<=", 50000,
           figures.get("stable", "cordon", "p99"))
    yield "an exec with fork and exit, bytes", "<=", 250, figures.get("disk", "whole")
    yield "the same, compressed", "<=", 80, figures.get("disk", "compressed")
    yield "10,000,000 records verified, s", "<=", 10, figures.get("verify", "cordon")


def guest_goals(figures):
    for figure in figures.all:
        if figure["name"] == "guest-more":
            yield (f"{GUEST_ACTS[figure['params']['act']]}, {figure['params']['kernel']}, % more",
                   "<=", 3, figure["median"])


def goals(figures):
    rows = []
    for each in (packet_goals, drop_goals, contain_goals, other_goals, record_goals,
                 watch_goals, log_goals, guest_goals):
        for what, sign, goal, value in each(figures):
            if value is None:
                continue
            met = value <= goal if sign == "<=" else value > goal if sign == ">" else value >= goal
            rows.append([what, f"{sign} {number(goal)}", value, "met" if met else "MISSED"])
    if rows:
        table("goals (absolute ones are for a machine whose bare XDP test run takes 6 ns)",
              ["", "goal", "measured", ""], rows)


def tables(figures):
    for each in (packet_tables, drop_table, far_table, contain_table, load_table, memory_table, record_table,
                 watch_table, log_table, guest_table, goals):
        each(figures)


# ---- plots ---------------------------------------------------------------------------------

def plot(outdir, name, title, ylabel, series, extra=""):
    """series: {label: [(x, y)]}; x is a number of prefixes."""
    series = {label: [(x, y) for x, y in points if y is not None]
              for label, points in series.items()}
    series = {label: points for label, points in series.items() if points}
    if not series or not shutil.which("gnuplot"):
        return
    blocks = "".join(f"$d{n} << E\n" + "".join(f"{x} {y}\n" for x, y in points) + "E\n"
                     for n, points in enumerate(series.values()))
    lines = ", ".join(f"$d{n} with linespoints linewidth 2 title '{label}'"
                      for n, label in enumerate(series))
    script = (f"set terminal pngcairo size 900,560 font ',11'\nset output '{outdir}/{name}.png'\n"
              f"set title '{title}'\nset xlabel 'prefixes'\nset ylabel '{ylabel}'\n"
              f"set logscale x\nset format x '10^{{%L}}'\nset grid\nset key outside right\n{extra}\n"
              f"{blocks}plot {lines}\n")
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def contain_plot(figures, outdir):
    """Of the stores only the slowest."""
    rows = [(label, last) for label, last, _ in contain_rows(figures)]
    stores = [row for row in rows if row[1]["params"]["act"] == "store"]
    if stores:
        worst = max(stores, key=lambda row: row[1]["p99"])[1]
        rows = [("the store alone, worst", worst)] + [row for row in rows if row not in stores]
    if not rows or not shutil.which("gnuplot"):
        return
    # A logarithm knows no 0.
    data = "".join(f'"{label}" {max(last["median"], 0.1)} '
                   f'{max(last["p99"], 0.1)}\n' for label, last in rows)
    script = (f"set terminal pngcairo size 1100,620 font ',11'\nset output '{outdir}/contain.png'\n"
              "set title 'Time to contain: from the act to the last packet'\n"
              "set ylabel 'microseconds'\nset logscale y\nset yrange [0.1:*]\nset grid y\n"
              "set style data histogram\nset style fill solid 0.7\nset xtics rotate by -30\n"
              f"set rmargin 12\n$d << E\n{data}E\n"
              "plot $d using 2:xtic(1) title 'p50', '' using 3 title 'p99'\n")
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def plots(figures, outdir):
    contain_plot(figures, outdir)
    sizes = sizes_of(figures, "packet")
    for hook in ("xdp", "tc"):
        plot(outdir, f"packet-{hook}", f"A packet, {hook}, ns over bare", "ns",
             {f"{s}, {rules} rules": [(x, figures.get("packet", s, hook=hook, prefixes=x,
                                                      rules=rules)) for x in sizes]
              for s in ("established", "new", "denied") for rules in (10, 1000)},
             "set yrange [0:*]")
    sizes = sizes_of(figures, "drops")
    bare = {s: figures.get("drops", s, prefixes=0) for s in ("xdp-bare", "tcx-bare")}
    series = {s: [(x, y / 1e6) for x in sizes if (y := figures.get("drops", s, prefixes=x))]
              for s in DROPPERS if s not in bare}
    series |= {s: [(x, rate / 1e6) for x in sizes] for s, rate in bare.items() if rate}
    plot(outdir, "drops", "Drops end to end over veth", "million packets a second", series,
         "set yrange [0:*]")
    sizes = sizes_of(figures, "load-first")
    plot(outdir, "loads", "The whole command", "ms",
         {f"{s}, {what}": [(x, figures.get(f"load-{what}", s, prefixes=x)) for x in sizes]
          for s in ("cordon", "nft") for what in ("first", "replace", "one-more")},
         "set logscale y")
