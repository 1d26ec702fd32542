"""Holds the wire to another parser, Python's json: what the library takes, Python reads the same from, and the reverse.

usage: wire.py LIBRARY [COUNT]

Values are put into a quality message as a member that the library reads over, texts as its "message", numbers as a
metric. Python's json takes more than RFC 8259 allows (NaN, Infinity, lone surrogates, any depth): reference() refuses
these.
"""
import ctypes
import json
import math
import random
import struct
import sys

DEPTH = 16  # the reader's, the message itself among them

# Offsets in dg_message, which never change.
SIZE, RTT, KIND, TEXT, TEXT_MAX = 352, 0, 56, 96, 256
DEGRADED, SYSTEM = 1, 6


def load(path):
    library = ctypes.CDLL(path)
    library.dg_message_read_sized.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
    library.dg_message_write_sized.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
    return library


def read(library, text):
    out = ctypes.create_string_buffer(SIZE)
    status = library.dg_message_read_sized(text, len(text), out, SIZE)
    return status, out.raw


def refuse(word):
    raise ValueError(word)


class Members(dict):
    """An object that still knows the members that came twice."""

    def __init__(self, pairs):
        super().__init__(pairs)
        self.pairs = pairs


def check(value, depth=0):
    if depth == DEPTH and isinstance(value, (dict, list)):
        raise ValueError("depth")
    if isinstance(value, str):
        value.encode("utf-8")  # a lone surrogate cannot be encoded
    for name, inner in value.pairs if isinstance(value, Members) else []:
        check(name, depth + 1)
        check(inner, depth + 1)
    for inner in value if isinstance(value, list) else []:
        check(inner, depth + 1)


def reference(text):
    """The value of a text, or an exception."""
    value = json.loads(text.decode("utf-8"), parse_constant=refuse, object_pairs_hook=Members)
    check(value)
    return value


def accepted(text):
    try:
        return True, reference(text)
    except (ValueError, RecursionError, UnicodeError):
        return False, None


# --- texts by chance ---

PIECES = [b"{", b"}", b"[", b"]", b":", b",", b'"', b"\\", b"\\u", b"00e9", b"\\ud83d", b"\\ude00", b"true", b"false", b"null",
          b"0", b"1", b"-", b"+", b".", b"e", b"E", b"12", b"0.5", b" ", b"\t", b"\n", b"\r", b"\x0b", b"\x00", b"\x1f", b"a",
          b"\xc3\xa9", b"\xe2\x82\xac", b"\xf0\x9f\x98\x80", b"\x80", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xff",
          b"NaN", b"Infinity", b"nul", b"/", b"b", b"'", b"//", b"\xef\xbb\xbf", b"\x7f", b"[]", b"{}", b'"a":', b'""']


def some_string(rng):
    inner = b"".join(rng.choice([b"a", b"\\n", b"\\u00e9", b"\xc3\xa9", b"\\ud83d\\ude00", b"\\\\", b"\\\"", b"/"])
                     for _ in range(rng.randrange(6)))
    return b'"' + inner + b'"'


def some_number(rng):
    form = rng.randrange(5)
    if form == 0:
        return b"%d" % rng.choice([0, -1, rng.getrandbits(rng.randrange(1, 90))])
    if form == 1:
        return repr(struct.unpack("<d", rng.randbytes(8))[0]).encode()
    digits = b"%d" % rng.getrandbits(rng.randrange(1, 400))
    if form == 2:
        return digits + b"." + b"%d" % rng.getrandbits(rng.randrange(1, 400))
    return digits + b"e%d" % rng.randrange(-450, 330)


def some_value(rng, left=6):
    if rng.randrange(50) == 0:
        deep = rng.randrange(20)
        return b"[" * deep + rng.choice([b"", b"{}", b"1"]) + b"]" * deep if deep else b"1"
    kind = rng.randrange(7 if left else 5)
    if kind < 2:
        return some_number(rng)
    if kind == 2:
        return some_string(rng)
    if kind < 5:
        return rng.choice([b"true", b"false", b"null"])
    space = rng.choice([b"", b"", b" ", b"\r\n\t"])
    items = [some_value(rng, left - 1) for _ in range(rng.randrange(4))]
    if kind == 5:
        return b"[" + space + (space + b"," + space).join(items) + space + b"]"
    return b"{" + space + b",".join(some_string(rng) + space + b":" + space + item for item in items) + b"}"


def mutated(rng, text):
    for _ in range(rng.randrange(3)):
        at = rng.randrange(len(text) + 1)
        how = rng.randrange(3)
        piece = rng.choice(PIECES) if how < 2 else b""
        text = text[:at] + piece + text[at + rng.randrange(3 if how else 1):]
    return text


# --- what is compared ---

def compare_value(library, value):
    """Read over as a member that is not known."""
    text = b'{"type":"system","message":"m","x":' + value + b"}"
    if len(text) >= 2048:
        return None
    good, parsed = accepted(text)
    status, _ = read(library, text)
    # A value that closes the object and opens members of its own is judged by more than its grammar.
    if good and set(parsed) != {"type", "message", "x"}:
        return None
    if good and text.count(b'"type"') + text.count(b'"message"') > 2:
        return None
    if (status == 0) != good:
        return f"{text!r}: the library says {status}, Python {'takes' if good else 'refuses'} it"
    return None


def compare_string(library, string):
    text = b'{"type":"system","message":' + string + b"}"
    good, parsed = accepted(text)
    if good and (set(parsed) != {"type", "message"} or not isinstance(parsed["message"], str) or text.count(b'"message"') > 1
                 or text.count(b'"type"') > 1):
        return None
    expected = parsed["message"].encode("utf-8") if good else None
    if expected is not None and (b"\0" in expected or len(expected) >= TEXT_MAX):
        good = False
    status, out = read(library, text)
    if (status == 0) != good:
        return f"{text!r}: the library says {status}"
    if good and ctypes.string_at(out[TEXT:TEXT + TEXT_MAX]) != expected:
        return f"{text!r}: not the same text"
    if good:
        written = ctypes.create_string_buffer(2048)
        size = library.dg_message_write_sized(out, SIZE, written, 2048)
        if size < 0 or json.loads(written.raw[:size])["message"].encode("utf-8") != expected:
            return f"{text!r}: written as {written.value!r}"
    return None


def compare_number(library, number):
    text = b'{"type":"quality.degraded","level":"low","reason":"manual","metrics":{"rtt_ms":' + number + b"}}"
    good, parsed = accepted(text)
    value = parsed["metrics"].get("rtt_ms") if good and isinstance(parsed.get("metrics"), dict) else None
    if good and (not isinstance(value, (int, float)) or isinstance(value, bool)):
        return None
    status, out = read(library, text)
    fits = good and 0 <= value <= 3600000 and math.isfinite(value)
    if (status == 0) != fits:
        return f"{text!r}: the library says {status}"
    if fits and struct.unpack_from("<d", out, RTT)[0] != float(value):
        return f"{text!r}: read as {struct.unpack_from('<d', out, RTT)[0]!r}"
    return None


def main():
    library = load(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 20000
    rng = random.Random(20260101)
    status, out = read(library, b'{"type":"system","message":"m"}')
    if status != 0 or struct.unpack_from("<I", out, KIND)[0] != SYSTEM or out[TEXT:TEXT + 2] != b"m\0":
        print("not ok: dg_message is not laid out as this test has it\n0 passed, 1 failed")
        return 1
    wrong, cases = [], [
        ("values", lambda: compare_value(library, mutated(rng, some_value(rng)))),
        ("pieces", lambda: compare_value(library, b"".join(rng.choice(PIECES) for _ in range(rng.randrange(8))))),
        ("texts", lambda: compare_string(library, mutated(rng, some_string(rng)))),
        ("numbers", lambda: compare_number(library, mutated(rng, some_number(rng)) if rng.randrange(4) == 0 else
                                           b"%d.%de%d" % (rng.getrandbits(60), rng.getrandbits(80), rng.randrange(-40, -10)))),
    ]
    for name, case in cases:
        found = [why for why in (case() for _ in range(count)) if why]
        print(f"{'ok' if not found else 'not ok'}: {name}, {count} of them")
        for why in found[:5]:
            print("  " + why)
        wrong.append(bool(found))
    print(f"{len(cases) - sum(wrong)} passed, {sum(wrong)} failed")
    return int(any(wrong))


if __name__ == "__main__":
    sys.exit(main())
