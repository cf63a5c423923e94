"""The `voile` command. Subcommands are in `commands/`, one module each, imported when they run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import cyclopts
from cyclopts import App, CycloptsError, Parameter

from ..scenes.errors import Cancelled, VoileError

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130

_HELP = """Draws Gaussian splats: in a window, or headless into files.

Without a subcommand it opens the window, on SCENE or on the built-in scene. SCENE is a file or
folder (PLY, compressed PLY, SPZ, SOG, .splat), or "builtin".

Exit codes: 0 done, 1 failed (one line on stderr says why), 2 wrong usage, 130 interrupted.
"""

app = App(
    name="voile",
    help=_HELP,
    help_format="plaintext",
    version_flags=["--version"],
    result_action="return_value",
    suppress_keyboard_interrupt=False,  # `run` gives it its exit code
)
app.command("voile.app.commands.view:view")
app.command("voile.app.commands.render:render")
app.command("voile.app.commands.compare:compare")
app.command("voile.app.commands.bench:bench")
app.command("voile.app.commands.info:info")
app.command("voile.app.commands.convert:convert")
app.command("voile.app.commands.bake:bake")


@app.default
def _default(
    scene: str = "builtin",
    /,
    *,
    backend: str = "gl",
    weights: Annotated[Path | None, Parameter(negative="")] = None,
    log: Annotated[Path | None, Parameter(negative="")] = None,
    log_level: str = "info",
) -> int:
    """Opens the window.

    Parameters
    ----------
    scene
        Scene file or folder, or "builtin".
    backend
        What draws: gl, cpu, reference or cuda.
    weights
        File of weights that `voile bake` has made, instead of the one beside the scene.
    log
        File for the messages of the program, instead of the one in the user's log folder.
    log_level
        The least that is written: debug, info, warning or error.
    """
    from .commands.view import view

    return view(scene, backend=backend, weights=weights, log=log, log_level=log_level)


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and exits the process with its code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Runs the command line and returns the exit code; errors are one line on stderr."""
    try:
        result = app(arguments, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        print(f"voile: {_one_line(error)} See voile --help.", file=sys.stderr)
        return USAGE
    except Cancelled:
        print("voile: cancelled", file=sys.stderr)
        return INTERRUPTED
    except VoileError as error:
        print(f"voile: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("voile: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe (head, less) had enough
        sys.stderr.close()
        return OK
    return result if isinstance(result, int) else OK


def _one_line(error: cyclopts.CycloptsError) -> str:
    return " ".join(str(error).split())
