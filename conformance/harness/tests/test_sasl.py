"""SCRAM against the exchanges that RFC 5802 section 5 and RFC 7677 section 3 show."""

import base64

import pytest

from harness import sasl

SHA1 = b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"
SHA256 = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"


def run(name, nonce, answer):
    text = b" ".join((name, b"pencil", b"n,,n=user,r=" + nonce, base64.b64encode(answer)))
    return [base64.b64decode(part) for part in sasl.scram(text)]


def test_sha1():
    last, verifier = run(b"SHA-1", b"fyko+d2lbbFgONRv9qkxdawL", SHA1)
    assert last == b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="
    assert verifier == b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ="


def test_sha256():
    last, verifier = run(b"SHA-256", b"rOprNGfwEbeRWgbNEkqO", SHA256)
    assert last.endswith(b",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    assert verifier == b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


@pytest.mark.parametrize("answer, expected", [
    (SHA256.replace(b"i=4096", b"i=4095"), "4096 rounds"), (SHA256.replace(b"r=rOp", b"r=xOp"), "nonce"),
    (b"r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "nonce"), (b"e=other-error", "r=, s= and i="),
    (SHA256.replace(b"s=W22ZaJ0SNY7soEsUEjb6gQ==", b"s=W"), "r=, s= and i=")])
def test_wrong_answers(answer, expected):
    with pytest.raises(sasl.BadScram) as caught:
        run(b"SHA-256", b"rOprNGfwEbeRWgbNEkqO", answer)
    assert expected in caught.value.expected


def test_wrong_words():
    for text in (b"MD5 a n,,n=a,r=b eA==", b"SHA-1 a n,,n=a,r=b", b"SHA-1 a nothing eA=="):
        with pytest.raises(sasl.BadScram):
            sasl.scram(text)
