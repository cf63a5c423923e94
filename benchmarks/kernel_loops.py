"""Instructions in the loops of CUDA kernels, from their machine code; needs no GPU.

    pip install nvidia-cuda-nvdisasm
    python benchmarks/kernel_loops.py [FILE ...] [--architectures 89,90] [--all]

A loop is what lies between a branch backwards and where it leads to. Of a rasterizer the shortest
is what one splat costs a warp in a sub-tile, the next what 32 splats cost on top, and the longest
what a batch costs on top of that. Without `--all` loops with a 2^x are listed, those that blend.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from voile.kernels.cuda.compile import compile_source
from voile.kernels.cuda.sources import load

FILES = ("modes/sorted.cu", "modes/weighted.cu", "modes/cells.cu", "modes/stochastic.cu")

_FUNCTION = re.compile(r"\s*\.type\s+(\S+),@function")
_LABEL = re.compile(r"\s*(\.L_x_\d+):")
_INSTRUCTION = re.compile(r"\s*/\*[0-9a-f]+\*/\s+(.*);")
_BRANCH = re.compile(r"\bBRA\b.*`\((\.L_x_\d+)\)")


class Loop(NamedTuple):
    """A loop of a kernel's machine code.

    Attributes:
        kernel: whose.
        instructions: all in it, those of loops within it too.
        special: of these, how many the special function units take.
        shared: of these, how many read or write shared memory.
        exponentials: of these, how many are 2^x.
    """

    kernel: str
    instructions: int
    special: int
    shared: int
    exponentials: int


def loops(assembly: str) -> list[Loop]:
    """The loops in what nvdisasm says of a cubin."""
    kernel, labels, lines = "", {}, []
    for line in assembly.splitlines():
        if match := _FUNCTION.match(line):
            kernel = match[1]
        elif match := _LABEL.match(line):
            labels[match[1]] = len(lines)
        elif match := _INSTRUCTION.match(line):
            lines.append((kernel, match[1]))
    found = []
    for end, (name, text) in enumerate(lines):
        match = _BRANCH.search(text)
        if match and labels.get(match[1], end + 1) < end:
            body = [each for _, each in lines[labels[match[1]] : end + 1]]
            special, shared, powers = (
                sum(bool(re.search(rf"\b{what}", each)) for each in body)
                for what in ("MUFU", "(LDS|STS)", r"MUFU\.EX2")
            )
            found.append(Loop(name, len(body), special, shared, powers))
    return found


def disassembler() -> str | None:
    """nvdisasm, of the machine or of its package."""
    if (found := shutil.which("nvdisasm")) is not None:
        return found
    spec = find_spec("nvidia")
    places = list(spec.submodule_search_locations or []) if spec else []
    return next((str(p) for place in places for p in Path(place).glob("*/bin/nvdisasm*")), None)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("files", nargs="*", default=FILES, help="of voile/kernels/cuda")
    parser.add_argument("--architectures", default="89,90", help="compute capabilities, times 10")
    parser.add_argument("--all", action="store_true", help="loops without a 2^x too")
    options = parser.parse_args()
    program = disassembler()
    if program is None:
        print("nvdisasm is missing: pip install nvidia-cuda-nvdisasm")
        return 2
    for file in options.files:
        for architecture in map(int, options.architectures.split(",")):
            with tempfile.NamedTemporaryFile(suffix=".cubin") as code:
                code.write(compile_source(load(file), architecture))
                code.flush()
                result = subprocess.run(
                    [program, "-c", code.name], capture_output=True, text=True, check=True
                )
            for loop in loops(result.stdout):
                if loop.exponentials or options.all:
                    print(
                        f"sm_{architecture} {loop.kernel}: {loop.instructions} instructions, "
                        f"{loop.special} special, {loop.shared} shared memory"
                    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
