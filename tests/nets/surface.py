"""Holds the public headers to the rules that they share, and the manual to the headers.

  sized      a struct that crosses with its size is declared as one that grows (DGI_SIZED)
  checks     every input struct has its dg_x_check
  inline     every function named _sized has a twin without the size
  names      every enumeration has a name and a finder
  manual     every function and every struct is in the manual page of its header
"""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import headers  # noqa: E402

ROOT = headers.ROOT
FOUND = headers.read()

# Inputs without a check of their own: a table of callbacks, and what the library itself made.
UNCHECKED = {"dg_host", "dg_decision", "dg_close", "dg_metrics_source"}

# A finder could not tell DG_ERR_NOT_FOUND from not found; a type of log field is the tag of a union, no word of it is
# ever written.
WITHOUT = {"dg_status_find", "dg_field_type_name", "dg_field_type_find"}


def sized_structs():
    names = set()
    for source in (ROOT / "lib").glob("*/*.[ch]"):
        names |= set(re.findall(r"^DGI_SIZED(?:_SINCE)?\((dg_\w+),", source.read_text(), re.M))
    return names


def with_sizes():
    """(function, struct, whether it is an input) of each struct that crosses with its size."""
    for one in FOUND.functions.values():
        for (kind, name), (following, size) in zip(one.parameters, one.parameters[1:]):
            struct = re.fullmatch(r"(const )?(dg_\w+) \*", kind)
            if struct and struct[2] in FOUND.structs and following == "size_t" and size == f"{name}_size":
                yield one, struct[2], bool(struct[1])


def not_sized():
    known = sized_structs()
    return sorted({f"{struct} ({one.name})" for one, struct, _ in with_sizes() if struct not in known})


def not_checked():
    inputs = {struct for one, struct, given in with_sizes() if given and not one.name.endswith("_check_sized")}
    return sorted(struct for struct in inputs - UNCHECKED if f"{struct}_check_sized" not in FOUND.functions)


def header_text(stem):
    return (headers.INCLUDE / f"degrade/{stem}.h").read_text()


def without_twin():
    for one in FOUND.functions.values():
        if one.name.endswith("_sized"):
            twin = one.name.removesuffix("_sized")
            if twin not in FOUND.functions and not re.search(rf"^static inline [^(]*\b{twin}\(", header_text(one.header), re.M):
                yield one.name


def without_words():
    for function, header, names, _ in headers.words(FOUND):
        for ending in ("name", "find"):
            if f"{function}_{ending}" not in FOUND.functions and f"{function}_{ending}" not in WITHOUT:
                yield f"{function}_{ending} ({header}.h: {names[0]}, ...)"


def page_of(header):
    path = ROOT / "man" / (f"dg_{header}.3" if header != "degrade" else "degrade.7")
    return path.read_text() if path.exists() else ""


def undocumented():
    for one in FOUND.functions.values():
        plain = one.name.removesuffix("_sized")
        if not re.search(rf"\b{plain}(_sized)?\b", page_of(one.header)):
            yield f"{one.name} is not in dg_{one.header}.3"
    for one in FOUND.structs.values():
        if one.name not in page_of(one.header):
            yield f"struct {one.name} is not in dg_{one.header}.3"


def report(title, wrong):
    wrong = list(wrong)
    print(f"{'ok' if not wrong else 'not ok'}: {title}" + "".join(f"\n    {one}" for one in wrong))
    return not wrong


def main():
    results = [
        report("there are headers to look at", [] if len(FOUND.functions) > 150 else [str(len(FOUND.functions))]),
        report("a struct that crosses with its size may grow", not_sized()),
        report("every input struct has its check", not_checked()),
        report("every _sized function has its inline twin", without_twin()),
        report("every enumeration has a name and a finder", without_words()),
        report("the manual has every function and every struct", undocumented()),
    ]
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
