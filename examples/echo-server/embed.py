"""Turns a file into a C array: embed.py INPUT OUTPUT NAME HEADER.

SPDX-License-Identifier: MIT
"""
import sys

source, target, name, header = sys.argv[1:]
with open(source, "rb") as file:
    data = file.read()
with open(target, "w", encoding="ascii") as out:
    out.write(f'#include "{header}"\n\nconst unsigned char {name}[] = {{')
    for i, byte in enumerate(data):
        out.write(("\n    " if i % 20 == 0 else " ") + f"{byte},")
    out.write(f"\n}};\nconst size_t {name}_size = sizeof {name};\n")
