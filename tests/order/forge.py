# SPDX-License-Identifier: GPL-2.0-or-later
"""Takes a CMS SignedData apart and puts it together wrongly: forge.py WHAT IN OUT [KEY].

It reads and writes DER and knows nothing of Cordon. With KEY, what it changes is signed again by
openssl, so that only what is meant to be wrong is.
"""

import subprocess
import sys

DATA = bytes.fromhex("06092a864886f70d010701")
SIGNED = bytes.fromhex("06092a864886f70d010702")
ENVELOPED = bytes.fromhex("06092a864886f70d010703")
SHA256 = bytes.fromhex("0609608648016503040201")
SHA1 = bytes.fromhex("06052b0e03021a")
SHA512 = bytes.fromhex("0609608648016503040203")
CONTENT_TYPE = bytes.fromhex("06092a864886f70d010903")
MESSAGE_DIGEST = bytes.fromhex("06092a864886f70d010904")


def der(tag, *parts):
    content = b"".join(parts)
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content


def take(data):
    """(tag, content, whole, rest) of the first element"""
    length, at = data[1], 2
    if length >= 0x80:
        at += length & 0x7F
        length = int.from_bytes(data[2:at], "big")
    return data[0], data[at:at + length], data[:at + length], data[at + length:]


def parts(data):
    found = []
    while data:
        _, _, whole, data = take(data)
        found.append(whole)
    return found


def inside(data):
    return parts(take(data)[1])


class Message:
    """The parts of a message, each to be replaced before it is put together again."""

    def __init__(self, data):
        self.type, explicit = inside(data)
        fields = inside(inside(explicit)[0])
        self.version, self.digests = fields[0], fields[1]
        info = inside(fields[2])
        self.content_type = info[0]
        self.content = take(inside(info[1])[0])[1]
        self.between = [f for f in fields[3:] if f[0] in (0xA0, 0xA1)]
        self.signers = inside(fields[-1])
        self.detached = False
        self.tail = b""

    def info(self):
        if self.detached:
            return der(0x30, self.content_type)
        return der(0x30, self.content_type, der(0xA0, der(0x04, self.content)))

    def data(self):
        return der(0x30, self.version, self.digests, self.info(), *self.between,
                   der(0x31, *self.signers), self.tail)

    def whole(self):
        return der(0x30, self.type, der(0xA0, self.data()))


def signed_by(key, data):
    command = ["openssl", "dgst", "-sha256", "-sign", key]
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def change_attributes(message, key, change):
    """Signs the first signature's attributes again after change(list of them)."""
    fields = inside(message.signers[0])
    at = next(i for i, f in enumerate(fields) if f[0] == 0xA0)
    attributes = change(inside(fields[at]))
    fields[at] = der(0xA0, *attributes)
    fields[-1] = der(0x04, signed_by(key, der(0x31, *attributes)))
    message.signers[0] = der(0x30, *fields)


def without(kind):
    return lambda attributes: [a for a in attributes if kind not in a]


def twice(kind):
    return lambda attributes: attributes + [a for a in attributes if kind in a]


def replaced(kind, value):
    return lambda attributes: [der(0x30, kind, value) if kind in a else a for a in attributes]


def two_values(kind):
    def change(attributes):
        out = []
        for attribute in attributes:
            if kind in attribute:
                value = take(inside(attribute)[1])[1]
                attribute = der(0x30, kind, der(0x31, value, value))
            out.append(attribute)
        return out
    return change


def attributes_as_content(message):
    """The signature over attributes, moved: what it signs becomes the content."""
    fields = inside(message.signers[0])
    at = next(i for i, f in enumerate(fields) if f[0] == 0xA0)
    message.content = der(0x31, take(fields.pop(at))[1])
    message.signers[0] = der(0x30, *fields)


def indefinite(message):
    data = message.data()
    return b"\x30\x80" + message.type + b"\xa0\x80" + data + b"\0\0\0\0"


def inner_indefinite(message):
    info = b"\x30\x80" + DATA + der(0xA0, der(0x04, message.content)) + b"\0\0"
    data = der(0x30, message.version, message.digests, info, der(0x31, *message.signers))
    return der(0x30, message.type, der(0xA0, data))


def constructed_content(message):
    half = len(message.content) // 2
    text = der(0x24, der(0x04, message.content[:half]), der(0x04, message.content[half:]))
    info = der(0x30, DATA, der(0xA0, text))
    data = der(0x30, message.version, message.digests, info, der(0x31, *message.signers))
    return der(0x30, message.type, der(0xA0, data))


def long_length(message):
    content = take(message.whole())[1]
    return b"\x30\x84" + len(content).to_bytes(4, "big") + content


def replace_in_signer(message, old, new):
    changed = message.signers[0].replace(old, new)
    if len(old) != len(new):
        fields = [f.replace(old, new) if old not in f else der(0x30, new) for f in
                  inside(message.signers[0])]
        changed = der(0x30, *fields)
    message.signers[0] = changed


def flip_signature(message):
    fields = inside(message.signers[0])
    signature = bytearray(take(fields[-1])[1])
    signature[len(signature) // 2] ^= 1
    fields[-1] = der(0x04, bytes(signature))
    message.signers[0] = der(0x30, *fields)


def pad_signature(message, zero):
    fields = inside(message.signers[0])
    fields[-1] = der(0x04, zero, take(fields[-1])[1])
    message.signers[0] = der(0x30, *fields)


def edit(what, message, key):
    """Returns the bytes, or None: the message put together again."""
    if what == "indefinite":
        return indefinite(message)
    if what == "inner-indefinite":
        return inner_indefinite(message)
    if what == "constructed":
        return constructed_content(message)
    if what == "long-length":
        return long_length(message)
    if what == "trailing":
        return message.whole() + b"\0"
    if what == "cut":
        return message.whole()[:-1]
    if what == "no-signers":
        message.signers = []
    elif what == "many-signers":
        message.signers = message.signers * 17
    elif what == "sixteen-signers":
        message.signers = message.signers * 16
    elif what == "detached":
        message.detached = True
    elif what == "enveloped":
        message.type = ENVELOPED
    elif what == "nested":
        message.content_type, message.content = SIGNED, message.whole()
    elif what == "version":
        message.version = der(0x02, b"\x02")
    elif what == "tail":
        message.tail = der(0x05)
    elif what == "content":
        message.content = message.content.replace(b"isolate", b"egress!")
    elif what == "attributes-as-content":
        attributes_as_content(message)
    elif what == "no-digest":
        change_attributes(message, key, without(MESSAGE_DIGEST))
    elif what == "no-type":
        change_attributes(message, key, without(CONTENT_TYPE))
    elif what == "two-digests":
        change_attributes(message, key, twice(MESSAGE_DIGEST))
    elif what == "two-types":
        change_attributes(message, key, twice(CONTENT_TYPE))
    elif what == "two-values":
        change_attributes(message, key, two_values(MESSAGE_DIGEST))
    elif what == "other-digest":
        change_attributes(message, key, replaced(MESSAGE_DIGEST, der(0x31, der(0x04, b"x" * 32))))
    elif what == "short-digest":
        change_attributes(message, key, replaced(MESSAGE_DIGEST, der(0x31, der(0x04, b""))))
    elif what == "other-type":
        change_attributes(message, key, replaced(CONTENT_TYPE, der(0x31, SIGNED)))
    elif what == "no-attributes":
        change_attributes(message, key, lambda attributes: [])
    elif what == "same-attributes":
        change_attributes(message, key, lambda attributes: attributes)
    elif what == "sha512":
        replace_in_signer(message, SHA256, SHA512)
    elif what == "flip":
        flip_signature(message)
    elif what == "pad-zero":
        pad_signature(message, b"\0")
    else:
        raise SystemExit(f"forge.py: {what}?")
    return None


def main():
    what, source, target = sys.argv[1:4]
    key = sys.argv[4] if len(sys.argv) > 4 else None
    with open(source, "rb") as file:
        message = Message(file.read())
    data = edit(what, message, key)
    with open(target, "wb") as file:
        file.write(message.whole() if data is None else data)


if __name__ == "__main__":
    main()
