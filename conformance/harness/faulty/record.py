"""The records below conformance/mutants.d: who is known to notice a fault, and why some scenarios notice none."""

import os

from .. import catalogue
from .rule import FaultError

FOLDER = os.path.join(catalogue.HERE, "mutants.d")
NOTICED = os.path.join(FOLDER, "noticed.toml")
REASONS = os.path.join(FOLDER, "silent.toml")
BROAD = 40                      # what so many scenarios notice says nothing of a single one


def read_noticed(scenarios):
    """{fault: names of scenarios}; those that are gone are left out."""
    rows = catalogue.read_toml(NOTICED) if os.path.exists(NOTICED) else {}
    return {fault: [name for name in names if name in scenarios] for fault, names in rows.items()}


def write_noticed(faults, known, noticed, seconds, kept):
    """For each fault a few of those that notice it: the quickest, and one of each folder before the second of any."""
    lines = ["# Scenarios that notice each fault: conformance/mutants tries these first, and writes this file with --record."]
    for fault in faults:
        names = best(noticed[fault.name], seconds)[:kept] if noticed.get(fault.name) else known.get(fault.name, [])
        lines.append(f"{fault.name} = [" + ", ".join(f'"{name}"' for name in names) + "]")
    with open(NOTICED + ".new", "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    os.rename(NOTICED + ".new", NOTICED)


def best(noticed, seconds):
    """Names, those of failures that need no waiting first."""
    folders, turns = {}, []
    for name in sorted(noticed, key=lambda n: ("within" in noticed[n], round(seconds[n], 1), n)):
        group = folders.setdefault(os.path.dirname(name), [])
        turns.append(("within" in noticed[name], len(group), round(seconds[name], 1), name))
        group.append(name)
    return [turn[-1] for turn in sorted(turns)]


def silent(noticed, broad, seconds):
    """Scenarios that notice no fault but such as very many notice."""
    sharp = set().union(*(names for fault, names in noticed.items() if fault not in broad and len(names) < BROAD))
    return sorted(set(seconds) - sharp)


def read_reasons(scenarios):
    """{scenario or folder: why it notices none}"""
    rows = catalogue.read_toml(REASONS) if os.path.exists(REASONS) else {}
    for key, text in rows.items():
        if not isinstance(text, str) or not text or not any(name == key or name.startswith(key + "/") for name in scenarios):
            raise FaultError(f"{REASONS}: found '{key}', expected a scenario or a folder of scenarios, and a reason")
    return rows


def reason(reasons, name):
    while name:
        if name in reasons:
            return reasons[name]
        name = os.path.dirname(name)
    return ""
