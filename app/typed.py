"""Numbers in text fields: `number` reads what was typed, `put_narrow` shows a value."""

from __future__ import annotations

import math

from PySide6.QtWidgets import QLineEdit


def number(text: str, unit: str = "") -> float:
    """A finite number, with or without its unit; a decimal comma is as good as a point.

    Raises:
        ValueError: it is none.
    """
    value = float(text.strip().removesuffix(unit).replace(",", "."))
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is not a finite number")
    return value


def narrow(value: float) -> str:
    """A number in at most 7 characters or two digits, for fields of which three share a row."""
    value = value if abs(value) > 1e-12 else 0.0  # no -0
    text = f"{value:.4g}"
    return text if len(text) <= 7 else f"{value:.2g}"


def put_narrow(field: QLineEdit, text: str) -> None:
    """Shows a text from its beginning, where it is wider than the field."""
    field.setText(text)
    field.setCursorPosition(0)
