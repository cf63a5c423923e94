"""Random, seeded use of the window: mouse, keys, commands, settings, opening and editing.

As a test: `tests/app/test_window_monkey.py`, bounded by a number of actions. As a tool, bounded by
time, under a display:

    xvfb-run -a python tests/support/monkey.py --minutes 30 --seed 1

It ends at the first exception or logged error and says which actions led there. Every three
minutes the window comes to rest on a small scene, and the memory that it then holds is told, which
may not have grown in the end.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import logging
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

from playing import Monkey, answer_dialogs
from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication

REST_EVERY = 180.0
"""Seconds between two looks at what the window holds at rest."""
MAY_GROW = 100
"""MB by which that may be more at the end than at the first look: shaders and fonts come late."""


def resident() -> float:
    """Memory of this process, MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


class _Mallinfo2(ctypes.Structure):
    """What glibc 2.33 says of its memory, bytes."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks",
                     "uordblks", "fordblks", "keepcost")
    ]  # fmt: skip


def in_use() -> float:
    """Memory that something still holds, MB, when what nobody refers to was given back.

    Not what the system counts for the process: that has holes too, which the allocator keeps to
    fill later and which depend on what lay beside what. Where there is no glibc, it is that.
    """
    gc.collect()
    try:
        libc = ctypes.CDLL("libc.so.6")
        libc.mallinfo2.restype = _Mallinfo2
    except (OSError, AttributeError):
        return resident()
    libc.malloc_trim(0)
    found = libc.mallinfo2()
    return (found.uordblks + found.hblkhd) / 2**20


def main() -> int:
    """Plays for some minutes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--backend", default="cpu")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    os.environ |= {"VOILE_DATA_DIR": str(folder), "VOILE_CONFIG_DIR": str(folder)}
    from make_splats import make_splats
    from PySide6.QtCore import QCoreApplication
    from PySide6.QtGui import QSurfaceFormat

    from voile.app import display, theme
    from voile.app.session import Session
    from voile.app.window import MainWindow
    from voile.scenes.io import save

    QSurfaceFormat.setDefaultFormat(display.surface_format())
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    app = QApplication([])
    theme.apply(app)
    scenes = [folder / f"{n}.ply" for n in (30, 400, 3000)]
    for path in scenes:
        save(make_splats(int(path.stem), 2), path)
    errors: list[str] = []

    class Listen(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            errors.append(self.format(record))

    logging.getLogger("voile").addHandler(Listen(logging.ERROR))
    answer_dialogs(setattr)
    window = MainWindow(Session(args.backend), folder / "window.json")
    window.failures.happened.connect(lambda error: errors.append(repr(error)))
    window.resize(700, 500)
    window.show()
    window.open(str(scenes[0]))
    monkey = Monkey(window, scenes, args.seed)
    count, rests = 0, []

    def quiet() -> None:
        """The window at rest on the smallest scene, with nothing to undo; what it holds then."""
        window.opening.cancel()
        session = window.session
        session.comparison.active = False
        session.backend = args.backend
        for name, value in session.defaults.to_dict().items():
            setattr(session.settings, name, value)
        window.editing.tools.take("view")
        window.docks.show_all(False)
        window.resize(700, 500)
        window.open(str(scenes[0]))
        end = time.time() + 60
        wait(lambda: (not window.loading and window.viewport.settled) or time.time() > end)
        window.history.clear()
        pause = time.time() + 3
        wait(lambda: time.time() > pause)
        rests.append(in_use())
        print(f"{count} actions, {rests[-1]:.0f} MB in use at rest, {resident():.0f} MB resident",
              flush=True)  # fmt: skip

    def wait(until) -> None:
        """Runs the event loop: what is deleted later goes only in one that runs."""
        loop, timer = QEventLoop(), QTimer()
        timer.timeout.connect(lambda: loop.quit() if until() else None)
        timer.start(5)
        loop.exec()

    begin, told = time.time(), time.time()
    while time.time() < begin + 60 * args.minutes and not errors:
        try:
            monkey.act()
        except Exception:
            errors.append(traceback.format_exc())
        count += 1
        pause = time.time() + monkey.random.choice((0.0, 0.01, 0.05))
        wait(lambda at=pause: time.time() >= at)
        if time.time() > told + 30:
            told = time.time()
            print(f"{count} actions, {resident():.0f} MB", flush=True)
        if (time.time() - begin) / REST_EVERY > len(rests) + 1:
            quiet()
    for error in errors:
        print(error)
    if errors:
        print("\n".join(monkey.trail))
    else:
        quiet()
        grown = rests[-1] - rests[0]
        if grown > MAY_GROW:
            errors.append(f"{grown:.0f} MB more at rest than at first; {MAY_GROW} MB may be")
            print(errors[-1])
    window.close()
    end = time.time() + 1
    wait(lambda: time.time() > end)
    print(f"{count} actions, seed {args.seed}, {len(errors)} errors, at rest "
          f"{', '.join(f'{rest:.0f}' for rest in rests)} MB in use", flush=True)  # fmt: skip
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
