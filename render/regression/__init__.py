"""Screenshot regression: pictures held against goldens, and a page that shows what differs.

`voile.testing` is the pytest plugin made of it.
"""

from .gate import Picture, Verdict, compare
from .report import write_report
from .store import GoldenStore

__all__ = ["GoldenStore", "Picture", "Verdict", "compare", "write_report"]
