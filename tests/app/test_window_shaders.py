"""Editing a shader while the window is open: drawn by at once, and a broken one does no harm."""

import shutil
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.window

pytest.importorskip("PySide6.QtCore")

from voile import shaders  # noqa: E402


def test_an_edited_shader_is_drawn_by_and_a_broken_one_is_told(
    qtbot, make_window, show, look, ply, tmp_path, monkeypatch
):
    folder = tmp_path / "shaders"
    shutil.copytree(Path(shaders.__file__).parent, folder)
    monkeypatch.setattr(shaders, "_root", lambda: folder)
    window = show(make_window("gl"), ply)
    before = look(window)
    edited = folder / "modes" / "sorted.frag"
    text = edited.read_text()
    assert "void main() {" in text
    edited.write_text(text.replace("void main() {", "void main() {\n    float x = nothing;"))
    qtbot.waitUntil(lambda: bool(window.overlays.banners))
    assert "sorted.frag:" in window.overlays.banners[-1].text
    assert "float x = nothing;" in window.overlays.banners[-1].text
    np.testing.assert_array_equal(look(window), before)
    head, body = text.split("void main() {")
    edited.write_text(f"{head}void main() {{\n    if (gl_FragCoord.x < 100.0) discard;{body}")
    qtbot.waitUntil(lambda: (look(window)[:, :100] == look(window)[0, 0]).all())
    assert (look(window)[:, 120:] != look(window)[0, 0]).any()
