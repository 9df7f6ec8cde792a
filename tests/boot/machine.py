# SPDX-License-Identifier: GPL-2.0-or-later
"""A node in QEMU: from one of tests/boot/image's disks, with one wire to tests/boot/peer.py.

What it writes is in a file beside the disk that is left as it was; so a disk can be kept as it was
at some moment, and put back. Pulling its plug is to kill QEMU: what the node had written to its
disk is there, and nothing else.
"""

import os
import re
import select
import shutil
import socket
import subprocess
import time
from pathlib import Path

INITRAMFS_AT = "0x20000000"  # see scripts/vm
BOOT_LIMIT = 150
COMMAND_LIMIT = 180
WORDS = ("console=ttyS0 root=/dev/vda rw quiet panic=-1 mitigations=off norandmaps tsc=reliable "
         "lsm=landlock,lockdown,yama,integrity,bpf rcupdate.rcu_expedited=1 no_timer_check "
         "cryptomgr.notests systemd.show_status=0 net.ifnames=0")


class Died(Exception):
    """The machine did not do what it was to do; its console says why."""


class Disk:
    """What the node writes, before a disk that stays."""

    def __init__(self, folder, image):
        self.image = Path(image).resolve()
        self.path = Path(folder) / "disk.qcow2"
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", self.image / "disk.raw",
                        "-F", "raw", self.path], check=True)

    def keep(self):
        """A copy of now, for put_back()."""
        shutil.copy(self.path, self.path.with_suffix(".kept"))

    def put_back(self):
        shutil.copy(self.path.with_suffix(".kept"), self.path)


class Machine:
    """One boot: from start() to stop() or pull_plug(). Its TPM's memory stays in the folder."""

    def __init__(self, folder, disk, peer, append="", options=(), initramfs="initrd.img"):
        self.folder, self.disk, self.peer = Path(folder), disk, peer
        self.append, self.options = append, list(options)
        self.initramfs = initramfs
        self.console = self.folder / "console"
        self.process = self.agent = self.swtpm = None
        self.started = 0.0

    def command(self):
        image = self.disk.image
        initramfs = image / self.initramfs
        size = initramfs.stat().st_size
        return ["qemu-system-x86_64", "-accel", "tcg,thread=single", "-cpu", "max,-erms,-fsrm,-la57",
                "-smp", "2", "-m", "1G", "-display", "none", "-no-reboot", "-nodefaults",
                "-kernel", image / "vmlinux",
                "-device", f"loader,file={initramfs},addr={INITRAMFS_AT},force-raw=on",
                "-append", f"{WORDS} initrdmem={INITRAMFS_AT},{size} "
                           f"memmap={size}${INITRAMFS_AT} {self.append}",
                "-drive", f"file={self.disk.path},if=virtio,format=qcow2,cache=writeback",
                "-netdev", f"dgram,id=wire,local.type=unix,local.path={self.folder}/node,"
                           f"remote.type=unix,remote.path={self.peer.path}",
                "-device", "virtio-net-pci,netdev=wire,romfile=",
                "-serial", f"file:{self.console}", "-device", "virtio-serial",
                "-chardev", f"socket,id=agent,path={self.folder}/agent,server=on,wait=off",
                "-device", "virtserialport,chardev=agent,name=agent", *self.options,
                *self.tpm()]

    def tpm(self):
        """Words for QEMU, and a TPM that ends with it; none where there is no swtpm."""
        if not shutil.which("swtpm"):
            return []
        path = self.folder / "tpm.socket"
        path.unlink(missing_ok=True)
        (self.folder / "tpm").mkdir(exist_ok=True)
        # pylint: disable=consider-using-with # it ends with QEMU
        self.swtpm = subprocess.Popen(["swtpm", "socket", "--tpm2", "--tpmstate",
                                       f"dir={self.folder}/tpm", "--ctrl",
                                       f"type=unixio,path={path}", "--terminate"],
                                      stdin=subprocess.DEVNULL)
        while not path.exists():
            if self.swtpm.poll() is not None:
                raise Died(f"swtpm ended with {self.swtpm.returncode}")
            time.sleep(0.01)
        return ["-chardev", f"socket,id=tpm,path={path}",
                "-tpmdev", "emulator,id=tpm0,chardev=tpm", "-device", "tpm-tis,tpmdev=tpm0"]

    def start(self):
        for name in ("node", "agent", "console"):
            (self.folder / name).unlink(missing_ok=True)
        self.started = time.monotonic()
        # pylint: disable=consider-using-with # it stays until its plug is pulled
        with open(self.folder / "qemu", "wb") as said:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL,
                                            stdout=said, stderr=subprocess.STDOUT)
        self.peer.plug(f"{self.folder}/node")
        self.agent = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        while self.agent.connect_ex(f"{self.folder}/agent"):
            self.must_live()
            time.sleep(0.05)
        return self

    def must_live(self):
        if self.process.poll() is not None:
            why = (self.folder / "qemu").read_text(errors="replace")
            raise Died(f"the machine ended with {self.process.returncode}: {why}\n{self.said()}")

    def said(self, lines=25):
        text = self.console.read_text(errors="replace") if self.console.exists() else ""
        return "\n".join(f"console: {line.rstrip()}" for line in text.splitlines()[-lines:])

    def read_until(self, pattern, limit):
        text, deadline = "", time.monotonic() + limit
        while not re.search(pattern, text):
            if time.monotonic() > deadline:
                raise Died(f"no {pattern!r} in {limit} s, but {text!r}\n{self.said()}")
            if select.select([self.agent], [], [], 0.5)[0]:
                text += self.agent.recv(65536).decode(errors="replace")
            self.must_live()
        return text

    def up(self):
        """Waits until somebody there obeys."""
        self.read_until("ready\n", BOOT_LIMIT)

    def run(self, command, limit=COMMAND_LIMIT):
        """(exit status, output) of one line of shell, by root."""
        self.agent.sendall(command.encode() + b"\n")
        text = self.read_until("\4\\d+\n", limit)
        output, status = text.rsplit("\4", 1)
        return int(status), output

    def does(self, command, limit=COMMAND_LIMIT):
        """Its output; it must succeed."""
        status, output = self.run(command, limit)
        if status:
            raise Died(f"{command}: exit {status}: {output}")
        return output

    def pull_plug(self):
        self.peer.unplug()
        if self.process:
            self.process.kill()
            self.process.wait()
        if self.swtpm:
            self.swtpm.terminate()
            self.swtpm.wait()
        if self.agent:
            self.agent.close()
        self.process = self.agent = self.swtpm = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.pull_plug()
