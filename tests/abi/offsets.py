"""Holds offsets, sizes and types of every public struct, and the value of every constant, to the record.

usage: offsets.py CC             compares with tests/abi/offsets-64.txt and, where CC knows -m32, offsets-32.txt
       offsets.py CC --update    records anew: only for what was added, or before a release that may break
"""
import pathlib
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import headers  # noqa: E402

# Name, compiler arguments. Freestanding, since no 32-bit C library need be there.
TARGETS = [("64", ["-m64"]), ("32", ["-m32", "-ffreestanding"])]


def numbers(found):
    """C expressions in the order in which lines() takes their values."""
    for one in found.structs.values():
        yield f"sizeof({one.name})"
        for member in one.members:
            yield f"offsetof({one.name}, {member.name})"
            yield f"sizeof((({one.name} *)0)->{member.name})"
    for name, _ in found.enumerators:
        yield f"(uint64_t)(int64_t)({name})"


def integer_constants(found):
    return [(name, kind) for name, kind, _ in found.constants if "double" not in kind and "float" not in kind]


def real_constants(found):
    return [(name, kind) for name, kind, _ in found.constants if "double" in kind or "float" in kind]


def measure(cc, arguments, found, include=headers.INCLUDE):
    """The values of numbers() and of the constants for one target; None where the compiler has no such target."""
    place = '__attribute__((section(".abi"), used)) const'
    integers = [*numbers(found), *(f"(uint64_t)({name})" for name, _ in integer_constants(found))]
    reals = [f"(double)({name})" for name, _ in real_constants(found)]
    source = ["#include <stddef.h>", '#include "degrade/degrade.h"',
              f"{place} uint64_t integers[] = {{", ",\n".join(integers), "};"]
    if reals:
        source += [place.replace(".abi", ".abireal") + " double reals[] = {", ",\n".join(reals), "};"]
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        (work / "abi.c").write_text("\n".join(source) + "\n")
        empty = work / "empty.c"
        empty.write_text("")
        if subprocess.run([*cc, *arguments, "-c", str(empty), "-o", str(work / "empty.o")],
                          capture_output=True).returncode != 0:
            return None
        subprocess.run([*cc, *arguments, "-std=c11", f"-I{include}", "-c", str(work / "abi.c"), "-o", str(work / "abi.o")],
                       check=True)

        def section(name, code, count):
            if count == 0:
                return []
            subprocess.run(["objcopy", "-O", "binary", "-j", name, str(work / "abi.o"), str(work / "abi.bin")], check=True)
            return list(struct.unpack(f"<{count}{code}", (work / "abi.bin").read_bytes()[:8 * count]))
        return section(".abi", "q", len(integers)), section(".abireal", "d", len(reals))


def lines(found, measured):
    values, reals = iter(measured[0]), iter(measured[1])
    for one in found.structs.values():
        yield f"struct {one.name}: {next(values)} bytes"
        for member in one.members:
            offset, size = next(values), next(values)
            count = f"[{member.count}]" if member.count else ""
            yield f"struct {one.name} {offset:4} {size:4}: {member.type} {member.name}{count}"
    for name, _ in found.enumerators:
        yield f"enum {name} = {next(values)}"
    for name, kind in integer_constants(found):
        yield f"constant {name} = {next(values) % 2**64}"
    for name, _ in real_constants(found):
        yield f"constant {name} = {next(reals)!r}"
    for one in found.functions.values():
        yield f"function {one.result} {one.name}({', '.join(kind for kind, _ in one.parameters)})"


def differences(recorded, current):
    """Lines that are gone or changed break programs; those that are new only have to be recorded."""
    gone = [line for line in recorded if line not in set(current)]
    new = [line for line in current if line not in set(recorded)]
    return gone, new


def compare(name, text):
    path = HERE / f"offsets-{name}.txt"
    gone, new = differences(path.read_text().splitlines() if path.exists() else [], text)
    for line in gone:
        print(f"{path.name}: not as recorded any more: {line}")
    for line in new:
        print(f"{path.name}: not in the record: {line}")
    if gone:
        print("what programs were compiled against has changed: that breaks them")
    elif new:
        print("only additions: record them with tests/abi/record, in the same commit")
    return not gone and not new


def main():
    cc, update = sys.argv[1].split(), "--update" in sys.argv[2:]
    found = headers.read(cc=sys.argv[1])
    good = bad = 0
    for name, arguments in TARGETS:
        measured = measure(cc, arguments, found)
        if measured is None:
            print(f"{name}-bit: skipped, {cc[-1]} cannot compile for it")
            continue
        text = list(lines(found, measured))
        if update:
            (HERE / f"offsets-{name}.txt").write_text("\n".join(text) + "\n")
        if update or compare(name, text):
            good += 1
        else:
            bad += 1
    print(f"{good} passed, {bad} failed")
    return 1 if bad or not good else 0


if __name__ == "__main__":
    sys.exit(main())
