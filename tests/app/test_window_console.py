"""The console: statements, output, errors, history and completion."""

import pytest

from voile.app.interpreter import Interpreter, completed

Qt = pytest.importorskip("PySide6.QtCore").Qt

from voile.app.console_panel import LONGEST  # noqa: E402


def test_statements_keep_their_names_and_print():
    python = Interpreter({"three": 3})
    assert python.run("x = three + 1") == ""
    assert python.run("x") == "4\n"
    assert python.run("for i in range(2):") == ""
    assert python.more
    assert python.run("    print(i)") == ""
    assert python.run("") == "0\n1\n"
    assert not python.more


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("1 +", "SyntaxError"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("import sys; sys.exit(3)", "does not end the program"),
        ("import sys; print('x', file=sys.stderr)", "x"),
    ],
)
def test_nothing_gets_out(line, words):
    python = Interpreter({})
    assert words in python.run(line)
    assert "interpreter.py" not in python.run(line)
    assert python.run("1 + 1") == "2\n"


def test_incomplete_statements_can_be_given_up():
    python = Interpreter({})
    python.run("if True:")
    python.forget()
    assert python.run("5") == "5\n"


def test_completion_goes_as_far_as_all_names_agree():
    python = Interpreter({"splats": "abc", "splat_scale": 1})
    assert set(python.completions("print(spl")) == {"splats", "splat_scale"}
    assert completed("print(spl", python.completions("print(spl")) == "print(splat"
    assert "splats.upper" in python.completions("splats.up")
    assert completed("x = splats.upp", python.completions("x = splats.upp")) == "x = splats.upper"
    assert python.completions("(") == []


@pytest.mark.window
def test_console_in_the_window(qtbot, make_window, show, look, ply):
    window = show(make_window("cpu"), ply)
    look(window)
    window.docks.show("console")
    panel = window.docks["console"]
    panel.line.setFocus()

    def enter(text):
        panel.line.setText(text)
        qtbot.keyClick(panel.line, Qt.Key.Key_Return)
        return panel.output.toPlainText()

    assert "40" in enter("len(splats)").splitlines()[-1]
    long = enter("print('x' * 50_000)").splitlines()[-1]
    assert long == "x" * LONGEST + f"… and {50_000 - LONGEST:,} characters more"
    enter("settings.splat_scale = 0.5")
    assert window.session.settings.splat_scale == 0.5
    assert "ValueError" in enter("raise ValueError('no')")
    assert "Camera(" in enter("camera")
    enter("editor.select_all()")
    assert window.session.nodes[0].selected.count == 40
    panel.line.clear()
    qtbot.keyClick(panel.line, Qt.Key.Key_Up)
    qtbot.keyClick(panel.line, Qt.Key.Key_Up)
    assert panel.line.text() == "camera"
    qtbot.keyClick(panel.line, Qt.Key.Key_Down)
    assert panel.line.text() == "editor.select_all()"
    panel.line.setText("sess")
    qtbot.keyClick(panel.line, Qt.Key.Key_Tab)
    assert panel.line.text() == "session"
    panel.line.setText("session.op")
    qtbot.keyClick(panel.line, Qt.Key.Key_Tab)
    assert panel.line.text() == "session.opened"
    assert panel.line.hasFocus() or not window.isActiveWindow()
