"""Other machines: the cross compiler of each, and how a program that it built runs here. Programs are linked statically,
so that no library of the other machine is looked for.
"""
import pathlib
import shutil
import subprocess
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Machine:
    compiler: str
    emulator: str  # "": it runs here as it is
    packages: str  # Debian's names

    @property
    def is_here(self):
        return all(shutil.which(tool) for tool in (self.compiler, self.emulator) if tool)

    def run(self, program, *arguments):
        """What the program wrote, and whether it ended well."""
        return subprocess.run([*filter(None, [self.emulator]), str(program), *map(str, arguments)], capture_output=True,
                              text=True)


MACHINES = {
    "i686": Machine("i686-linux-gnu-gcc", "", "gcc-i686-linux-gnu libc6-dev-i386-cross"),
    "aarch64": Machine("aarch64-linux-gnu-gcc", "qemu-aarch64", "gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user"),
    "s390x": Machine("s390x-linux-gnu-gcc", "qemu-s390x", "gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user"),
}


def library_sources(*parts):
    """Of these parts of the library; of all, if none is named."""
    return [source for part in parts or ["*"] for source in sorted((ROOT / "lib").glob(f"{part}/*.c"))]


def build(compiler, flags, sources, target):
    """Builds a program from sources of the library and of tests; `compiler` is a list, and `flags` come last."""
    command = [*compiler, "-std=c11", "-D_GNU_SOURCE", f"-I{ROOT}/include", f"-I{ROOT}/lib", f"-I{ROOT}/tests/support", *flags,
               *map(str, sources), "-o", str(target), "-lpthread"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{compiler[-1]} {' '.join(flags)}:\n{done.stderr[:3000]}")
    return target
