"""Decisions are the same everywhere: random sessions, meters and recordings, hashed, on builds whose arithmetic or order
of bytes differs. i686 with the x87 computes with excess precision, and runs here; aarch64 and s390x, which has its bytes
the other way round, are emulated, and fuse multiplication and addition where they may.

usage: determinism.py CC WORK_DIRECTORY

The recordings are those of tests/data/traces, and those of the directory that TRACES names, if it does.
"""
import concurrent.futures
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from cross import MACHINES, Machine, build, library_sources  # noqa: E402

HERE = Machine("", "", "")
OTHERS = {
    "i686, x87, -O2": ("i686", ["-O2", "-mfpmath=387", "-mno-sse"]),
    "i686, x87, -O0": ("i686", ["-O0", "-mfpmath=387", "-mno-sse"]),
    "aarch64, -O2, fused": ("aarch64", ["-O2", "-ffp-contract=fast"]),
    "s390x, -O2, fused": ("s390x", ["-O2", "-ffp-contract=fast"]),
}
SKIP = 77  # as meson has it


def recordings():
    """By name, so that one that stands in both places is played once."""
    places = [ROOT / "tests/data/traces", *map(pathlib.Path, filter(None, [os.environ.get("TRACES")]))]
    found = {path.name: path for place in reversed(places) for path in place.glob("*.csv")}
    return [found[name] for name in sorted(found)]


def builds(compiler):
    """(title, machine, compiler, flags) of each that can be made here, and the machines that cannot."""
    made = [("here, -O2", HERE, compiler, ["-O2"]), ("here, -O0", HERE, compiler, ["-O0"])]
    missing = {}
    for title, (name, flags) in OTHERS.items():
        machine = MACHINES[name]
        if machine.is_here:
            made.append((title, machine, [machine.compiler], [*flags, "-static"]))
        else:
            missing[name] = machine
    return made, missing


def hashes(machine, compiler, flags, target):
    """The lines that the program prints, or None if such a program cannot be run here."""
    sources = [ROOT / "tests/nets/decisions.c", ROOT / "tests/quality/recording.c", *library_sources("base", "quality")]
    try:
        done = machine.run(build(compiler, flags, sources, target), *recordings())
    except OSError as error:
        print(f"skipped: {target}: {error}")
        return None
    return done.stdout.splitlines() if done.returncode == 0 else [f"ended with {done.returncode}: {done.stderr[:1000]}"]


def main():
    compiler, work = sys.argv[1].split(), pathlib.Path(sys.argv[2])
    compiler = compiler[1:] if compiler[0] == "ccache" else compiler
    work.mkdir(parents=True, exist_ok=True)
    made, missing = builds(compiler)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        waiting = {title: pool.submit(hashes, machine, command, flags, work / f"decisions_{number}")
                   for number, (title, machine, command, flags) in enumerate(made)}
    results = {title: one.result() for title, one in waiting.items() if one.result() is not None}
    first = results["here, -O2"]
    print("\n".join(first))
    different = [title for title, lines in results.items() if lines != first]
    for title in different:
        print(f"not ok: {title} differs:", *(line for line in results[title] if line not in first), sep="\n    ")
    for name, machine in missing.items():
        print(f"skipped: {name} (it needs {machine.packages})")
    print(f"{len(results) - len(different)} passed, {len(different)} failed: {', '.join(results)}")
    if different:
        sys.exit(1)
    sys.exit(0 if len(results) > 2 else SKIP)


main()
