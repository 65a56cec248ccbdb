"""Faults of delivery: what lies in the mailbox is not what it has to be.  The runner's view of the files passes through these."""

import re

from .rule import Table, octets

TABLE = Table("mail", ("smtp", "dsn"))
REPORTS = Table("dsn", ("dsn", "smtp/dsn"))
add = TABLE.add


EVERYONE = b", ".join(b"<user%d@example.test>" % number for number in range(1, 100))


def is_report(data):
    return b"\nContent-Type: multipart/report" in data[:4096]


def changed(pattern, text, count=1):
    """Files with what matches put in other words."""
    regex, new = re.compile(octets(pattern), re.S | re.M), octets(text) if not callable(text) else text
    return lambda data: [data if is_report(data) else regex.sub(new, data, count=count)]


def body(function):
    """Files with another body."""
    def stored(data):
        head, empty, text = data.partition(b"\n\n")
        return [head + empty + function(text)] if not is_report(data) else [data]
    return stored


def fields(function):
    """Files with other header fields: a list of fields, each with its lines."""
    def stored(data):
        head, empty, text = data.partition(b"\n\n")
        return [data] if is_report(data) else [b"\n".join(function(re.split(rb"\n(?![ \t])", head))) + empty + text]
    return stored


def without(name, first=False):
    """The fields without those, or the first one, of a name."""
    def function(rows):
        found = [row for row in rows if row.lower().startswith(name)]
        return [row for row in rows if row not in (found[:1] if first else found)]
    return fields(function)


def moved_down(rows):
    """The first Received behind the second field of the message."""
    mine = next((row for row in rows if row.startswith(b"Received:")), None)
    others = [row for row in rows if row is not mine]
    return others + [mine] if mine else others


add("mail-lost", "R5321-2.1-a", "A message that was taken is not delivered.",
    stored=lambda data: [data] if is_report(data) else [])
add("mail-twice", "R5321-4.2.5-b", "Messages are delivered twice.",
    stored=lambda data: [data] if is_report(data) else [data, data])
add("mail-first-line-lost", "R5321-4.5.2-c", "The first line of the body is lost.",
    stored=body(lambda text: text.partition(b"\n")[2]))
add("mail-last-line-lost", "R5321-4.5.2-c", "The last line of the body is lost.",
    stored=body(lambda text: text.rstrip(b"\n").rpartition(b"\n")[0] + b"\n"))
add("mail-cut-64k", "R5321-4.5.3.1.7-a", "Messages are cut at 32 KiB.", stored=lambda data: [data[:32768]])
add("mail-trailing-blanks", "R5321-4.5.2-c", "Blanks at the end of lines are lost.",
    stored=body(lambda text: re.sub(rb"[ \t]+$", b"", text, flags=re.M)))
add("mail-8bit", "R6152-3-c", "Octets above 127 become question marks.",
    stored=body(lambda text: re.sub(rb"[\x80-\xff]", b"?", text)))
add("mail-dot-lost", "R5321-4.5.2-a", "A dot at the beginning of a line is lost.",
    stored=body(lambda text: re.sub(rb"^\.", b"", text, flags=re.M)))
add("mail-dot-added", "R5321-4.5.2-a", "A line that begins with a dot has another one.",
    stored=body(lambda text: re.sub(rb"^\.", b"..", text, flags=re.M)))
add("mail-from-escaped", "R5321-4.5.2-c", "Lines that begin with From get a sign in front.",
    stored=lambda data: [re.sub(rb"^(From|FROM|RCPT|MAIL|QUIT|RSET)", rb">\1", data, flags=re.M)])
add("mail-long-lines-cut", "R5321-4.5.3.1.9-a", "Lines are cut at 900 octets.",
    stored=lambda data: [re.sub(rb"^(.{900}).*$", rb"\1", data, flags=re.M)])
add("mail-control-characters", "R5321-4.1.1.4-h", "Control characters are lost.",
    stored=body(lambda text: re.sub(rb"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]", b"", text)))
add("mail-repaired", "R5321-6.4-a", "A message without Date or Message-ID gets them on the way.",
    stored=lambda data: [data if is_report(data) or b"\nDate:" in data
        else b"Date: Sat, 21 Nov 2026 19:00:00 +0000\nMessage-ID: <x@y.example>\n" + data])
add("mail-header-reordered", "R5322-3.6-a", "Fields of the message are lost that the server does not know.",
    stored=without(b"subject:"))
add("mail-received-missing", "R5321-4.4-a", "The server adds no Received field.", stored=without(b"received:", first=True))
add("mail-received-below", "R5321-4.4-d", "The Received field stands below the other fields.", stored=fields(moved_down))
add("mail-received-removed", "R5321-4.4-c", "Received fields that came with a message are gone.",
    stored=fields(lambda rows: [r for i, r in enumerate(rows) if not r.startswith(b"Received:") or
                                i == next(k for k, x in enumerate(rows) if x.startswith(b"Received:"))]))
add("mail-received-no-from", "R5321-4.4-b", "Received does not say who the client is.",
    stored=changed(r"^Received: from \S+ ", "Received: from unknown "))
add("mail-received-no-address", "R5321-4.4-b", "Received does not say the address of the client.",
    stored=changed(r"(^Received: from [^\[]*)\[[^\]]*\]", r"\1[]"))
add("mail-received-with", "R5321-4.4-k", "Received says that the protocol was SMTP, whatever it was.",
    stored=changed(r"(^Received:.*?)\bwith E?SMTPS?A?\b", r"\1with SMTP"))
add("mail-received-esmtp", "R5321-4.4-k", "Received says ESMTP also behind HELO, TLS and AUTH.",
    stored=changed(r"(^Received:.*?)\bwith E?SMTPS?A?\b", r"\1with ESMTP"))
add("mail-received-zone", "R5321-4.4-f", "The date of Received has a zone in letters.",
    stored=changed(r"(^Received:.*?;[^+]*?)[+-]\d{4}", r"\1GMT"))
add("mail-received-year", "R5321-4.4-g", "The date of Received has a year of two digits.",
    stored=changed(r"(^Received:.*?;.*? [A-Z][a-z][a-z] )20(\d\d)", r"\1\2"))
add("mail-received-for-all", "R5321-4.4-e", "Received names all recipients.",
    stored=changed(r"(^Received:.*?);", b"\\1 for " + EVERYONE + b";"))
add("mail-recipients-listed", "R5321-7.1-a", "All recipients stand in a field of the message.",
    stored=fields(lambda rows: rows + [b"X-Recipients: " + EVERYONE]))
add("mail-return-path-missing", "R5321-4.4-h", "Delivered messages have no Return-Path.", stored=without(b"return-path:"))
add("mail-return-path-twice", "R5321-4.4-i", "A Return-Path that came with a message is kept.",
    stored=fields(lambda rows: rows + [b"Return-Path: <somebody-else@client.example>"]))
add("mail-return-path-wrong", "R5321-4.4-h", "Return-Path is the recipient.",
    stored=changed(r"^Return-Path: <[^>]+>", "Return-Path: <user1@example.test>"))
add("mail-return-path-null", "R5321-4.4-h", "A null sender gives no Return-Path.", stored=changed(r"^Return-Path: <>\n", ""))
add("mail-return-path-route", "R5321-4.1.1.3-e", "The names of a route stand in the Return-Path.",
    stored=changed(r"^Return-Path: <", "Return-Path: <@hop.example,@one.example:"))
add("mail-local-part-case", "R5321-2.4-a", "The local part of the sender is made small.",
    stored=lambda data: [re.sub(rb"^Return-Path: .*", lambda m: b"Return-Path:" + m[0][12:].lower(), data, count=1, flags=re.M)])
add("mail-delivered-to", "R5321-4.5.2-c", "The delivered message does not name its recipient.", stored=without(b"delivered-to:"))
add("mail-submission-date", "R6409-8.2-a", "Submission does not add a Date.",
    stored=lambda data: [re.sub(rb"^Date:.*\n", b"", data, flags=re.M) if b"with ESMTPSA" in data else data])
add("mail-submission-date-altered", "R6409-8.2-a", "Submission writes its own Date over the one that is there.",
    stored=lambda data: [re.sub(rb"^Date:.*", b"Date: Sat, 21 Nov 2026 19:00:00 +0000", data, count=1, flags=re.M)])
add("mail-submission-id", "R6409-8.3-a", "Submission does not add a Message-ID.",
    stored=lambda data: [re.sub(rb"^Message-ID:.*\n", b"", data, flags=re.M | re.I)])
add("mail-submission-id-twice", "R5322-3.6-b", "Submission adds a Message-ID beside the one that is there.",
    stored=fields(lambda rows: rows + [b"Message-ID: <second@example.test>"]))

# --- reports ---------------------------------------------------------------------------------------------------

add = REPORTS.add


def report(pattern, text, count=0):
    """Reports with what matches put in other words."""
    regex, new = re.compile(octets(pattern), re.S | re.M | re.I), octets(text)
    return lambda data: [regex.sub(new, data, count=count) if is_report(data) else data]


add("dsn-not-sent", "R5321-3.6.3-a", "Mail that cannot be delivered gives no report.",
    stored=lambda data: [] if is_report(data) else [data])
add("dsn-twice", "R5321-4.4-l", "A message gives two reports.", stored=lambda data: [data] * (2 if is_report(data) else 1))
add("dsn-for-success", "R3461-5.2.3-a", "A delivery gives a report that nobody asked for.",
    stored=lambda data: [data] if is_report(data) else [data, b"Return-Path: <>\nSubject: delivered\n\n" + data])
add("dsn-return-path", "R3464-2-e", "The return path of a report is the postmaster.",
    stored=report(r"^Return-Path: <>", "Return-Path: <postmaster@example.test>"))
add("dsn-to-missing", "R3464-2-c", "A report has no To.", stored=report(r"\nTo: [^\n]*", "", 1))
add("dsn-from-mailer", "R3464-2-d", "A report is from nobody.", stored=report(r"^From: [^\n]*", "From: <>", 1))
add("dsn-no-date", "R5322-3.6-a", "A report has no Date.", stored=report(r"^Date: [^\n]*\n", "", 1))
add("dsn-no-message-id", "R5322-3.6.4-a", "A report has no Message-ID.", stored=report(r"^Message-ID: [^\n]*\n", "", 1))
add("dsn-mixed", "R3464-2-a", "A report is multipart/mixed.", stored=report(r"multipart/report", "multipart/mixed"))
add("dsn-no-report-type", "R6522-3-a", "A report has no report-type.", stored=report(r";\s*report-type=[^;\n]*", ""))
add("dsn-report-type-other", "R6522-3-b", "The report-type is not that of the second part.",
    stored=report(r"report-type=\"?delivery-status\"?", "report-type=disposition-notification"))
add("dsn-second-part-text", "R3464-2-b", "The second part of a report is text.",
    stored=report(r"message/delivery-status", "text/x-status"))
add("dsn-first-part", "R6522-3-c", "The first part of a report is for no people.",
    stored=report(r"^Content-Type: text/plain", "Content-Type: application/octet-stream"))
add("dsn-no-third-part", "R6522-3-e", "A report does not return the message.",
    stored=report(r"^Content-Type: (message/rfc822|text/rfc822-headers)(?!.*^Content-Type: \1).*", ""))
add("dsn-no-reporting-mta", "R3464-2.2.2-a", "A report does not name its host.", stored=report(r"^Reporting-MTA: [^\n]*\n", ""))
add("dsn-reporting-mta-type", "R3461-6.3-b", "Reporting-MTA has no type.",
    stored=report(r"^Reporting-MTA: dns;", "Reporting-MTA:"))
add("dsn-no-final-recipient", "R3464-2.3.2-a", "A report does not name the recipient.",
    stored=report(r"^Final-Recipient: [^\n]*\n", ""))
add("dsn-final-recipient-case", "R3464-2.3.2-b", "The recipient in a report is made of capitals.",
    stored=lambda data: [re.sub(rb"(?m)^Final-Recipient: rfc822;.*", lambda m: b"Final-Recipient: rfc822;" + m[0][24:].upper(),
        data) if is_report(data) else data])
add("dsn-no-action", "R3464-2.3.3-a", "A report has no Action.", stored=report(r"^Action: [^\n]*\n", ""))
add("dsn-action-word", "R3464-2.3.3-a", "Action is a word of its own.",
    stored=report(r"^Action: failed", "Action: undeliverable"))
add("dsn-action-delayed", "R3464-2.3.3-a", "A failure is reported as a delay.",
    stored=report(r"^Action: failed", "Action: delayed"))
add("dsn-no-status", "R3464-2.3.4-a", "A report has no Status.", stored=report(r"^Status: [^\n]*\n", ""))
add("dsn-status-zeros", "R3464-2.3.4-a", "Status is written with leading zeros.",
    stored=report(r"^Status: 5\.(\d)\.(\d)", r"Status: 5.0\1.0\2"))
add("dsn-status-4", "R3464-2.3.4-a", "The status of a failure has class 4.", stored=report(r"^Status: 5", "Status: 4"))
add("dsn-arrival-date-zone", "R3464-2.2.5-a", "Arrival-Date has a zone in letters.",
    stored=report(r"^(Arrival-Date: .*?) [+-]\d{4}$", r"\1 GMT"))
add("dsn-last-attempt-zone", "R3464-2.3.7-a", "Last-Attempt-Date has a zone in letters.",
    stored=report(r"^(Action: [^\n]*\n)", r"\1Last-Attempt-Date: Sat, 21 Nov 2026 19:00:00 GMT" "\n"))
add("dsn-envelope-id-invented", "R3464-2.2.1-b", "A report has an envelope id that nobody gave.",
    stored=report(r"^(Reporting-MTA: )", r"Original-Envelope-Id: 1234" "\n" r"\1"))
add("dsn-remote-mta-invented", "R3464-2.3.5-a", "A report names a remote host where there was none.",
    stored=report(r"^(Action: )", r"Remote-MTA: dns; other.example" "\n" r"\1"))
add("dsn-retry-until", "R3464-2.3.9-a", "The report of a failure says how long it is tried.",
    stored=report(r"^(Action: )", r"Will-Retry-Until: Sat, 21 Nov 2026 19:00:00 +0000" "\n" r"\1"))
add("dsn-gateway", "R3464-2.2.3-a", "A report names a gateway that there was not.",
    stored=report(r"^(Reporting-MTA: )", r"DSN-Gateway: dns; gw.example" "\n" r"\1"))
add("dsn-original-recipient", "R3464-2.3.1-a", "A report has an original recipient that nobody gave.",
    stored=report(r"^(Final-Recipient: )", r"Original-Recipient: rfc822;x@y.example" "\n" r"\1"))
add("dsn-second-recipient", "R5321-4.4-l", "A report names the first of the failed recipients alone.",
    stored=report(r"(^Final-Recipient: .*?\n)\n(Final-Recipient|Original-Recipient): .*?\n\n", r"\1\n", 1))
add("dsn-no-mime-version", "R6522-3-a", "A report has no MIME-Version.", stored=report(r"^MIME-Version: [^\n]*\n", "", 1))
add("dsn-route-kept", "R5321-6.1-e", "A report goes to the sender with the route that was given.",
    stored=report(r"^To: ", "To: <@relay.example:x@y.example>, ", 1))
