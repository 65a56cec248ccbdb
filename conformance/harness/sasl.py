"""The client's side of SCRAM (RFC 5802, RFC 7677) for `${scram:...}`: no channel binding, ASCII passwords."""

import base64
import binascii
import hashlib
import hmac
import re

HASHES = {b"SHA-1": "sha1", b"SHA-256": "sha256"}
ROUNDS_MIN = 4096
SERVER_FIRST = re.compile(rb"r=([!-+\--~]+),s=([A-Za-z0-9+/=]+),i=([1-9][0-9]{0,8})(,.*)?")


class BadScram(Exception):
    def __init__(self, expected, found):
        super().__init__()
        self.expected, self.found = expected, found


def split_first(first):
    """(GS2 header, the rest, nonce) of the client's first message."""
    parts = first.split(b",", 2)
    nonce = re.search(rb"(?:^|,)r=([^,]*)", parts[2]) if len(parts) == 3 else None
    if not nonce:
        raise BadScram("a first message of the client, with a nonce", first.decode("latin-1"))
    return b",".join(parts[:2]) + b",", parts[2], nonce[1]


def server_first(answer, nonce):
    """(message, its nonce, salt, rounds), all of which the RFC demands something of."""
    try:
        message = base64.b64decode(answer, validate=True)
        found = SERVER_FIRST.fullmatch(message)
        salt = base64.b64decode(found[2], validate=True) if found else b""
    except binascii.Error:
        message, found, salt = answer, None, b""
    shown = message.decode("latin-1")
    if not found or not salt:
        raise BadScram("a first message of the server: r=, s= and i=", shown)
    if not found[1].startswith(nonce) or found[1] == nonce:
        raise BadScram("the client's nonce with the server's own behind it", shown)
    if int(found[3]) < ROUNDS_MIN:
        raise BadScram(f"{ROUNDS_MIN} rounds or more", shown)
    return message, found[1], salt, int(found[3])


def scram(text):
    """text: HASH PASSWORD FIRST ANSWER -> (the client's last message, the server's last message), both in BASE64."""
    fields = text.split(b" ")
    if len(fields) != 4 or fields[0] not in HASHES:
        raise BadScram("SHA-1 or SHA-256, password, first message, answer", text.decode("latin-1"))
    name, password, first, answer = HASHES[fields[0]], *fields[1:]
    header, bare, nonce = split_first(first)
    message, both, salt, rounds = server_first(answer, nonce)
    salted = hashlib.pbkdf2_hmac(name, password, salt, rounds)
    last = b"c=" + base64.b64encode(header) + b",r=" + both
    signed = b",".join((bare, message, last))
    key = hmac.digest(salted, b"Client Key", name)
    signature = hmac.digest(hashlib.new(name, key).digest(), signed, name)
    proof = bytes(a ^ b for a, b in zip(key, signature))
    verifier = hmac.digest(hmac.digest(salted, b"Server Key", name), signed, name)
    return (base64.b64encode(last + b",p=" + base64.b64encode(proof)),
            base64.b64encode(b"v=" + base64.b64encode(verifier)))
