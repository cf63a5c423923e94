"""The `voile` command. Subcommands are in `commands/`, one module each, imported when they run."""

from __future__ import annotations

import sys

import cyclopts
from cyclopts import App, CycloptsError

from ..scenes.errors import Cancelled, VoileError
from .commands.view import view

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130

_HELP = """Draws Gaussian splats: in a window, or headless into files.

Without a subcommand it opens the window, on SCENE or on the built-in scene. SCENE is a file or
folder (PLY, compressed PLY, SPZ, SOG, .splat), or "builtin" or "builtin:materials".

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
app.command("voile.app.commands.install_desktop:install_desktop")
app.command("voile.app.commands.bake_material:bake_material")
app.command("voile.app.commands.fit:fit")


app.default(view)


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
