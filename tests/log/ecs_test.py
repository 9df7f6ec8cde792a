#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every field of every type of record is one of the Elastic Common Schema, of its type, or below
`cordon.`; and no name is a value here and an object there, which no index could hold."""

import ipaddress
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("BUILD", "build"))
CATEGORIES = {"authentication", "configuration", "driver", "file", "host", "intrusion_detection",
              "network", "process", "session"}
TYPES = {"allowed", "change", "creation", "deletion", "denied", "end", "info", "start"}


def is_ip(value):
    try:
        return bool(ipaddress.ip_address(value))
    except ValueError:
        return False


DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")
FITS = {
    "boolean": lambda v: isinstance(v, bool),
    "date": lambda v: isinstance(v, str) and DATE.fullmatch(v),
    "ip": lambda v: isinstance(v, str) and is_ip(v),
    "long": lambda v: isinstance(v, int) and not isinstance(v, bool) and v < 2**63,
}
TEXT = lambda v: isinstance(v, str)  # noqa: E731 keyword, text, wildcard


def read_fields():
    lines = (HERE / "ecs_fields.txt").read_text().splitlines()
    return {f[0]: f[1:] for f in (line.split() for line in lines if not line.startswith("#"))}


def once(pairs):
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), f"a key twice: {keys}"
    return dict(pairs)


def leaves(value, name=""):
    if not isinstance(value, dict):
        yield name, value
        return
    for key, inner in value.items():
        yield from leaves(inner, f"{name}.{key}" if name else key)


def problem(fields, name, value):
    if name.startswith("cordon."):
        return None
    if name not in fields:
        return "no field of the schema"
    kind, many = fields[name][0], fields[name][1:] == ["array"]
    if many != isinstance(value, list):
        return "a list, or none where one is due"
    fits = FITS.get(kind, TEXT)
    if not all(fits(v) for v in (value if many else [value])):
        return f"not of type {kind}"
    return None


def check_event(fields, event, errors):
    for name, value in leaves(event):
        wrong = problem(fields, name, value)
        if wrong:
            errors.append(f"{event['event']['action']}: {name}: {value}: {wrong}")
    if not set(event["event"]["category"]) <= CATEGORIES or not set(event["event"]["type"]) <= TYPES:
        errors.append(f"{event['event']['action']}: category or type is none that is allowed")


def mixed(events):
    names = {name for event in events for name, _ in leaves(event)}
    return [n for n in names if any(other.startswith(n + ".") for other in names)]


def events_of(folder, *options):
    run = subprocess.run([BUILD / "cordon", "events", "--json", *options, folder], check=True,
                         capture_output=True, text=True)
    return [json.loads(line, object_pairs_hook=once) for line in run.stdout.splitlines()]


def types_of_header():
    """How many types of records there are: each enumerator of enum cordon_event_type."""
    text = (HERE.parent.parent / "include/cordon/uapi/event.h").read_text()
    body = re.search(r"enum cordon_event_type \{(.*?)\n\};", text, re.S)[1]
    return {m for m in re.findall(r"^\tCORDON_EVENT_([A-Z_]+)", body, re.M)}


def report(number, text, errors):
    print(f"{'not ok' if errors else 'ok'} {number} {text}")
    for error in errors:
        print(f"# {error}")
    return bool(errors)


def main():
    fields, errors = read_fields(), []
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([BUILD / "tests/log/events_helper", folder], check=True)
        events, tree = events_of(folder), events_of(folder, "--tree")
    for event in events:
        check_event(fields, event, errors)
    tree_errors = []
    for event in tree:
        event["event"]["action"] = "tree"
        check_event(fields, event, tree_errors)
    shown = {e["event"]["code"] for e in events if e["event"]["action"] != "unknown"}
    types = types_of_header()
    print("TAP version 13\n1..4")
    failed = report(1, "fields of events are the schema's or ours", errors)
    failed |= report(2, "fields of trees are the schema's or ours",
                     tree_errors or ([] if tree else ["no tree"]))
    failed |= report(3, "no name is a value and an object", mixed(events + tree))
    failed |= report(4, "every type of record was looked at",
                     [] if len(shown) == len(types) else [f"{sorted(shown)}", f"{sorted(types)}"])
    return failed


sys.exit(main())
