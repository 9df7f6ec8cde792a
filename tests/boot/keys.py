# SPDX-License-Identifier: GPL-2.0-or-later
"""The owner of the node: keys of one run, the trust folder, and orders. RSA, which every kernel's own
check of signatures can do; signed by openssl alone, but for what the node's TPM wants, too."""

import subprocess
from pathlib import Path

NODE = "node-boot"


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, capture_output=True, stdin=subprocess.DEVNULL)


class Owner:
    """Gives numbered orders."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.trust = self.folder / "trust"
        self.trust.mkdir()
        self.key, self.certificate = self.folder / "owner.key", self.trust / "release.pem"
        (self.trust / "node").write_text(f"node: {NODE}\n", encoding="ascii")
        self.counter = 0
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=owner",
                "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", self.key,
                "-out", self.certificate)

    def order(self, action):
        """Bytes of an order that the node has not seen yet."""
        self.counter += 1
        text, signed = self.folder / "order", self.folder / "order.p7"
        text.write_text(f"cordon-order: 1\naction: {action}\nnode: {NODE}\nissuer: owner\n"
                        f"counter: {self.counter}\nreason: test\n", encoding="ascii")
        openssl("cms", "-sign", "-binary", "-nodetach", "-noattr", "-nocerts", "-md", "sha256",
                "-in", text, "-outform", "DER", "-out", signed, "-signer", self.certificate,
                "-inkey", self.key)
        return signed.read_bytes()

    def release(self, cordon, seal, challenge=None):
        """For a node that its TPM anchors, at a seal by number."""
        self.counter += 1
        named = ["--challenge", challenge] if challenge else []
        signed = self.folder / "release.p7"
        subprocess.run([cordon, "sign", "order", "release", "--node", NODE, "--issuer", "owner",
                        "--counter", str(self.counter), "--reason", "test", "--force",
                        *named, "--anchor", str(seal), "--trust", self.trust,
                        "--cert", self.certificate, "--key", self.key, "-o", signed],
                       check=True, capture_output=True, stdin=subprocess.DEVNULL)
        return signed.read_bytes()
