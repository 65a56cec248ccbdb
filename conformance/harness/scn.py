"""Parser of the scenario language (docs/SCENARIOS.md).

`parse(path)` gives a Scenario or raises Malformed with every mistake found, each as `file:line: found 'X', expected Y`.
Nothing is executed here; the steps are a tree in which `repeat` and `if` hold their own steps.
"""

import re
from dataclasses import dataclass, field

MAX_FILE_BYTES = 65536
MAX_LINE_BYTES = 4096
MAX_STEPS = 1000
MAX_DEPTH = 4
MAX_CONNECTIONS = 8
MAX_VARIABLES = 32
MAX_FILL = 100000000
MAX_MAILS = 100000

SERVICES = ("smtp", "submission", "smtps", "lmtp", "pop3", "pop3s", "imap", "imaps")
LINE_SERVICES = ("pop3", "pop3s")
IMAP_SERVICES = ("imap", "imaps")
HEADER_KEYS = ("title", "req", "service", "needs", "users", "policy", "zone", "answer", "timeout", "mail", "login",
               "message")
ONCE = ("title", "service", "users", "policy", "timeout")
BARE = ("flush", "eof", "closenotify", "starttls", "compress", "close", "abort", "rest", "else", "end")
WORDS = ("fill", "quiet", "wait", "conn", "event", "repeat", "if", "mailbox", "octets", "lines") + BARE
REST_SERVICES = ("pop3", "pop3s")
COLONED = ("C", "C-", "S", "S+", "S-")
EVENTS = ("drain", "kick", "revoke")
ANSWERS = ("connect", "sender", "rcpt", "login", "body", "commit", "open", "read", "remove")
IMAP_ANSWERS = ("list", "select", "close", "status", "create", "delete", "rename", "subscribe", "unsubscribe", "append",
                "append-end", "sync", "fetch", "store", "copy", "expunge", "search")
IMAP_STATUS = ("OK", "NO", "BAD")

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,30}")
REQ = re.compile(r"R[0-9]{3,5}-[0-9A-Za-z.]+-[a-z0-9]+")
CODE = re.compile(r"[0-9x]{3}")
ENHANCED = re.compile(r"([0-9]{1,3}|x)\.([0-9]{1,3}|x)\.([0-9]{1,3}|x)")
TIME = re.compile(r"([0-9]{1,6})(ms|s|m)")


class Malformed(Exception):
    """A file that is not a scenario; `mistakes` are finished lines of text."""

    def __init__(self, mistakes):
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class Mistake(Exception):
    def __init__(self, found, expected):
        super().__init__(f"found '{found}', expected {expected}")


@dataclass
class Var:
    name: str


@dataclass
class Scram:
    parts: list


@dataclass
class B64:
    parts: list


@dataclass
class Rep:
    count: int
    parts: list


@dataclass
class Mail:
    """Messages that are in a mailbox before the scenario begins; text None: the mailbox is empty."""
    line: int
    user: int
    count: int = 0
    text: list = None


@dataclass
class Pattern:
    parts: list             # str (regular expression source) and Var
    ignore_case: bool
    source: str
    groups: int


@dataclass
class Alternative:
    code: str               # three places, or "eof"
    enhanced: str = ""
    pattern: Pattern = None
    names: list = field(default_factory=list)
    tag: str = ""           # IMAP: a tag (code is OK, NO or BAD), "+" or "*"


@dataclass
class Message:
    """A message that stands in the folder of an IMAP scenario."""
    line: int
    flags: str
    date: str
    text: list


@dataclass
class Step:
    kind: str
    line: int
    text: list = None       # parts of C, C-, fill, has, hasnt, octets, or a literal S of a line protocol
    pattern: Pattern = None
    names: list = field(default_factory=list)
    alternatives: list = field(default_factory=list)
    number: int = 0         # fill, repeat, mailbox count, milliseconds of quiet and wait
    word: str = ""          # connection, event, condition, mailbox check
    user: int = 0
    steps: list = field(default_factory=list)
    otherwise: list = field(default_factory=list)


@dataclass
class Answer:
    kind: str
    key: str
    after_ms: int
    outcome: str


@dataclass
class Scenario:
    path: str
    title: str = ""
    req: list = field(default_factory=list)
    req_lines: dict = field(default_factory=dict)       # id -> where it stands
    service: str = "smtp"
    needs: list = field(default_factory=list)
    users: int = 1
    policy: bool = False
    zone: list = field(default_factory=list)
    answers: list = field(default_factory=list)
    timeout_ms: int = 10000
    login: bool = True      # IMAP: connections are logged in
    messages: list = field(default_factory=list)
    mails: list = field(default_factory=list)
    steps: list = field(default_factory=list)

    def walk(self, steps=None):
        """Every step, those inside blocks too."""
        for step in self.steps if steps is None else steps:
            yield step
            yield from self.walk(step.steps)
            yield from self.walk(step.otherwise)


def parse_time(text):
    match = TIME.fullmatch(text)
    if not match:
        raise Mistake(text, "a time as 250ms, 5s or 10m")
    return int(match[1]) * {"ms": 1, "s": 1000, "m": 60000}[match[2]]


def parse_number(text, low, high):
    if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
        raise Mistake(text, f"a number from {low} to {high}")
    return int(text)


def parse_variable(text, at, nested):
    """text[at:] begins with `${`; returns (Var, B64, Scram or Rep, index behind the closing brace)."""
    inner = re.compile(r"\$\{(b64|scram|rep:([0-9]{1,9})):").match(text, at)
    if inner:
        if nested:
            raise Mistake(text[at:], "no b64: inside b64:")
        parts, end = parse_parts(text, inner.end(), True)
        return Rep(int(inner[2]), parts) if inner[2] else (B64 if inner[1] == "b64" else Scram)(parts), end
    match = NAME.match(text, at + 2)
    if not match or not text.startswith("}", match.end()):
        raise Mistake(text[at:], "a variable as ${NAME}")
    return Var(match[0]), match.end() + 1


def parse_parts(text, at=0, nested=False):
    """Text with escapes and variables -> (list of bytes, Var, B64; index).  `nested`: up to the closing brace."""
    simple = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\", "$": b"$"}
    parts, raw = [], bytearray()
    while at < len(text):
        char = text[at]
        if nested and char == "}":
            return parts + ([bytes(raw)] if raw else []), at + 1
        if char == "\\":
            code = text[at + 1:at + 2]
            if code == "x" and re.fullmatch(r"[0-9A-Fa-f]{2}", text[at + 2:at + 4]):
                raw.append(int(text[at + 2:at + 4], 16))
                at += 4
            elif code in simple and code:
                raw += simple[code]
                at += 2
            else:
                raise Mistake(text[at:at + 4], r"an escape: \r \n \t \0 \\ \$ \xHH")
        elif text.startswith("${", at):
            variable, at = parse_variable(text, at, nested)
            parts += ([bytes(raw)] if raw else []) + [variable]
            raw = bytearray()
        else:
            raw += char.encode("utf-8", "surrogateescape")
            at += 1
    if nested:
        raise Mistake(text, "} behind b64: or rep:")
    return parts + ([bytes(raw)] if raw else []), at


def check_regex(source):
    """The common subset of both runners; returns the number of groups."""
    if re.search(r"\[:|\(\?|\\[0-9A-Za-z]|[*+?}][*+?]", source.replace(r"\\", "~")):
        raise Mistake(source, "a pattern without classes, look-around, back references or lazy repeats")
    # POSIX promises no more (RE_DUP_MAX), and not every libc takes more.
    if any(int(n) > 255 for pair in re.findall(r"(?<!\\)\{(\d+),?(\d*)\}", source) for n in pair if n):
        raise Mistake(source, "a pattern that repeats nothing more than 255 times")
    try:
        return re.compile(source.encode("utf-8", "surrogateescape")).groups
    except re.error:
        raise Mistake(source, "a regular expression") from None


def parse_pattern(text):
    """text begins with `/`; returns (Pattern, rest)."""
    match = re.match(r"/((?:[^/\\]|\\.)*)/(i?)(?= |$)", text)
    if not match:
        raise Mistake(text, "a pattern as /ERE/ or /ERE/i")
    parts, plain, last = [], "", 0
    body = match[1].replace("\\/", "/")
    for found in re.finditer(r"\$\{([^}]*)\}", body):
        if not NAME.fullmatch(found[1]):
            raise Mistake(found[0], "a variable as ${NAME}")
        parts += [body[last:found.start()], Var(found[1])]
        plain += body[last:found.start()] + "v"
        last = found.end()
    parts.append(body[last:])
    groups = check_regex(plain + body[last:])
    return Pattern(parts, match[2] == "i", match[0], groups), text[match.end():]


def parse_captures(text, pattern):
    """`-> NAME ...` up to the end or ` |`; returns (names, rest)."""
    names, words = [], text.split()[1:]
    for word in words:
        if word == "|":
            break
        if not NAME.fullmatch(word):
            raise Mistake(word, "a variable name")
        names.append(word)
    if len(names) != pattern.groups or not names:
        raise Mistake(" ".join(names), f"{pattern.groups} name(s), one for each group")
    rest = text.split("|", 1)
    return names, "|" + rest[1] if len(rest) == 2 else ""


def parse_alternative(text):
    """One alternative; returns (Alternative, rest)."""
    word, _, rest = text.lstrip().partition(" ")
    if word != "eof" and not CODE.fullmatch(word):
        raise Mistake(word, "a reply code of three digits or x, or eof")
    one = Alternative(word)
    rest = rest.lstrip()
    if word != "eof":
        match = re.match(r"[0-9x.]+\.[0-9x.]+", rest)
        if match:
            if not ENHANCED.fullmatch(match[0]):
                raise Mistake(match[0], "an enhanced code as 5.7.1 or 5.x.x")
            one.enhanced, rest = match[0], rest[match.end():].lstrip()
        if rest.startswith("/"):
            one.pattern, rest = parse_pattern(rest)
            rest = rest.lstrip()
        if rest.startswith("->") and one.pattern:
            one.names, rest = parse_captures(rest, one.pattern)
    if rest and not rest.startswith("|"):
        raise Mistake(rest, "an enhanced code, a pattern, | or the end of the line")
    return one, rest


def parse_imap_alternative(text):
    """eof | TAG OK|NO|BAD [PATTERN] | + [PATTERN] | * PATTERN; returns (Alternative, rest)."""
    word, _, rest = text.lstrip().partition(" ")
    one = Alternative("eof" if word == "eof" else "", tag="" if word == "eof" else word)
    rest = rest.lstrip()
    if word not in ("eof", "+", "*"):
        one.code, _, rest = rest.partition(" ")
        rest = rest.lstrip()
        if one.code not in IMAP_STATUS:
            raise Mistake(one.code, "OK, NO or BAD behind a tag")
    if rest.startswith("/") and word != "eof":
        one.pattern, rest = parse_pattern(rest)
        rest = rest.lstrip()
    if rest.startswith("->") and one.pattern:
        one.names, rest = parse_captures(rest, one.pattern)
    if rest and not rest.startswith("|"):
        raise Mistake(rest, "a pattern, | or the end of the line")
    return one, rest


def parse_reply(text, alternative=parse_alternative):
    alternatives, rest = [], "|" + text
    while rest:
        one, rest = alternative(rest[1:])
        alternatives.append(one)
    return alternatives


class Parser:
    """One file.  Mistakes are collected; after one in a step the rest is still looked at."""

    def __init__(self, path):
        self.scenario = Scenario(path)
        self.mistakes = []
        self.seen = set()
        self.stack = []             # (step, list to return to)
        self.steps = self.scenario.steps
        self.count = 0
        self.connections = {"a"}
        self.variables = set()

    def run(self):
        data = open(self.scenario.path, "rb").read()
        line = data.count(b"\n") + 1
        if len(data) > MAX_FILE_BYTES:
            self.note(line, f"{len(data)} bytes", f"at most {MAX_FILE_BYTES}")
        if data and not data.endswith(b"\n"):
            self.note(line, "no line end at the end of the file", "LF")
        for lineno, raw in enumerate(data.split(b"\n"), 1):
            try:
                self.line(lineno, raw)
            except Mistake as mistake:
                self.mistakes.append(f"{self.scenario.path}:{lineno}: {mistake}")
        self.finish(line)
        if self.mistakes:
            raise Malformed(sorted(self.mistakes, key=lambda text: int(text[len(self.scenario.path) + 1:].split(":")[0])))
        return self.scenario

    def note(self, line, found, expected):
        self.mistakes.append(f"{self.scenario.path}:{line}: {Mistake(found, expected)}")

    def line(self, lineno, raw):
        self.lineno = lineno
        if not raw or raw.startswith(b"#"):
            return
        if len(raw) > MAX_LINE_BYTES:
            raise Mistake(f"{len(raw)} bytes", f"a line of at most {MAX_LINE_BYTES}")
        text = raw.decode("utf-8", "surrogateescape")
        if any(ord(c) < 32 or ord(c) == 127 for c in text):
            raise Mistake(text.strip(), "no control characters")
        if text[0] == " " or text[-1] == " ":
            raise Mistake(text, r"no blank at the beginning or end of a line (\x20)")
        match = re.match(r"([a-z]+|C-|[CS]|S[+-]):(?: (.*)|$)", text)
        if match and match[1] in HEADER_KEYS:
            self.header(match[1], match[2] or "")
            return
        word, _, rest = text.partition(" ")
        if match and match[1] in COLONED:
            step = self.coloned(match[1], match[2] or "")
        elif word in WORDS:
            step = self.word(word, rest)
        else:
            raise Mistake(text, "a header key or a step")
        if step:
            step.line = lineno
            self.add(step)

    # header

    def header(self, key, value):
        if self.count:
            raise Mistake(key + ":", "a step (the header has ended)")
        if key in ONCE and key in self.seen:
            raise Mistake(key + ":", "this key only once")
        if not value.strip():
            raise Mistake(key + ":", "a value")
        self.seen.add(key)
        getattr(self, "header_" + key)(value)

    def header_title(self, value):
        self.scenario.title = value

    def header_req(self, value):
        for word in value.split():
            if not REQ.fullmatch(word):
                raise Mistake(word, "a requirement id as R5321-4.1.1.3-c")
            self.scenario.req.append(word)
            self.scenario.req_lines.setdefault(word, self.lineno)

    def header_service(self, value):
        if value not in SERVICES:
            raise Mistake(value, "one of " + " ".join(SERVICES))
        self.scenario.service = value

    def header_needs(self, value):
        for word in value.split():
            if word not in ("mailbox", "token") and not re.fullmatch(r"!?[A-Z0-9][A-Z0-9=+./-]*", word):
                raise Mistake(word, "an upper-case capability, !CAPABILITY, mailbox or token")
            self.scenario.needs.append(word)

    def header_users(self, value):
        self.scenario.users = parse_number(value, 1, 99)

    def header_policy(self, value):
        if value != "yes":
            raise Mistake(value, "yes")
        self.scenario.policy = True

    def header_zone(self, value):
        if len(value.split()) < 3:
            raise Mistake(value, "NAME TYPE VALUE")
        self.scenario.zone.append(value)

    def header_mail(self, value):
        user, _, text = value.partition(" ")
        match = re.fullmatch(r"user([1-9][0-9]?)", user)
        if not match or not text:
            raise Mistake(value, "userK TEXT, userK xN TEXT or userK none")
        mail = Mail(self.lineno, int(match[1]))
        if text != "none":
            times = re.match(r"x([0-9]+) ", text)
            mail.count = parse_number(times[1], 1, MAX_MAILS) if times else 1
            mail.text = parse_parts(text[times.end() if times else 0:])[0]
        self.scenario.mails.append(mail)

    def header_timeout(self, value):
        self.scenario.timeout_ms = parse_time(value)

    def header_login(self, value):
        if value != "no":
            raise Mistake(value, "no")
        self.scenario.login = False

    def header_message(self, value):
        match = re.fullmatch(r'(\([^)]*\))(?: +("[^"]*"))? +(.*)', value)
        if not match:
            raise Mistake(value, '(FLAGS) ["DATE"] TEXT')
        self.scenario.messages.append(Message(0, match[1], match[2] or "", parse_parts(match[3])[0]))

    def header_answer(self, value):
        words = value.split()
        kinds = IMAP_ANSWERS if self.scenario.service in IMAP_SERVICES else ANSWERS
        if words[0] not in kinds:
            raise Mistake(words[0], "one of " + " ".join(kinds))
        if len(words) < 3:
            raise Mistake(value, "KIND KEY [after TIME] OUTCOME")
        after_ms, rest = 0, words[2:]
        if rest[0] == "after" and len(rest) > 2:
            after_ms, rest = parse_time(rest[1]), rest[2:]
        outcome = " ".join(rest)
        if outcome != "ok" and not re.match(r"[45]\.[0-9]{1,3}\.[0-9]{1,3} .", outcome):
            raise Mistake(outcome, "ok, or an enhanced code 4.x.x or 5.x.x with a text")
        self.scenario.answers.append(Answer(words[0], words[1], after_ms, outcome))

    # steps

    def coloned(self, kind, value):
        if kind in ("C", "C-"):
            if kind == "C-" and not value:
                raise Mistake("C-:", "a text")
            return Step(kind, 0, text=parse_parts(value)[0])
        if not value:
            raise Mistake(kind + ":", "a value")
        if kind == "S":
            return self.reply(value)
        pattern, rest = parse_pattern(value)
        step = Step(kind, 0, pattern=pattern)
        if rest and kind == "S+" and rest.lstrip().startswith("->"):
            step.names, rest = parse_captures(rest.lstrip(), pattern)
            self.variables.update(step.names)
        if rest:
            raise Mistake(rest.strip(), "the end of the line" if kind == "S-" else "-> NAME or the end of the line")
        return step

    def reply(self, value):
        if self.scenario.service not in LINE_SERVICES:
            kind = parse_imap_alternative if self.scenario.service in IMAP_SERVICES else parse_alternative
            step = Step("S", 0, alternatives=parse_reply(value, kind))
            self.variables.update(n for one in step.alternatives for n in one.names)
            return step
        if not value.startswith("/"):
            return Step("S", 0, text=parse_parts(value)[0])
        step = self.coloned("S+", value)
        step.kind = "S"
        return step

    def word(self, word, rest):
        if word in ("rest", "octets", "lines") and self.scenario.service not in REST_SERVICES:
            raise Mistake(word, "service: pop3 or pop3s in the header")
        if word in BARE:
            if rest:
                raise Mistake(rest, "the end of the line")
            return self.block(word) if word in ("else", "end") else Step(word, 0)
        if not rest:
            raise Mistake(word, "a value behind it")
        return getattr(self, "word_" + word)(rest)

    def block(self, word):
        """`else` and `end` change where steps go; they are no steps themselves."""
        if not self.stack:
            raise Mistake(word, "repeat or if before it")
        step = self.stack[-1][0]
        if word == "else":
            if step.kind != "if" or self.steps is not step.steps:
                raise Mistake("else", "it once, in an if")
            self.steps = step.otherwise
        else:
            self.steps = self.stack.pop()[1]

    def word_fill(self, rest):
        amount, _, text = rest.partition(" ")
        step = Step("fill", 0, number=parse_number(amount, 1, MAX_FILL))
        step.text = parse_parts(text)[0]
        if not step.text:
            raise Mistake(rest, "N TEXT")
        return step

    def word_octets(self, rest):
        return Step("octets", 0, text=parse_parts(rest)[0])

    def word_lines(self, rest):
        return Step("lines", 0, number=parse_number(rest, 0, MAX_FILL))

    def word_quiet(self, rest):
        return Step("quiet", 0, number=parse_time(rest))

    def word_wait(self, rest):
        return Step("wait", 0, number=parse_time(rest))

    def word_conn(self, rest):
        name, _, user = rest.partition(" ")
        if not NAME.fullmatch(name):
            raise Mistake(name, "a connection name")
        self.connections.add(name)
        if len(self.connections) > MAX_CONNECTIONS:
            raise Mistake(name, f"at most {MAX_CONNECTIONS} connections")
        if not user:
            return Step("conn", 0, word=name, user=1)
        if not re.fullmatch(r"user[1-9][0-9]?", user):
            raise Mistake(user, "userK")
        if int(user[4:]) > self.scenario.users:
            raise Mistake(user, "at most as many as users: says")
        return Step("conn", 0, word=name, user=int(user[4:]))

    def word_event(self, rest):
        if rest not in EVENTS:
            raise Mistake(rest, "one of " + " ".join(EVENTS))
        return Step("event", 0, word=rest)

    def word_repeat(self, rest):
        return Step("repeat", 0, number=parse_number(rest, 1, 100000))

    def word_if(self, rest):
        if rest != "eof" and not (rest in IMAP_STATUS if self.scenario.service in IMAP_SERVICES else CODE.fullmatch(rest)):
            raise Mistake(rest, "a reply code of three digits or x, or eof")
        return Step("if", 0, word=rest)

    def word_mailbox(self, rest):
        match = re.fullmatch(r"user([1-9][0-9]?) (count|has|hasnt|match|nomatch|received) (.+)", rest)
        if not match:
            raise Mistake(rest, "userK count N, has TEXT, hasnt TEXT, match PATTERN, nomatch PATTERN or received PATTERN")
        step = Step("mailbox", 0, user=int(match[1]), word=match[2])
        if step.user > self.scenario.users:
            raise Mistake(f"user{step.user}", f"at most users: {self.scenario.users}")
        if step.word == "count":
            step.number = parse_number(match[3], 0, 100000)
        elif step.word in ("has", "hasnt"):
            step.text = parse_parts(match[3])[0]
        else:
            step.pattern, left = parse_pattern(match[3])
            if left:
                raise Mistake(left.strip(), "the end of the line")
        return step

    def add(self, step):
        self.count += 1
        self.steps.append(step)
        if self.count == MAX_STEPS + 1:
            raise Mistake("more steps", f"at most {MAX_STEPS}")
        if len(self.variables) > MAX_VARIABLES:
            raise Mistake("more variables", f"at most {MAX_VARIABLES}")
        if step.kind in ("repeat", "if"):
            if len(self.stack) == MAX_DEPTH:
                raise Mistake(step.kind, f"blocks at most {MAX_DEPTH} deep")
            self.stack.append((step, self.steps))
            self.steps = step.steps

    def finish(self, line):
        for step, _ in self.stack:
            self.note(line, "end of file", f"end of the {step.kind} in line {step.line}")
        for key in ("title", "req"):
            if key not in self.seen:
                self.note(line, "end of file", f"{key}: in the header")
        if not self.count and not self.mistakes:
            self.note(line, "end of file", "a step")
        for mail in self.scenario.mails:
            if mail.user > self.scenario.users:
                self.note(mail.line, f"user{mail.user}", f"at most users: {self.scenario.users}")
        looks = [s.line for s in self.scenario.walk() if s.kind == "mailbox"]
        sent = [s.text for s in self.scenario.walk() if s.kind != "mailbox"] + [mail.text for mail in self.scenario.mails]
        sends = any(part == Var("ID") for text in sent if text for part in text)
        if looks and not sends:
            self.note(looks[0], "mailbox", "${ID} in what the client sends, or in a mail:")


def parse(path):
    """Read one scenario; OSError or Malformed when that cannot be done."""
    return Parser(str(path)).run()
