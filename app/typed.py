"""`number`: what a person typed into a field, as a number."""

from __future__ import annotations

import math


def number(text: str, unit: str = "") -> float:
    """A finite number, with or without its unit; a decimal comma is as good as a point.

    Raises:
        ValueError: it is none.
    """
    value = float(text.strip().removesuffix(unit).replace(",", "."))
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is not a finite number")
    return value
