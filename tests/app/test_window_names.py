"""Every control of the window says to a screen reader what it is."""

import pytest

pytestmark = pytest.mark.window

pytest.importorskip("PySide6.QtCore")

from PySide6.QtGui import QAccessible  # noqa: E402
from PySide6.QtWidgets import (  # noqa: E402
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QScrollBar,
)

from voile.app.docks import DOCKS  # noqa: E402

KINDS = (
    QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit,
)  # fmt: skip


def nameless(root):
    """Controls without a name, by where they are."""
    found = []
    for widget in _controls(root):
        name = QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)
        if not name.strip():
            chain, each = [], widget
            while each is not None and each is not root:
                chain.append(each.objectName() or type(each).__name__)
                each = each.parentWidget()
            found.append(" < ".join(chain))
    return sorted(set(found))


def _controls(root):
    for kind in KINDS:
        for widget in root.findChildren(kind):
            above, inside = widget.parentWidget(), False
            while above is not None:
                inside |= isinstance(above, QComboBox | QAbstractSpinBox | QLineEdit)
                above = above.parentWidget()
            private = widget.objectName().startswith("qt_")
            if not (inside or private or isinstance(widget, QScrollBar | QHeaderView)):
                yield widget


def test_every_control_has_a_name(qtbot, make_window, show, look, ply):
    window = show(make_window("cpu", size=(1100, 800), panels=True), ply)
    look(window)
    for dock in DOCKS:
        window.docks.show(dock.name)
    assert len(list(_controls(window))) > 60
    assert nameless(window) == []
    window.docks.show("compare", False)
    QLineEdit(window.viewport)  # the test hears of one that has none
    assert nameless(window) == ["QLineEdit < Viewport"]
