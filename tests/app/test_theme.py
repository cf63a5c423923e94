"""The themes: whole, readable, chosen in the menu and worn from the next start on."""

import re

import pytest

pytest.importorskip("PySide6.QtGui")

from PySide6.QtGui import QColor, QPalette

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


@pytest.mark.window
def test_the_theme_is_chosen_in_the_menu(qtbot, make_window, preferences_path):
    window = make_window("cpu")
    assert window.actions_.themes["dark"].isChecked()
    window.actions_.themes["light"].trigger()
    assert "next start" in window.overlays.banners[-1].text
    assert preferences.load(preferences_path).theme == "light"
    window.close()
    assert make_window("cpu").actions_.themes["light"].isChecked()
