"""Registers, spills and shared memory of every CUDA kernel; needs the compiler and no GPU.

    python benchmarks/kernel_resources.py [--write]

`--write` puts the table into docs/gpu-status.md, between its marks.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from voile.kernels.cuda.compile import ARCHITECTURES, Resources, compiler_version, resources
from voile.kernels.cuda.sources import FILES, load

DOCUMENT = Path(__file__).parent.parent / "docs" / "gpu-status.md"
BEGIN, END = "<!-- resources -->\n", "<!-- end of resources -->\n"


def cell(found: Resources) -> str:
    """Registers, and spilled bytes where there are any."""
    return f"{found.registers}" + (f", {found.spilled} B" if found.spilled else "")


def table(by_architecture: dict[int, dict[str, Resources]]) -> str:
    """The table: a row a kernel, a column an architecture, and the most of shared memory."""
    architectures = list(by_architecture)
    kernels = list(by_architecture[architectures[0]])
    lines = [
        "| kernel | shared bytes | " + " | ".join(f"sm_{a}" for a in architectures) + " |",
        "|---|---|" + "---|" * len(architectures),
    ]
    for kernel in kernels:
        found = [by_architecture[a][kernel] for a in architectures]
        cells = " | ".join(map(cell, found))
        lines.append(f"| `{kernel}` | {max(each.shared for each in found)} | {cells} |")
    return "\n".join(lines) + "\n"


def put_in(document: str, text: str) -> str:
    """The document with what is between its marks replaced."""
    before, rest = document.split(BEGIN)
    return before + BEGIN + "\n" + text + "\n" + END + rest.split(END)[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--write", action="store_true", help="into docs/gpu-status.md")
    options = parser.parse_args()
    found = {
        a: {kernel: each for name in FILES for kernel, each in resources(load(name), a).items()}
        for a in ARCHITECTURES
    }
    text = f"{time.strftime('%Y-%m-%d')}, NVRTC {compiler_version()}.\n\n" + table(found)
    print(text)
    if options.write:
        DOCUMENT.write_text(put_in(DOCUMENT.read_text(), text))


if __name__ == "__main__":
    main()
