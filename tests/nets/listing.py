"""Keeps the listing of examples/tcp-echo in README.md and degrade(7) equal to the source.

usage: listing.py            checks, and says which differs
       listing.py --update   writes both anew
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCE = ROOT / "examples/tcp-echo/main.c"


def roff(text):
    """Text that troff prints as it is."""
    lines = text.replace("\\", "\\e").splitlines()
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in lines)


# File, what stands before and after the listing in it, and how the source is written there.
PLACES = [
    ("README.md", "<!-- examples/tcp-echo/main.c -->\n```c\n", "\n```\n<!-- end -->", str),
    ("man/degrade.7", ".Pa examples/tcp-echo/main.c :\n.Bd -literal\n", "\n.Ed\n", roff),
]


def main():
    update = sys.argv[1:] == ["--update"]
    source = SOURCE.read_text().rstrip("\n")
    good = 0
    for name, before, after, write in PLACES:
        path = ROOT / name
        text = path.read_text()
        pattern = re.compile(re.escape(before) + "(.*?)" + re.escape(after), re.S)
        found = pattern.search(text)
        wanted = write(source)
        if found and update:
            path.write_text(text[:found.start(1)] + wanted + text[found.end(1):])
        good += bool(found) and (update or found[1] == wanted)
        if not found or not (update or found[1] == wanted):
            print(f"{name} does not hold examples/tcp-echo/main.c as it is: run tests/nets/listing.py --update")
    print(f"{good} passed, {len(PLACES) - good} failed")
    return 0 if good == len(PLACES) else 1


sys.exit(main())
