"""Numbers in text fields."""

import math

import pytest

pytest.importorskip("PySide6.QtCore")

from voile.app.typed import narrow, number


@pytest.mark.parametrize(
    ("text", "value"),
    [("2", 2.0), (" -1.5 ", -1.5), ("0,25", 0.25), ("1e3", 1000.0), ("30°", 30.0), ("30 °", 30.0)],
)
def test_a_number_is_read_with_or_without_its_unit(text, value):
    assert number(text, "°") == value


@pytest.mark.parametrize("text", ["", "x", "nan", "-inf", "1e400", "1 2", "1,2,3", "5 m"])
def test_what_is_no_finite_number_is_refused(text):
    with pytest.raises(ValueError, match=r"could not convert|not a finite"):
        number(text, "°")


@pytest.mark.parametrize("exponent", range(-40, 40, 3))
def test_a_narrow_number_is_short_and_close(exponent):
    for sign in (-1.0, 1.0):
        value = sign * 1.23456789 * 10.0**exponent
        text = narrow(value)
        assert len(text) <= 8
        # Two digits at least; what is nothing beside any scene is told as 0.
        assert math.isclose(float(text), value, rel_tol=0.05) or (text, exponent < -12) == ("0", 1)
