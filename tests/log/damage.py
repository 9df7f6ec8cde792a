#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Does to a segment of the log, as <cordon/log.h> draws it, what somebody might.

    damage.py FILE count              how many blocks it has
    damage.py FILE place BLOCK        offset and size of the BLOCKth, from 0 on
    damage.py FILE edit BLOCK         changes a byte of its records
    damage.py FILE forge BLOCK        likewise, and makes the digest fit
    damage.py FILE drop BLOCK
    damage.py FILE swap BLOCK OTHER
    damage.py FILE again BLOCK        puts it at the end, too
    damage.py FILE cut BYTES          from the end
    damage.py FILE extend BYTES
"""

import hashlib
import struct
import sys
from pathlib import Path

HEAD, DIGEST, SEAL = 96, 32, 64
SIZE_AT = 8


def split(data):
    blocks, at = [], 0
    while at < len(data):
        size = HEAD + struct.unpack_from("=I", data, at + SIZE_AT)[0] + SEAL
        blocks.append(data[at:at + size])
        at += size
    return blocks


def edited(block):
    changed = bytearray(block)
    changed[HEAD + 30] ^= 1
    return bytes(changed)


def forged(block):
    body = edited(block)[:-SEAL]
    return body + hashlib.sha256(body).digest() + block[-DIGEST:]


def damaged(blocks, act, numbers):
    one = numbers[0]
    if act in ("edit", "forge"):
        blocks[one] = (edited if act == "edit" else forged)(blocks[one])
    elif act == "drop":
        del blocks[one]
    elif act == "swap":
        other = numbers[1]
        blocks[one], blocks[other] = blocks[other], blocks[one]
    elif act == "again":
        blocks.append(blocks[one])
    data = b"".join(blocks)
    if act == "cut":
        data = data[:len(data) - one]
    elif act == "extend":
        data += bytes(one)
    return data


def main():
    path, act, numbers = Path(sys.argv[1]), sys.argv[2], [int(word) for word in sys.argv[3:]]
    blocks = split(path.read_bytes())
    if act == "count":
        print(len(blocks))
    elif act == "place":
        print(sum(map(len, blocks[:numbers[0]])), len(blocks[numbers[0]]))
    else:
        path.write_bytes(damaged(blocks, act, numbers))


main()
