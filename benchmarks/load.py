"""Time and peak memory of loading a scene of 1 M splats (SH degree 3) in each written format.

python benchmarks/load.py [--splats N]

Warm: the file is in the page cache. The memory is the growth of the process's resident peak over
the file's size (Linux); each load is repeated and the fastest counts.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import voile
from voile.scenes.io import FORMATS

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))
from make_splats import make_splats


def status(field: str) -> int:
    """A line of /proc/self/status in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def measure(path: Path, repeats: int) -> tuple[float, float]:
    """(fastest load in seconds, peak memory in multiples of the file's size)."""
    times = []
    before = status("VmRSS")
    for repeat in range(repeats):
        start = time.perf_counter()
        voile.load(path)
        times.append(time.perf_counter() - start)
        if repeat == 0:  # later loads reuse what the first one gave back
            peak = status("VmHWM") - before
    return min(times), peak / path.stat().st_size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--splats", type=int, default=1_000_000)
    count = parser.parse_args().splats
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        splats = make_splats(count, 3)
        for format in FORMATS.values():
            if format.write is not None:
                paths.append(Path(folder) / f"scene{format.extensions[0]}")
                voile.save(splats, paths[-1], format.name)
        del splats
        print(f"{'file':12} {'MB':>7} {'load s':>7} {'peak memory / file':>19}")
        for path in paths:
            path.read_bytes()
            # A process of its own: memory that an earlier load freed would hide this one's.
            fresh = multiprocessing.get_context("spawn")
            with ProcessPoolExecutor(1, mp_context=fresh) as process:
                seconds, ratio = process.submit(measure, path, 5).result()
            print(f"{path.name:12} {path.stat().st_size / 1e6:7.1f} {seconds:7.3f} {ratio:19.2f}")


if __name__ == "__main__":
    main()
