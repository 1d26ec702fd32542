"""Prints the structs of a header into the SYNOPSIS of its page: structs.py PAGE HEADER OUTPUT.

The header is where their members are described; a page in the source tree does without them, the one that is
installed has them.

SPDX-License-Identifier: MIT
"""
import re
import sys

STRUCT = re.compile(r"^typedef struct (dg_\w+) \{\n.*?^\} \1;\n", re.M | re.S)


def roff(text):
    """Text that troff prints as it is."""
    lines = text.replace("\\", "\\e").splitlines()
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in lines)


def main():
    page_path, header_path, output = sys.argv[1:]
    with open(page_path, encoding="utf-8") as file:
        page = file.read()
    with open(header_path, encoding="utf-8") as file:
        structs = [found[0] for found in STRUCT.finditer(file.read())]
    if structs:
        listing = ".Bd -literal\n" + roff("\n".join(structs)) + "\n.Ed\n"
        before, heading, after = page.partition(".Sh DESCRIPTION\n")
        page = before + listing + heading + after
    with open(output, "w", encoding="utf-8") as file:
        file.write(page)


main()
