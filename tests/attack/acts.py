# SPDX-License-Identifier: GPL-2.0-or-later
"""What a root on the node does about it: the rows of the table behind those of packets.

Each act is done while numbered datagrams flow against the guard, from the node and through it. When
no more of them come out, or time is up, packets of every kind are tried once more: that decides.
What came out in between is told beside it, as the time from the first to the last. What is not
there in a column (pins where nothing is pinned) is not done there.
"""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import ground as g
import packets as p
from guards import until
from orders import Keys

ACTS = []
PACE = 0.001
PATIENCE = 2.0  # of a guard that puts itself right
QUIET = 0.15
GRACE = 0.4
TCX = tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) >= (6, 6)
AHEAD = "who may load programs may put them ahead or aside; status tells"
KINDS = ("TCP", "UDP", "UDP, IPv6", "ping", "forwarded UDP", "forwarded TCP")


class Act:
    """A row of the table.

    cordon    only where Cordon is: it is about what Cordon has
    known     why it gets through all the same, where neither guard nor module hold the node
    before    what is done first, with the node open; the act shuts it
    lacks     why it cannot be done on the machine itself, only in a virtual one
    files     Cordon's own files decide: on the machine itself, at every level, and where it is held
    """

    way = "root"

    def __init__(self, name, function, **more):
        self.name, self.function = name, function
        self.cordon = more.pop("cordon", False)
        self.known, self.lacks = more.pop("known", None), more.pop("lacks", None)
        self.before = more.pop("before", None)
        self.files = more.pop("files", False)
        assert not more, more


def act(name, **more):
    def add(function):
        ACTS.append(Act(name, function, **more))
        return function
    return add


# ---- what is asked of packets -------------------------------------------------------------------

class Prober:
    """Sends from the node and through it, and knows what came out."""

    def __init__(self, ground, watch):
        self.ground, self.watch = ground, watch
        self.here = ground.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.there = ground.socket(socket.AF_INET, socket.SOCK_DGRAM, at="lan0")
        for sock in (self.here, self.there):
            sock.setblocking(False)
        self.number = 0
        self.flowing = False
        self.mark = b""

    def token(self):
        self.number += 1
        return g.new_token(900 + self.number % 100)

    def flow(self):
        while self.flowing:
            for sock in (self.here, self.there):
                try_to_send(sock, self.mark * 4, (g.STRANGER4, 9000))
            time.sleep(PACE * g.slower())

    def during(self, do, patience):
        """Do it while datagrams flow; seconds from the first to the last that came out."""
        self.mark, self.flowing = self.token(), True
        start = self.watch.now()
        thread = threading.Thread(target=self.flow, daemon=True)
        thread.start()
        try:
            do()
            self.wait_for_quiet(patience)
        finally:
            self.flowing = False
            thread.join()
        came = self.watch.saw([self.mark], ("wan0",), start)
        return max(came) - min(came) if came else None

    def wait_for_quiet(self, patience):
        quiet = QUIET * g.slower()
        time.sleep(quiet)
        until(patience, lambda: not self.watch.saw([self.mark], ("wan0",),
                                                   self.watch.now() - quiet))

    def kinds_out(self, keeps=False):
        """Which kinds of packets come out now; one of the keep list must, or we are blind."""
        start, kept = self.watch.now(), self.token()
        tokens = {kind: self.token() for kind in KINDS}
        for kind, token in tokens.items():
            send_kind(self.ground, kind, token)
        try_to_send(self.here, kept, (g.RESOLVER4, 53))
        time.sleep(QUIET * g.slower())
        self.watch.catch_up()
        if keeps and not until(1, lambda: self.watch.saw([kept], ("wan0",), start)):
            raise g.Lacking("the keep list does not pass either")
        return [kind for kind, token in tokens.items() if self.watch.saw([token], ("wan0",), start)]


def try_to_send(sock, data, to):
    try:
        sock.sendto(data, to)
    except OSError:
        pass  # a guard may say so at once


def send_kind(ground, kind, token):
    at = "lan0" if kind.startswith("forwarded") else "node"
    source = g.DEVICE4 if at == "lan0" else g.NODE4
    data = token * 4
    if kind.endswith("TCP"):
        packet = p.ip4(source, g.STRANGER4, p.TCP,
                       p.tcp(source, g.STRANGER4, 40000, 9000, "S", data))
        with ground.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW, at=at) as sock:
            try_to_send(sock, packet, (g.STRANGER4, 0))
    elif kind == "ping":
        with ground.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP, at=at) as sock:
            try_to_send(sock, p.echo(source, g.STRANGER4, 7, data)[1], (g.STRANGER4, 0))
    else:
        to = g.STRANGER6 if kind.endswith("IPv6") else g.STRANGER4
        with ground.socket(p.family(to), socket.SOCK_DGRAM, at=at) as sock:
            try_to_send(sock, data, (to, 9000))


# ---- acts on any guard --------------------------------------------------------------------------

class Root:
    """What an act is given."""

    def __init__(self, guard, ground, watch):
        self.guard, self.ground, self.watch = guard, ground, watch
        self.helpers = []

    def helper(self, *words):
        """A program that stays until the act is over; it says so when it is ready."""
        path = f"{self.ground.build}/tests/attack/ahead_helper"
        child = subprocess.Popen((path, *words), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.helpers.append(child)
        if not child.stdout.readline():
            raise g.Lacking(child.stderr.read().decode().strip() or "ahead_helper failed")

    def end_helpers(self):
        while self.helpers:
            child = self.helpers.pop()
            child.kill()
            child.communicate()

    def run(self, *words, check=False, at="node"):
        return self.ground.run(*words, check=check, at=at)

    def pins(self, *names):
        return os.path.join(self.ground.bpffs, *names)

    def unpin(self, folder):
        for name in os.listdir(self.pins(folder)):
            with self.refusable():
                os.unlink(self.pins(folder, name))

    @contextlib.contextmanager
    def refusable(self):
        """Where a kernel holds the node, an act may be refused; what comes out decides."""
        try:
            yield
        except (PermissionError, g.Lacking):
            if not self.ground.is_held:
                raise


@act("nothing yet: what is asked after each act")
def nothing(_):
    pass


@act("nft flush ruleset, iptables -F")
def flush(root):
    root.run("nft", "flush", "ruleset")
    if g.slower() > 1:
        return  # a hook that comes and goes patches code that another emulated CPU runs: it dies
    for tool in ("iptables", "ip6tables"):
        if shutil.which(tool):
            root.run(tool, "-w", "-F")
            for chain in ("INPUT", "OUTPUT", "FORWARD"):
                root.run(tool, "-w", "-P", chain, "ACCEPT")


@act("tc qdisc del dev X clsact")
def qdisc_del(root):
    for interface in ("wan0", "lan0"):
        root.run("tc", "qdisc", "del", "dev", interface, "clsact")


@act("tc qdisc replace, tc filter del: any other way at tc")
def qdisc_replace(root):
    for interface in ("wan0", "lan0"):
        root.run("tc", "filter", "del", "dev", interface, "egress")
        root.run("tc", "filter", "del", "dev", interface, "ingress")
        root.run("tc", "qdisc", "replace", "dev", interface, "root", "pfifo")
        root.run("tc", "qdisc", "del", "dev", interface, "ingress")


@act("ip link set X xdp off")
def xdp_off(root):
    for interface in ("wan0", "lan0"):
        for mode in ("xdp", "xdpgeneric", "xdpdrv"):
            root.run("ip", "link", "set", interface, mode, "off")


@act("the uplink down and up, renamed and back")
def down_up(root):
    root.ground.ip("link set wan0 down", "link set wan0 name wan7", "link set wan7 up",
                   "link set wan7 down", "link set wan7 name wan0", "link set wan0 up")
    restore_uplink(root)


def restore_uplink(root):
    """Its addresses and neighbours, of which the kernel forgets some."""
    link = root.ground.macs["wan0", "eth0"].hex(":")
    near = (g.CONTROL4, g.RESOLVER4, g.STRANGER4, g.CONTROL6, g.STRANGER6)
    root.ground.ip("address replace 10.1.0.1/24 dev wan0",
                   "address replace fd01::1/64 dev wan0 nodad",
                   "route replace default via 10.1.0.2", "route replace default via fd01::2",
                   *(f"neighbour replace {address} lladdr {link} dev wan0" for address in near),
                   check=False)


@act("the uplink moved to a new namespace, and used there",
     known=None if TCX else "below Linux 6.6 the hooks go with the move")
def moved(root):
    """Its own question: what leaves is sent there."""
    name = root.ground.name
    link = root.ground.macs["wan0", "eth0"].hex(":")
    root.ground.ip(f"link set wan0 netns {name}-guest")
    root.ground.ip("address add 10.1.0.1/24 dev wan0", "link set wan0 up",
                   f"neighbour replace {g.STRANGER4} lladdr {link} dev wan0", at="guest")
    token = g.new_token(899)
    with root.ground.socket(socket.AF_INET, socket.SOCK_DGRAM, at="guest") as sock:
        try_to_send(sock, token * 4, (g.STRANGER4, 9000))
    time.sleep(QUIET * g.slower())
    root.ground.ip(f"link set wan0 netns {name}-node", at="guest")
    root.ground.ip("link set wan0 up")
    restore_uplink(root)
    return bool(root.watch.saw([token], ("wan0",)))


@act("a new uplink, made afterwards")
def new_uplink(root):
    plug(root)


def plug(root):
    """Another wire to the outside, with the stranger behind it."""
    root.ground.plug()
    root.ground.ip("link set eth9 up", at="wan0")
    root.watch.add("wan0", "eth9")
    root.ground.ip("address add 10.9.0.1/24 dev at-new", "link set at-new up",
                   f"neighbour replace {g.STRANGER4} lladdr 02:00:00:00:00:07 dev at-new",
                   f"route replace {g.STRANGER4}/32 dev at-new")


@act("a program of root's at tc, ahead of all others", known=AHEAD)
def ahead(root):
    if TCX:
        root.helper("tcx", "wan0")
        return
    root.run("tc", "qdisc", "add", "dev", "wan0", "clsact")
    root.run("tc", "filter", "add", "dev", "wan0", "egress", "prio", "1", "handle", "66", "bpf",
             "direct-action", "object-file", f"{root.ground.build}/tests/attack/ahead.bpf.o",
             "section", "tc", check=True)


@act("an XDP program of root's, from a device to the uplink", known=AHEAD)
def xdp_aside(root):
    root.run("ethtool", "-K", "eth0", "gro", "on", at="wan0")
    root.helper("xdp", "lan0", "wan0")


# ---- acts on Cordon -----------------------------------------------------------------------------

@act("SIGSTOP to the daemon, then a new uplink", cordon=True,
     known="what nobody covers is covered by the next apply or run")
def stopped_uplink(root):
    root.guard.signal_daemon(signal.SIGSTOP)
    plug(root)


UNGUARDED = "nothing guards pins and maps against root yet"
UNANCHORED = "nothing guards /var/lib/cordon against root yet"


@act("kill -9 of the daemon", cordon=True)
def kill(root):
    root.guard.end_daemon()


@act("SIGSTOP to the daemon, then tc, xdp and nft as above", cordon=True)
def stopped(root):
    root.guard.signal_daemon(signal.SIGSTOP)
    flush(root)
    xdp_off(root)


@act("SIGSTOP to the daemon, then tc qdisc del dev X clsact", cordon=True,
     known=None if TCX else "below Linux 6.6 the hooks are filters on clsact")
def stopped_qdisc(root):
    root.guard.signal_daemon(signal.SIGSTOP)
    qdisc_del(root)


@act("removing the pins of the links", cordon=True)
def links_unpinned(root):
    root.unpin("links")
    grace()


def grace():
    """The kernel lets go of what was unpinned after a grace period, long on a busy machine."""
    time.sleep(GRACE * g.slower())


@act("removing all pins", cordon=True)
def all_unpinned(root):
    for folder in ("links", "progs", "maps"):
        root.unpin(folder)
    grace()


@act("unmounting bpffs", cordon=True)
def unmounted(root):
    root.run("umount", "-l", os.path.dirname(root.ground.bpffs), check=True)
    grace()


@act("bpftool link detach, of every link", cordon=True)
def detached(root):
    for name in os.listdir(root.pins("links")):
        root.run("bpftool", "link", "detach", "pinned", root.pins("links", name))


@act("the daemon killed, then the pins removed", cordon=True, known=UNGUARDED)
def killed_unpinned(root):
    root.guard.end_daemon()
    links_unpinned(root)


@act("a store to the latch: bpftool map update", cordon=True, known=UNGUARDED)
def stored(root):
    root.guard.store_latch(0)


STATE = ("var/lib/cordon/latch", "var/lib/cordon/latch.copy")


@act("deleting the state files, and the daemon started anew", cordon=True, files=True)
def state_deleted(root):
    root.guard.end_daemon()
    with root.refusable():
        shutil.rmtree(os.path.join(root.ground.root, "var"))
    root.guard.run()


@act("deleting one copy of the state, and the daemon started anew", cordon=True, files=True)
def state_torn(root):
    root.guard.end_daemon()
    with root.refusable():
        os.unlink(os.path.join(root.ground.root, STATE[0]))
    root.guard.run()


@act("the policy on disk changed, and loaded anew", cordon=True, files=True, known=UNANCHORED)
def policy_changed(root):
    root.guard.end_daemon()
    policy = os.path.join(root.ground.root, "var/lib/cordon/policy")
    with root.refusable(), open(os.path.join(policy, "active.yaml"), "a", encoding="ascii") as file:
        file.write("    - {name: out,     from: node, to: any, services: [any]}\n"
                   "    - {name: through, from: any,  to: any, services: [any]}\n")
    with root.refusable():
        os.truncate(os.path.join(policy, "active.image"), 0)
    with root.refusable():
        os.unlink(root.pins("maps", "control"))
    root.guard.run()


@act("cordon detach, rollback, release, and an apply that allows all", cordon=True)
def asked(root):
    for words in (("detach",), ("rollback",), ("release",), ("seal", "open", "--reason", "x")):
        root.guard.cordon(*words, check=False)
    root.guard.apply(check=False)


def seal_and_start(root):
    root.guard.end_daemon()
    root.guard.seal(check=False)
    root.guard.run()
    time.sleep(QUIET * g.slower())


def fill_disk(root):
    with open(os.path.join(root.ground.root, "ballast"), "wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 4096):
                pass
        except OSError:
            pass


act("filling the disk, and only then sealed", cordon=True, files=True, before=fill_disk)(
    seal_and_start)


def released_once(root):
    """A release that was good: the node took it, and is open."""
    root.keys = Keys(root.ground)
    with root.refusable():
        root.keys.trusted("owner")
    root.guard.seal()
    root.order = root.keys.release("owner", 10)
    root.guard.cordon("order", root.order)
    if root.guard.standing()["latch"] != "open":
        raise g.Lacking("a good release did not open the node")


def by_both_ways(root, order):
    root.guard.cordon("order", order, check=False)
    root.run("cp", order, os.path.join(root.ground.root, "var/lib/cordon/inbox"))


@act("replaying, changing and forging a release that was good", cordon=True, files=True,
     before=released_once)
def replayed(root):
    root.guard.seal()
    for order in (root.order, root.keys.changed(root.order, 10, 99),
                  root.keys.release("stranger", 11), root.keys.release("owner", 9)):
        by_both_ways(root, order)
    time.sleep(1)  # the inbox


@act("a release signed by a key that root himself put into trust", cordon=True, files=True,
     before=released_once, known=UNGUARDED)
def own_trust(root):
    root.guard.seal()
    with root.refusable():
        root.keys.trusted("root")
    by_both_ways(root, root.keys.release("root", 20))
    time.sleep(1)


def released_and_kept(root):
    """As before, with the state of before it at hand."""
    root.guard.seal()
    for name in STATE:
        shutil.copy(os.path.join(root.ground.root, name), root.ground.tmp)
    released_once(root)


@act("the state of before a good release put back, and that release again", cordon=True,
     files=True, before=released_and_kept, known=UNANCHORED)
def state_put_back(root):
    root.guard.seal()
    for name in STATE:
        with root.refusable():
            shutil.copy(os.path.join(root.ground.tmp, os.path.basename(name)),
                        os.path.join(root.ground.root, name))
    by_both_ways(root, root.order)
    time.sleep(1)


def make_read_only(root):
    root.guard.end_daemon()
    root.run("mount", "-o", "remount,ro", root.ground.root, check=True)


act("a root folder that cannot be written, and only then sealed", cordon=True, files=True,
    before=make_read_only)(seal_and_start)


@act("setting the clock back by ten years", cordon=True,
     lacks="the machine's clock is left alone; done in the virtual machine")
def clock_back(root):
    now = time.time()
    time.clock_settime(time.CLOCK_REALTIME, now - 315360000)
    root.guard.end_daemon()
    root.guard.run()
    time.sleep(QUIET * g.slower())
    time.clock_settime(time.CLOCK_REALTIME, now + 1)


# ---- all of them --------------------------------------------------------------------------------

def why_not(what, guard):
    """Why it is not done in this column, or None."""
    if what.lacks and not os.path.isdir("/run/vm"):
        return what.lacks
    if what.files and os.path.isdir("/run/vm") and not guard.ground.is_held:
        return "decided by files, whatever the kernel: done on the machine itself"
    if what.cordon and not guard.is_cordon:
        return "it has nothing of the kind"
    if guard.title in ("no firewall", "open") and what.function is not nothing:
        return "nothing is shut"
    return None


def try_act(what, root, found):
    with root.refusable():
        found.append(what.function(root))


def perform(what, root, prober):
    """{result, leak, kinds}"""
    found, leak = [], None
    if what.before:
        root.guard.anew(shut=False)
        with root.refusable():
            what.before(root)
        try_act(what, root, found)
    else:
        leak = prober.during(lambda: try_act(what, root, found),
                             QUIET if what.known else PATIENCE)
    kinds = prober.kinds_out(root.guard.is_cordon)
    if found and found[0]:
        kinds.append("in the new namespace")
    root.ground.unplug()
    return {"out": bool(kinds), "leak": leak, "why": ", ".join(kinds)}


def put_right(what, root, prober):
    """The next act finds all as this one did; what cannot be mended is set up anew."""
    if what.function is nothing:
        return
    root.end_helpers()
    root.run("tc", "filter", "del", "dev", "wan0", "egress", "prio", "1", "handle", "66", "bpf")
    if what.before:
        root.run("mount", "-o", "remount,rw", root.ground.root)
        root.run("rm", "-f", os.path.join(root.ground.root, "ballast"))
    if not root.guard.is_cordon:
        root.guard.again()
    elif what.before and not root.ground.is_held or not root.guard.mended() or prober.kinds_out():
        root.guard.anew()


def rows(guard, ground, watch):
    root, prober = Root(guard, ground, watch), Prober(ground, watch)
    guard.well = guard.is_cordon and guard.standing()
    for what in ACTS:
        why = why_not(what, guard)
        if why:
            yield {"out": None, "leak": None, "why": why}
            continue
        start = time.monotonic()
        try:
            row = perform(what, root, prober)
            put_right(what, root, prober)
        except (g.Lacking, OSError) as error:
            row = {"out": None, "leak": None, "why": str(error), "broken": True}
        row["took"] = time.monotonic() - start
        yield row
