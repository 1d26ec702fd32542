"""Decisions are the same everywhere: random sessions and meters, hashed, on builds whose arithmetic differs. Above all
i686 with the x87, which computes with excess precision: built by the cross compiler and run natively.

usage: determinism.py CC WORK_DIRECTORY
"""
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CROSS = "i686-linux-gnu-gcc"
PARTS = ["base", "quality"]
SKIP = 77  # as meson has it


def built(compiler, flags, target):
    sources = [str(source) for part in PARTS for source in sorted((ROOT / "lib" / part).glob("*.c"))]
    command = [*compiler, "-std=c11", "-D_GNU_SOURCE", *flags, f"-I{ROOT}/include", f"-I{ROOT}/lib",
               str(ROOT / "tests/nets/decisions.c"), *sources, "-o", str(target), "-lpthread"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(flags)}:\n{done.stderr[:3000]}")
    return target


def hashes(program):
    return subprocess.run([str(program)], check=True, capture_output=True, text=True).stdout


def main():
    compiler, work = sys.argv[1].split(), pathlib.Path(sys.argv[2])
    compiler = compiler[1:] if compiler[0] == "ccache" else compiler
    work.mkdir(parents=True, exist_ok=True)
    builds = {"here, -O2": (compiler, ["-O2"]), "here, -O0": (compiler, ["-O0"])}
    cross = shutil.which(CROSS)
    if cross:
        builds["i686, x87, -O2"] = ([cross], ["-O2", "-mfpmath=387", "-mno-sse", "-static"])
        builds["i686, x87, -O0"] = ([cross], ["-O0", "-mfpmath=387", "-mno-sse", "-static"])
    results = {}
    for number, (title, (command, flags)) in enumerate(builds.items()):
        try:
            results[title] = hashes(built(command, flags, work / f"decisions_{number}"))
        except OSError as error:
            print(f"skipped: {title}: {error}")
    first = results["here, -O2"]
    different = [title for title, text in results.items() if text != first]
    print(first, end="")
    for title in different:
        print(f"not ok: {title} differs:\n{results[title]}")
    print(f"{len(results) - len(different)} passed, {len(different)} failed")
    if different:
        sys.exit(1)
    if not any(title.startswith("i686") for title in results):
        print(f"skipped: no {CROSS} (gcc-i686-linux-gnu, libc6-dev-i386-cross), so nothing was compared with the x87")
        sys.exit(SKIP)


main()
