"""All faults, checked: names are unique, each breaks a clause that the catalogue has."""

import re

from .. import catalogue
from . import imap_commands, imap_fetch, imap_mailboxes, mail, pop3, rule, smtp

TABLES = (smtp.TABLE, mail.TABLE, mail.REPORTS, pop3.TABLE, imap_commands.TABLE, imap_mailboxes.TABLE, imap_fetch.TABLE)


def faults():
    rows = [fault for table in TABLES for fault in table.rows]
    known, seen = catalogue.requirements(), set()
    for fault in rows:
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", fault.name) or fault.name in seen:
            raise rule.FaultError(f"fault '{fault.name}': expected a name of its own, of small letters, digits and hyphens")
        if fault.protocol not in rule.PROTOCOLS or not fault.hooks() or not fault.wrong:
            raise rule.FaultError(f"fault '{fault.name}': expected a protocol, what is wrong, and a function that does it")
        for ident in fault.req.split() or [""]:
            if ident not in known:
                raise rule.FaultError(f"fault '{fault.name}': found '{ident}', expected an id of rfc/*.toml")
        seen.add(fault.name)
    return rows
