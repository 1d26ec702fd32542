"""Cells as a release left them in the memory of a machine whose bytes stand the other way round: the images of
tests/abi/cells are attached and answer there too.

usage: big.py PUBLIC_H PROGRAM              builds PROGRAM for s390x and compares, by emulation
       big.py PUBLIC_H PROGRAM --update     records
"""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from cross import MACHINES, build, library_sources  # noqa: E402

SKIP = 77  # as meson has it


def main():
    tables, program, *update = sys.argv[1:]
    machine = MACHINES["s390x"]
    if not machine.is_here:
        print(f"skipped: s390x (it needs {machine.packages})")
        sys.exit(SKIP)
    flags = ["-O1", "-static", f"-I{pathlib.Path(tables).parent}"]
    build([machine.compiler], flags, [ROOT / "tests/abi/images.c", *library_sources()], program)
    done = machine.run(program, ROOT / "tests/abi/cells", *update)
    print(done.stdout + done.stderr, end="")
    sys.exit(done.returncode)


main()
