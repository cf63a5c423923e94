"""The themes: whole, readable, worn as soon as they are chosen, or as the desktop changes."""

import re

import numpy as np
import pytest

pytest.importorskip("PySide6.QtGui")

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPalette, QStyleHints
from PySide6.QtWidgets import QToolBar

from voile.app import preferences, theme


def contrast(a, b):
    """Of two colours, by WCAG 2: 1 to 21."""

    def light(name):
        parts = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4
                 for v in QColor(name).getRgbF()[:3]]  # fmt: skip
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((light(a), light(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", theme.THEMES)
def test_every_theme_is_whole_and_readable(name):
    colors = theme.THEMES[name]
    assert colors.keys() == theme.THEMES["dark"].keys()
    for below in ("WINDOW", "RAISED", "HOVER"):
        assert contrast(colors["TEXT"], colors[below]) > 7
        assert contrast(colors["MUTED"], colors[below]) > 4.5
    for over in ("ACCENT", "ALERT"):
        assert contrast(colors[over], colors["WINDOW"]) > 4.5


@pytest.mark.window
def test_a_theme_dresses_the_application(qapp):
    try:
        theme.apply(qapp, "light")
        assert theme.THEMES["light"]["WINDOW"] == theme.WINDOW
        assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(theme.WINDOW)
        used = set(re.findall(r"#[0-9a-f]{6}", qapp.styleSheet()))
        assert used <= set(theme.THEMES["light"].values())
    finally:
        theme.apply(qapp, "dark")
    used = set(re.findall(r"#[0-9a-f]{6}", qapp.styleSheet()))
    assert used <= set(theme.THEMES["dark"].values())


@pytest.fixture
def dark(qapp):
    yield
    theme.apply(qapp, "dark")


def luminance(widget):
    """Mean of what a widget shows, 0 to 255."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    return np.frombuffer(image.constBits(), np.uint8).mean()


@pytest.mark.window
@pytest.mark.usefixtures("dark")
def test_a_theme_that_is_chosen_is_worn_at_once(qtbot, make_window, preferences_path):
    window = make_window("cpu", size=(900, 600), panels=True)
    bar, timeline = window.findChild(QToolBar), window.docks["path"].timeline
    window.docks.show("path")
    reset = window.actions_.reset.icon()
    icon_before = luminance_of(reset)
    before = [luminance(widget) for widget in (bar, window.docks["quality"], timeline)]
    assert max(before) < 90
    assert reset.pixmap(0, 0).isNull()
    window.actions_.themes["light"].trigger()
    qtbot.wait(50)
    after = [luminance(widget) for widget in (bar, window.docks["quality"], timeline)]
    assert min(after) > 180
    assert luminance_of(reset) < icon_before - 40, "an icon that was made in the dark"
    assert preferences.load(preferences_path).theme == "light"
    window.close()
    assert make_window("cpu").actions_.themes["light"].isChecked()


def luminance_of(icon):
    """Mean brightness of an icon where it is opaque."""
    image = icon.pixmap(32, 32).toImage().convertToFormat(QImage.Format.Format_RGBA8888)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(-1, 4).astype(float)
    return (pixels[:, :3].mean(axis=1) * pixels[:, 3]).sum() / pixels[:, 3].sum()


@pytest.mark.window
@pytest.mark.usefixtures("dark")
def test_the_desktops_scheme_is_followed_where_that_is_chosen(qtbot, make_window, monkeypatch):
    scheme = [Qt.ColorScheme.Dark]
    monkeypatch.setattr(QStyleHints, "colorScheme", lambda self: scheme[0])
    window = make_window("cpu")
    hints = QGuiApplication.styleHints()
    scheme[0] = Qt.ColorScheme.Light
    hints.colorSchemeChanged.emit(scheme[0])
    assert theme.colors() is theme.THEMES["dark"], "dark is what was chosen"
    window.actions_.themes["system"].trigger()
    assert theme.colors() is theme.THEMES["light"]
    scheme[0] = Qt.ColorScheme.Dark
    hints.colorSchemeChanged.emit(scheme[0])
    assert theme.colors() is theme.THEMES["dark"]
