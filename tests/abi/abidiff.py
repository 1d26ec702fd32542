"""Holds the shared library to the ABI that was recorded (abidw), down to the types behind its functions.

usage: abidiff.py SHARED_LIBRARY             abidiff against tests/abi/libdegrade.abi
       abidiff.py SHARED_LIBRARY --update    records anew

Without debug information abidiff compares names alone and is content with a changed struct: that it is there, on both
sides, is shown first.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECORD = ROOT / "tests/abi/libdegrade.abi"
HEADERS = ROOT / "include/degrade"


def run(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True)


def has_debug_information(library):
    return ".debug_info" in run("readelf", "-SW", library).stdout


def describe(library):
    """The library's ABI as XML: nothing of where it was built, and no private types."""
    done = run("abidw", "--headers-dir", HEADERS, "--drop-private-types", "--no-corpus-path", "--no-comp-dir-path",
               "--no-show-locs", "--no-elf-needed", "--short-locs", "--type-id-style", "hash", library)
    if done.returncode:
        sys.exit(f"abidw: {done.stderr}")
    return done.stdout


def main():
    library = pathlib.Path(sys.argv[1]).resolve()
    if not has_debug_information(library):
        print(f"{library} has no debug information: build with -g")
        return 1
    if "--update" in sys.argv[2:]:
        RECORD.write_text(describe(library))
    if not RECORD.exists() or len(re.findall("<class-decl ", RECORD.read_text())) < 20:
        print(f"{RECORD.name} holds no types: it was recorded without debug information")
        return 1
    done = run("abidiff", "--headers-dir2", HEADERS, "--drop-private-types", "--no-show-locs", RECORD, library)
    print(done.stdout + done.stderr, end="")
    if done.returncode:
        print("additions are recorded by tests/abi/record, in the same commit; anything else breaks programs")
    print(f"{int(done.returncode == 0)} passed, {int(done.returncode != 0)} failed")
    return done.returncode != 0


sys.exit(main())
