"""The files of conformance/targets and conformance/deviations: what can be tested, and what is known of it."""

import os
import re
import shutil
import subprocess
import tempfile
import tomllib

from . import targets

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(HERE)
KEYS = {"title", "start", "stop", "ours", "host", "fill", "env"}
VERDICTS = ("peer", "ambiguous", "policy", "setup")
START_SECONDS = 300


class CatalogueError(Exception):
    """A file that cannot be used; one line for the user."""


def read_toml(path):
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise CatalogueError(f"{path}: {error.strerror}") from None
    except tomllib.TOMLDecodeError as error:
        at = re.fullmatch(r"(.*) \(at line ([0-9]+), .*\)", str(error))
        raise CatalogueError(f"{path}:{at[2]}: {at[1]}" if at else f"{path}: {error}") from None
    except UnicodeDecodeError:
        raise CatalogueError(f"{path}: found octets that are not UTF-8, expected TOML") from None


class Place:
    """A server to test: an instance that is started and stopped, or one that runs elsewhere.  A context manager giving a Target."""

    def __init__(self, name, title, make, end=lambda: None):
        self.name, self.title, self.make, self.end = name, title, make, end

    def __enter__(self):
        return self.make()

    def __exit__(self, *_):
        self.end()


def names():
    return sorted(name[:-5] for name in os.listdir(os.path.join(HERE, "targets")) if name.endswith(".toml"))


def place(name):
    """The target called NAME in conformance/targets."""
    path = os.path.join(HERE, "targets", name + ".toml")
    if not re.fullmatch(r"[a-z0-9-]+", name) or not os.path.exists(path):
        raise CatalogueError(f"--target: found '{name}', expected HOST:PORT or one of {', '.join(names())}")
    row = read_toml(path)
    if not set(row) <= KEYS or ("start" in row) == ("host" in row):
        raise CatalogueError(f"{path}: found {sorted(row)}, expected title and either start and stop, or host and env")
    if "host" in row:
        return Place(name, row.get("title", name), lambda: targets.Target(
            dict(row.get("env", {}), FILL=row.get("fill", "")), ours=row.get("ours", False), host=row["host"]))
    instance = Instance(name, row)
    return Place(name, row.get("title", name), instance.start, instance.stop)


class Instance:
    """A private instance of a target, in a folder that lasts as long as it runs."""

    def __init__(self, name, row):
        self.name, self.row, self.folder = name, row, None

    def start(self):
        self.folder = tempfile.mkdtemp(prefix=f"target-{self.name}-")
        try:
            return start(self.name, self.row, self.folder)
        except BaseException:           # also Ctrl-C while it starts
            self.stop()
            raise

    def stop(self):
        stop(self.row, self.folder)


def command(row, key, folder):
    words = [word.replace("{dir}", folder) for word in row[key]]
    return [os.path.join(ROOT, words[0])] + words[1:]


def start(name, row, folder):
    try:
        done = subprocess.run(command(row, "start", folder), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", timeout=START_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CatalogueError(f"target {name}: {error}") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["it says nothing"]
        raise CatalogueError(f"target {name}: {' '.join(row['start'])} ended with {done.returncode}: {said[-1]}")
    return targets.Target(targets.read_env(os.path.join(folder, "env")), ours=row.get("ours", False))


def stop(row, folder):
    subprocess.run(command(row, "stop", folder), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    shutil.rmtree(folder, ignore_errors=True)


def deviations(name):
    """{scenario: row} of what is known of a target."""
    path = os.path.join(HERE, "deviations", name + ".toml")
    if not os.path.exists(path):
        return {}
    out = read_toml(path)
    for row in out.pop("deviation", []):            # the longer form, for those who add by hand
        out[row.pop("scenario", "?")] = row
    for scenario, row in out.items():
        where = f"{path}:{line_of(path, scenario)}"
        if not isinstance(row, dict) or set(row) != {"verdict", "text"} or row["verdict"] not in VERDICTS:
            raise CatalogueError(f"{where}: found '{scenario}', expected \"SCENARIO\" = {{verdict = ..., text = ...}}; "
                                 f"verdicts are {', '.join(VERDICTS)}")
        if not os.path.exists(os.path.join(HERE, scenario + ".scn")):
            raise CatalogueError(f"{where}: found '{scenario}', expected a scenario below conformance")
    return out


def line_of(path, key):
    """Where a key stands, for people; 1 when that cannot be seen."""
    with open(path, encoding="utf-8", errors="replace") as file:
        return next((number for number, line in enumerate(file, 1) if line.strip().strip('"[').startswith(key)), 1)


def requirements():
    """{id: row} of rfc/*.toml, each row with its RFC's number and title."""
    out = {}
    folder = os.path.join(ROOT, "rfc")
    for name in sorted(os.listdir(folder)):
        if re.fullmatch(r"rfc[0-9]+\.toml", name):
            data = read_toml(os.path.join(folder, name))
            out.update({row["id"]: dict(row, rfc=data["rfc"], rfc_title=data["title"]) for row in data.get("req", [])})
    return {ident: dict(out.get(row.get("same_as"), {}), **row) for ident, row in out.items()}


def repeats(rows):
    """{id: [ids of the rows that repeat it]} of what requirements() gave."""
    out = {}
    for ident, row in rows.items():
        if "same_as" in row:
            out.setdefault(row["same_as"], []).append(ident)
    return out
