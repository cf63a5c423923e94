"""What the commands share: exit codes, progress on the terminal, and numbers for people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from ...scenes.progress import Progress, silent

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
"""Exit codes."""

KINDS = {"3d": "ellipsoids", "2d": "surfels", "mixed": "ellipsoids and surfels"}
"""`Splats.kind` for people."""


@contextmanager
def progress_bar(quiet: bool = False) -> Iterator[Progress]:
    """A progress callback drawn on stderr; silent when that is no terminal, or when asked."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield silent
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=1.0)

        def report(fraction: float, stage: str, /) -> None:
            bar.update(task, completed=fraction, description=stage)

        yield report


def size_text(count: float) -> str:
    """Bytes for people: 3.4 MB."""
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.2f} GB"
