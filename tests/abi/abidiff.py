"""Holds the shared library to the ABI that was recorded (abidw), down to the types behind its functions.

usage: abidiff.py CC SHARED_LIBRARY             compares with tests/abi/libdegrade.abi.xz
       abidiff.py CC SHARED_LIBRARY --update    records anew

Without debug information abidiff compares names alone and is content with a changed struct: that it is there, on both
sides, is shown first. What stands behind an opaque type is the library's own; that is not compared.
"""
import lzma
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import headers  # noqa: E402

RECORD = HERE / "libdegrade.abi.xz"


def run(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True)


def has_debug_information(library):
    return ".debug_info" in run("readelf", "-SW", library).stdout


def describe(library):
    """The library's ABI as XML, without where it was built."""
    done = run("abidw", "--no-corpus-path", "--no-comp-dir-path", library)
    if done.returncode:
        sys.exit(f"abidw: {done.stderr}")
    return done.stdout


def compare(cc, library, record):
    opaque = "|".join(headers.read(cc=cc).opaque)
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        (work / "record.abi").write_text(record)
        (work / "own.ini").write_text(f"[suppress_type]\n  name_regexp = ^({opaque})$\n")
        return run("abidiff", "--suppressions", work / "own.ini", work / "record.abi", library)


def main():
    cc, library = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    if not has_debug_information(library):
        print(f"{library} has no debug information: build with -g")
        return 1
    if "--update" in sys.argv[3:]:
        RECORD.write_bytes(lzma.compress(describe(library).encode(), preset=9))
    record = lzma.decompress(RECORD.read_bytes()).decode() if RECORD.exists() else ""
    if len(re.findall("<class-decl ", record)) < 20:
        print(f"{RECORD.name} holds no types: it was recorded without debug information, or not at all")
        return 1
    done = compare(cc, library, record)
    print(done.stdout + done.stderr, end="")
    if done.returncode:
        print("additions are recorded by tests/abi/record, in the same commit; anything else breaks programs")
    print(f"{int(done.returncode == 0)} passed, {int(done.returncode != 0)} failed")
    return int(done.returncode != 0)


sys.exit(main())
