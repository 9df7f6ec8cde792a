# SPDX-License-Identifier: GPL-2.0-or-later
"""Orders, made by openssl alone: keys, who is trusted, and a signed release. The keys are of RSA, which
every kernel checks, and of one run; nothing here carries an order out."""

import os

import ground as g


class Keys:
    """A folder of keys beside the node's root."""

    def __init__(self, ground):
        self.ground = ground
        self.trust = os.path.join(ground.root, "etc/cordon/trust")

    def path(self, name):
        return os.path.join(self.ground.tmp, name)

    def make(self, name):
        if not os.path.exists(self.path(f"{name}.key")):
            self.ground.run("tests/make_key", self.path(name), "rsa:2048")

    def trusted(self, name):
        """Its signature opens the node."""
        self.make(name)
        os.makedirs(self.trust, exist_ok=True)
        self.ground.run("cp", self.path(f"{name}.pem"), os.path.join(self.trust, "release.pem"))

    def release(self, signer, counter):
        """A file with the order; the counter is from where the ground's orders begin."""
        self.make(signer)
        counter += self.ground.counter
        text, order = self.path("order"), self.path(f"release-{signer}-{counter}.p7")
        with open(text, "w", encoding="ascii") as file:
            file.write("cordon-order: 1\naction: release\nnode: attacked\nissuer: attack\n"
                       f"counter: {counter}\nreason: attack\n")
        self.ground.run("openssl", "cms", "-sign", "-binary", "-nodetach", "-noattr", "-nocerts",
                        "-md", "sha256", "-in", text, "-outform", "DER", "-out", order, "-signer",
                        self.path(f"{signer}.pem"), "-inkey", self.path(f"{signer}.key"))
        return order

    def changed(self, order, counter, other):
        """The order with another counter in it, under the same signature."""
        old, new = (f"counter: {n + self.ground.counter}\n".encode() for n in (counter, other))
        with open(order, "rb") as file:
            data = file.read()
        if data.count(old) != 1:
            raise g.Lacking(f"the order does not say {old!r} once")
        with open(order + ".changed", "wb") as file:
            file.write(data.replace(old, new))
        return order + ".changed"
