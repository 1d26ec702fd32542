"""Writes one C file that includes every source of the library: one_file.py OUTPUT SOURCE..."""
import pathlib
import sys

output, *sources = sys.argv[1:]
lines = [f'#include "{pathlib.Path(source).resolve().as_posix()}"' for source in sources]
pathlib.Path(output).write_text("\n".join(lines) + "\n")
