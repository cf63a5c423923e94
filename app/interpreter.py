"""`Interpreter`: Python, line by line, whose output and errors are text. No Qt."""

from __future__ import annotations

import code
import contextlib
import io
import keyword
import rlcompleter
import traceback
from typing import Any


class Interpreter:
    """Runs statements as Python's own prompt does; nothing that they raise gets out.

    Args:
        names: what is known at first.

    Attributes:
        names: the variables.
        more: whether a statement is not complete yet.
    """

    def __init__(self, names: dict[str, Any]) -> None:
        self.names = names | {"__name__": "__console__"}
        self.more = False
        self._lines: list[str] = []
        self._compile = code.compile_command

    def run(self, line: str) -> str:
        """Takes a line; what was printed once the statement is complete, also of its error."""
        self._lines.append(line)
        self.more = False
        try:
            compiled = self._compile("\n".join(self._lines), "<console>", "single")
        except (SyntaxError, ValueError, OverflowError):
            self._lines = []
            return traceback.format_exc(limit=0)
        if compiled is None:
            self.more = True
            return ""
        self._lines = []
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            try:
                exec(compiled, self.names)
            except SystemExit:
                print("The console does not end the program; close the window instead.")
            except BaseException as error:
                # Without the frame of this function, which a user knows nothing of.
                trace = error.__traceback__
                trace = trace and trace.tb_next
                printed.write("".join(traceback.format_exception(type(error), error, trace)))
        return printed.getvalue()

    def forget(self) -> None:
        """Gives up an incomplete statement."""
        self._lines, self.more = [], False

    def completions(self, text: str) -> list[str]:
        """What the word at the end of a line may go on to be, without calling anything."""
        word = text[_word_start(text) :]
        if not word:
            return []
        completer = rlcompleter.Completer(self.names)
        found: dict[str, None] = {}
        for state in range(200):
            try:
                name = completer.complete(word, state)
            except Exception:  # attributes may raise whatever they like
                break
            if name is None:
                break
            found[name.partition("(")[0].rstrip()] = None
        return [name for name in found if not keyword.iskeyword(name) or "." not in word]


def completed(text: str, names: list[str]) -> str:
    """A line with its last word as long as all names agree."""
    if not names:
        return text
    common = names[0]
    for name in names[1:]:
        while not name.startswith(common):
            common = common[:-1]
    start = _word_start(text)
    return text[:start] + common if len(common) > len(text) - start else text


def _word_start(text: str) -> int:
    at = len(text)
    while at > 0 and (text[at - 1].isalnum() or text[at - 1] in "._"):
        at -= 1
    return at
