"""The window's look: palettes and a style sheet; `icons` draws in the same colours."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QColor, QFont, QIcon, QPalette
from PySide6.QtWidgets import QApplication

from .icons import Engine

THEMES: dict[str, dict[str, str]] = {
    "dark": {
        "WINDOW": "#17191d",
        "RAISED": "#1f2227",
        "HOVER": "#2a2e35",
        "LINE": "#2c3037",
        "TEXT": "#dfe3e8",
        "MUTED": "#969da8",
        "FAINT": "#5d646f",
        "ACCENT": "#7fb4e6",
        "ALERT": "#e8887c",
        "PRESSED": "#343942",
        "ALARM": "#5b3a37",
    },
    "light": {
        "WINDOW": "#f4f5f7",
        "RAISED": "#ffffff",
        "HOVER": "#e2e6eb",
        "LINE": "#cfd4db",
        "TEXT": "#1d2127",
        "MUTED": "#535b67",
        "FAINT": "#9aa2ad",
        "ACCENT": "#1f6fb5",
        "ALERT": "#b3392c",
        "PRESSED": "#d5dae1",
        "ALARM": "#e0a9a3",
    },
}
"""Colours by theme; those in use are the names of this module, to be asked for when one paints."""

WINDOW = THEMES["dark"]["WINDOW"]
RAISED = THEMES["dark"]["RAISED"]
HOVER = THEMES["dark"]["HOVER"]
LINE = THEMES["dark"]["LINE"]
TEXT = THEMES["dark"]["TEXT"]
MUTED = THEMES["dark"]["MUTED"]
FAINT = THEMES["dark"]["FAINT"]
ACCENT = THEMES["dark"]["ACCENT"]
ALERT = THEMES["dark"]["ALERT"]
PRESSED = THEMES["dark"]["PRESSED"]
ALARM = THEMES["dark"]["ALARM"]

OVER_TEXT = THEMES["dark"]["TEXT"]
"""Of what is drawn into the picture itself, which is as dark in every theme."""

OVER_ACCENT = THEMES["dark"]["ACCENT"]
"""Likewise, of what is in hand."""

ASSETS = (Path(__file__).parent / "assets").as_posix()

GRID = 8
"""All gaps are multiples or halves of this, in device-independent pixels."""


def style() -> str:
    """The style sheet, in the colours in use."""
    # Overlays stand on any picture: nearly opaque, so that text keeps its contrast on white splats.
    veil, glow = QColor(WINDOW), QColor(ACCENT)
    over = f"rgba({veil.red()}, {veil.green()}, {veil.blue()}, 240)"
    drop = f"rgba({glow.red()}, {glow.green()}, {glow.blue()}, 22)"
    return f"""
* {{ outline: none; }}
QMainWindow, QDialog {{ background: {WINDOW}; }}
QMenuBar {{ background: {WINDOW}; color: {MUTED}; padding: 2px 4px; }}
QMenuBar::item {{ padding: 4px 10px; border-radius: 4px; background: transparent; }}
QMenuBar::item:selected {{ background: {HOVER}; color: {TEXT}; }}
QMenu {{ background: {RAISED}; color: {TEXT}; border: 1px solid {LINE}; padding: 5px; }}
QMenu::item {{ padding: 6px 28px 6px 12px; border-radius: 4px; }}
QMenu::item:selected {{ background: {HOVER}; }}
QMenu::item:disabled {{ color: {FAINT}; }}
QMenu::separator {{ height: 1px; background: {LINE}; margin: 5px 8px; }}
QMenu::icon {{ padding-left: 8px; }}
QMenu::indicator {{ width: 14px; height: 14px; padding-left: 8px; }}
QToolBar {{ background: {WINDOW}; border: none; border-bottom: 1px solid {LINE};
            padding: 0px 8px 3px 8px; spacing: 2px; }}
QToolBar::separator {{ width: 1px; background: {LINE}; margin: 6px 8px; }}
QToolButton {{ color: {MUTED}; background: transparent; border: none; border-radius: 5px;
               padding: 5px 7px; }}
QToolButton:hover, QToolButton:pressed, QToolButton:open {{ background: {HOVER}; color: {TEXT}; }}
QToolButton:checked {{ color: {ACCENT}; background: {HOVER}; }}
QToolButton:disabled {{ color: {FAINT}; }}
QToolButton::menu-indicator {{ image: none; }}
QToolTip {{ background: {RAISED}; color: {TEXT}; border: 1px solid {LINE}; padding: 5px 7px; }}
QLabel {{ color: {TEXT}; background: transparent; }}
QLabel[role="muted"] {{ color: {MUTED}; }}
QLabel[role="accent"] {{ color: {ACCENT}; }}
QPushButton {{ background: {HOVER}; color: {TEXT}; border: 1px solid {LINE}; border-radius: 5px;
               padding: 6px 16px; }}
QPushButton:hover {{ background: {PRESSED}; }}
QPushButton:focus {{ border-color: {ACCENT}; }}
QPushButton:disabled {{ color: {FAINT}; background: {RAISED}; }}
QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QPushButton[role="quiet"] {{ background: transparent; border: none; color: {MUTED};
                             padding: 4px 8px; }}
QPushButton[role="quiet"]:hover {{ color: {TEXT}; background: {HOVER}; }}
QProgressBar {{ background: {LINE}; border: none; border-radius: 2px; max-height: 4px;
                min-height: 4px; }}
QProgressBar::chunk {{ background: {ACCENT}; border-radius: 2px; }}
QFrame[role="overlay"] {{ background: {over}; border: 1px solid {LINE}; border-radius: 7px; }}
QFrame[role="alert"] {{ background: {over}; border: 1px solid {ALARM}; border-radius: 7px; }}
QFrame[role="drop"] {{ background: {drop}; border: 2px dashed {ACCENT};
                       border-radius: 10px; }}
QMainWindow::separator {{ background: {LINE}; width: 1px; height: 1px; }}
QMainWindow::separator:hover {{ background: {ACCENT}; }}
QWidget[role="panel"] {{ background: {WINDOW}; }}
QDockWidget {{ color: {MUTED}; }}
QDockWidget::title {{ background: {WINDOW}; padding: 6px 14px; text-align: left; }}
QDockWidget::close-button, QDockWidget::float-button {{ background: transparent; border: none;
                                                      padding: 0; icon-size: 12px; }}
QDockWidget::close-button:hover, QDockWidget::float-button:hover {{ background: {HOVER};
                                                                  border-radius: 4px; }}
QTabBar {{ background: {WINDOW}; border: none; qproperty-drawBase: 0; }}
QTabBar::tab {{ background: {WINDOW}; color: {MUTED}; border: none; padding: 7px 9px 6px 9px;
                border-bottom: 2px solid transparent; }}
QTabBar::tab:hover {{ color: {TEXT}; }}
QTabBar::tab:selected {{ color: {TEXT}; border-bottom: 2px solid {ACCENT}; }}
QTabBar QToolButton {{ background: {WINDOW}; border: none; }}
QPushButton[role="group"] {{ background: transparent; border: none; padding: 5px 0px;
                             text-align: left; color: {TEXT}; }}
QPushButton[role="group"]:hover {{ color: {ACCENT}; background: transparent; }}
QToolButton[role="reset"] {{ padding: 0px; }}
QToolButton[role="reset"]:hover {{ background: {HOVER}; }}
QCollapsible, QCollapsible > QFrame, QCollapsible QScrollArea {{ border: none; }}
QSlider::sub-page:horizontal:disabled {{ background: {FAINT}; }}
QSlider::handle:horizontal:disabled {{ background: {FAINT}; }}
QLineEdit:disabled, QCheckBox:disabled {{ color: {FAINT}; }}
QPushButton[role="segment"]:disabled {{ color: {FAINT}; border-color: {LINE}; }}
QScrollArea {{ background: {WINDOW}; border: none; }}
QFrame[role="rule"] {{ background: {LINE}; border: none; max-height: 1px; min-height: 1px; }}
QComboBox {{ background: {RAISED}; color: {TEXT}; border: 1px solid {LINE}; border-radius: 5px;
             padding: 4px 8px; }}
QComboBox:hover, QLineEdit:hover {{ border-color: {FAINT}; }}
QComboBox:focus, QLineEdit:focus {{ border-color: {ACCENT}; }}
QComboBox:disabled {{ color: {FAINT}; }}
QComboBox::drop-down {{ border: none; width: 24px; }}
QComboBox::down-arrow {{ image: url("{ASSETS}/chevron.svg"); width: 14px; height: 14px; }}
QComboBox QAbstractItemView {{ background: {RAISED}; color: {TEXT}; border: 1px solid {LINE};
                               selection-background-color: {HOVER}; selection-color: {TEXT};
                               padding: 4px; }}
QSpinBox QLineEdit {{ border: none; border-radius: 0; padding: 0 3px; background: transparent; }}
QLineEdit {{ background: {RAISED}; color: {TEXT}; border: 1px solid {LINE}; border-radius: 5px;
             padding: 3px 6px; }}
QSlider::groove:horizontal {{ background: {LINE}; height: 4px; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {ACCENT}; border-radius: 2px; }}
QSlider::handle:horizontal {{ background: {TEXT}; width: 12px; height: 12px; margin: -4px 0;
                              border-radius: 6px; }}
QCheckBox {{ color: {TEXT}; spacing: 8px; }}
QCheckBox::indicator {{ width: 14px; height: 14px; background: {RAISED}; border: 1px solid {FAINT};
                        border-radius: 4px; }}
QCheckBox::indicator:checked {{ background: {ACCENT}; border-color: {ACCENT};
                                image: url("{ASSETS}/check.svg"); }}
QPushButton[role="segment"] {{ background: {RAISED}; color: {MUTED}; border: 1px solid {LINE};
                               border-radius: 5px; padding: 4px 2px; }}
QPushButton[role="segment"]:hover {{ color: {TEXT}; }}
QPushButton[role="segment"]:checked {{ background: {HOVER}; color: {TEXT};
                                       border-color: {ACCENT}; }}
QPlainTextEdit {{ background: {WINDOW}; color: {MUTED}; border: 1px solid {LINE};
                  border-radius: 5px; selection-background-color: {HOVER}; }}
QListWidget {{ background: {RAISED}; color: {TEXT}; border: 1px solid {LINE}; border-radius: 5px;
              padding: 2px; }}
QListWidget::item {{ padding: 4px 6px; border: none; border-radius: 3px; }}
QListWidget::item:selected {{ background: {HOVER}; color: {ACCENT}; }}
QListWidget::item:hover {{ background: {HOVER}; }}
QTreeWidget {{ background: {RAISED}; color: {TEXT}; border: none; }}
QTreeWidget::item {{ padding: 5px 6px; border: none; }}
QTreeWidget::item:selected, QTreeWidget::item:hover {{ background: {HOVER}; color: {TEXT}; }}
QScrollBar:vertical {{ background: transparent; width: 10px; }}
QScrollBar::handle:vertical {{ background: {HOVER}; border-radius: 5px; min-height: 24px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; }}
"""


def colors() -> dict[str, str]:
    """The theme that is worn; the same object as long as it is the same."""
    return next(each for each in THEMES.values() if each["WINDOW"] == WINDOW)


def apply(app: QApplication, theme: str = "dark") -> None:
    """Dresses the application: Fusion on every platform, whatever the desktop says."""
    globals().update(THEMES[theme])
    app.setStyleSheet("")  # else each step below restyles every widget by the old one
    app.setStyle("Fusion")
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, color in (
        (roles.Window, WINDOW),
        (roles.Base, RAISED),
        (roles.AlternateBase, WINDOW),
        (roles.Button, RAISED),
        (roles.ToolTipBase, RAISED),
        (roles.WindowText, TEXT),
        (roles.Text, TEXT),
        (roles.ButtonText, TEXT),
        (roles.ToolTipText, TEXT),
        (roles.PlaceholderText, FAINT),
        (roles.Highlight, ACCENT),
        (roles.HighlightedText, WINDOW),
        (roles.Link, ACCENT),
    ):
        palette.setColor(role, QColor(color))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(FAINT))
    app.setPalette(palette)
    app.setStyleSheet(style())


def icon(name: str, role: str = "MUTED") -> QIcon:
    """An icon of Material Design Icons by name, in a colour of the theme that is worn."""
    return QIcon(Engine(name, role, colors))


def sized(font: QFont, factor: float, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """A copy of a font, larger or smaller, with figures of equal width where it has them."""
    font = QFont(font)
    if font.pointSizeF() > 0:
        font.setPointSizeF(font.pointSizeF() * factor)
    font.setWeight(weight)
    if hasattr(font, "setFeature"):  # Qt 6.7
        font.setFeature(QFont.Tag("tnum"), 1)
    return font
