"""Holds the library's source to the shape that the house gives itself.

usage: house.py STATIC_LIBRARY

  functions  none is longer than 40 lines
  arrows     base <- admission, quality, dependency <- service: a part includes base and itself, service all
  circles    no two source files call one another, not by way of others either
  allocation malloc and free are called in base/allocator.c alone
"""
import collections
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIB = ROOT / "lib"
LONGEST = 40
PARTS = {"base": {"base"}, "admission": {"base", "admission"}, "quality": {"base", "quality"},
         "dependency": {"base", "dependency"}, "service": {"base", "admission", "quality", "dependency", "service"}}


def sources(pattern="*/*.[ch]"):
    return sorted(LIB.glob(pattern))


def name_of(path):
    return str(path.relative_to(LIB))


def functions(text):
    """(name, first line, lines) of each function, from its first line to its closing brace."""
    lines = text.splitlines()
    start = None
    for number, line in enumerate(lines, 1):
        if re.match(r"[A-Za-z_]", line) and not line.startswith(("typedef", "struct", "enum", "union", "#", "static_assert")):
            if start is None or lines[number - 2].rstrip().endswith((";", "}")) or not lines[number - 2].strip():
                start = number
        if line == "}" and start is not None:
            head = " ".join(lines[start - 1:number])
            named = re.match(r"[^(;{=]*?(\w+)\(", head)
            if named:
                yield named[1], start, number - start + 1
            start = None
        elif line.rstrip().endswith(";") and not line.startswith((" ", "\t", "}")):
            start = None


def long_functions():
    for path in sources():
        for name, start, length in functions(path.read_text()):
            if length > LONGEST:
                yield f"{name_of(path)}:{start} {name} has {length} lines"


def wrong_arrows():
    for path in sources():
        part = path.parent.name
        for included in re.findall(r'#include "(\w+)/', path.read_text()):
            if included != "degrade" and included not in PARTS.get(part, set()):
                yield f"{name_of(path)} includes {included}/"


def calls(library):
    """Object file -> object files whose symbols it uses."""
    text = subprocess.run(["nm", "-A", library], capture_output=True, text=True, check=True).stdout
    defined, used = {}, collections.defaultdict(set)
    for line in text.splitlines():
        found = re.match(r".*?([\w.-]+)\.c\.o:\s*[0-9a-f]* ([A-Za-z]) (\w+)$", line)
        if not found:
            continue
        file, kind, symbol = found.groups()
        if kind in "TDBRVWC":
            defined[symbol] = file
        elif kind == "U":
            used[file].add(symbol)
    return {file: {defined[s] for s in symbols if s in defined} - {file} for file, symbols in used.items()}


def circles(graph):
    """Groups of files that reach one another (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            group = stack[stack.index(node):]
            del stack[stack.index(node):]
            if len(group) > 1:
                found.append(sorted(group))
    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def described(graph, group):
    pairs = [f"{a} -> {b}" for a in group for b in sorted(graph.get(a, ())) if b in group]
    return " ".join(group) + f" ({', '.join(pairs)})"


def stray_allocation(library):
    text = subprocess.run(["nm", "-A", library], capture_output=True, text=True, check=True).stdout
    for line in text.splitlines():
        found = re.match(r".*?([\w.-]+)\.c\.o:\s+U (malloc|calloc|realloc|free)$", line)
        if found and found[1] != "base_allocator":
            yield f"{found[1]} calls {found[2]}"


def report(title, wrong):
    wrong = list(wrong)
    print(f"{'ok' if not wrong else 'not ok'}: {title}" + "".join(f"\n    {one}" for one in wrong))
    return not wrong


def main():
    library = sys.argv[1]
    graph = calls(library)
    results = [
        report("there are objects to look at", [] if len(graph) > 30 else [f"{len(graph)} in {library}"]),
        report(f"no function is longer than {LONGEST} lines", long_functions()),
        report("arrows run one way", wrong_arrows()),
        report("no circle of files", [described(graph, group) for group in circles(graph)]),
        report("one file allocates", stray_allocation(library)),
    ]
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if all(results) else 1


sys.exit(main())
