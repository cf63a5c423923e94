"""The `voile` command. Subcommands are in `commands/`, one module each, imported when they run."""

from __future__ import annotations

import difflib
import os
import sys

import cyclopts
from cyclopts import App, CycloptsError

from ..scenes.errors import Cancelled, VoileError, plain
from .commands.console import FAILED, INTERRUPTED, OK, USAGE
from .commands.view import view

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
    if sys.stdout is not None and sys.stdout.errors == "strict":
        # Names of files may have letters that the terminal has not, or none that are letters.
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[attr-defined]
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Runs the command line and returns the exit code; errors are one line on stderr."""
    try:
        result = app(arguments, exit_on_error=False, print_error=False)
        if sys.stdout is not None:
            sys.stdout.flush()  # a full disk or a closed pipe is an error now, not at exit
    except CycloptsError as error:
        print(f"voile: {_usage(error, arguments)} See voile --help.", file=sys.stderr)
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
    except (BrokenPipeError, SystemExit):  # the latter of Rich, which has seen the former
        _drop_output()  # the reader of a pipe (head, less) had enough
        return OK
    except MemoryError:
        text = "there is not enough memory for this; ask for a smaller picture, or fewer splats"
        print(f"voile: {text}", file=sys.stderr)
        return FAILED
    except OSError as error:  # of stdout on a full disk: files have errors of their own
        _drop_output()
        where = plain(str(error.filename or "standard output"))
        print(f"voile: {where}: {error.strerror or error}", file=sys.stderr)
        return FAILED
    return result if isinstance(result, int) else OK


def _usage(error: cyclopts.CycloptsError, arguments: list[str]) -> str:
    """What is wrong about the words of the command line, in one line."""
    first = arguments[0] if arguments else ""
    meant = difflib.get_close_matches(first, [n for n in app if not n.startswith("-")], 1)
    if meant and first not in meant and not os.path.exists(first):
        return f'There is neither a command nor a file "{plain(first)}". Did you mean {meant[0]}?'
    return " ".join(str(error).split())


def _drop_output() -> None:
    """Has what is still in the buffers of stdout go nowhere, so that it is no error at exit."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
