"""Plays scenarios through the faulty proxy and says which of them notice."""

import concurrent.futures
import copy
import re
import time

from .. import imap, scn, targets, wire
from ..mailbox import Mailbox
from . import rule
from .proxy import Proxy

PREPARED = ("a folder that can be prepared", "a connection")
MORE_SECONDS = 2.5              # than a scenario needs without a fault: then it counts as failed
ENOUGH = 40                     # scenarios that notice a fault; the others are not played then
SLOW_SECONDS = 4.5
LOGINS = re.compile("login|auth|pass|user|tls|codes|ok-for|bad-for|no-for|nonsync|literal-not")
FOLDERS = {"smtp": ("smtp",), "submission": ("smtp",), "pop3": ("pop3",), "imap": ("imap",), "mail": ("smtp", "dsn"),
"dsn": ("dsn",)}


class SeenMailbox(Mailbox):
    """A mailbox whose files pass through the fault before the runner sees them."""

    def __init__(self, maildir, token, stored):
        super().__init__(maildir, token)
        self.stored = stored

    def messages(self):
        out = []
        for lines in super().messages():
            for data in self.stored(b"\n".join(lines)):
                out.append(data.split(b"\n"))
        return out


class FaultyTarget(targets.Target):
    """The server behind a proxy.  What it offers is asked through the fault; where that cannot be done, without."""

    def __init__(self, values, ports, fault, plain):
        super().__init__(values)
        self.ports, self.fault, self.plain = ports, fault, plain

    def offered(self, service):
        try:
            return super().offered(service) if self.fault.hooks() else self.plain.offered(service)
        except (targets.TargetError, OSError):
            self.offers[service] = self.plain.offered(service)
            return self.offers[service]

    def without_fault(self):
        return self.plain

    def mailbox(self, number, token):
        if self.fault.stored:
            return SeenMailbox(self.maildir(number), token, self.fault.stored)
        return super().mailbox(number, token)


class Court:
    """One instance of the server, and some of its users: plays scenarios with one fault after the other."""

    def __init__(self, values, users, certificate):
        self.values = dict(values, USERS=" ".join(users))
        self.certificate = certificate
        self.plain = targets.Target(self.values)

    def play(self, fault, scenarios, threads, seconds):
        """{name: (noticed or None, seconds, what was found)} of scenarios {name: Scenario}; None: it could not be played."""
        with Proxy(self.plain, self.certificate, fault) as proxy:
            target = FaultyTarget(self.values, proxy.ports, fault, self.plain)
            noticed = []

            def one(name):
                if len(noticed) >= ENOUGH:
                    return None, 0, ""
                result = self.one(scenarios[name], target, seconds.get(name))
                if result[0]:
                    noticed.append(name)
                return result

            with concurrent.futures.ThreadPoolExecutor(threads) as pool:
                found = list(pool.map(one, scenarios))
            if proxy.errors:
                raise rule.FaultError(proxy.errors[0])
        return dict(zip(scenarios, found))

    @staticmethod
    def one(scenario, target, usual):
        scenario = copy.copy(scenario)
        if usual is not None:
            scenario.timeout_ms = min(scenario.timeout_ms, int(1000 * (2 * usual + MORE_SECONDS)))
        if scenario.answers or any(step.kind == "event" for step in scenario.walk()) or target.missing(scenario, True):
            return None, 0, ""
        player, begin = wire.Player(scenario, target), time.monotonic()
        try:
            player.play()
        except wire.Failed as failed:
            if failed.expected in PREPARED:
                return None, 0, str(failed)
            return True, time.monotonic() - begin, str(failed)
        return False, time.monotonic() - begin, ""


def folders(fault):
    return fault.folders or FOLDERS[fault.protocol]


def concerns(fault, name):
    """Is this scenario played with this fault?"""
    return any(name.startswith(folder + "/") for folder in folders(fault))


def worth(fault, seconds):
    """Scenarios that wait for the delay behind a refused login are not played with everything, but with faults of logins alone."""
    return seconds < SLOW_SECONDS or bool(LOGINS.search(fault.name))
