"""`GoldenStore`: a folder of goldens, and the pictures that explain what differs."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
from PIL import Image

from .gate import Picture, Verdict, compare


class GoldenStore:
    """A folder of goldens.

    Args:
        folder: the goldens, NAME.png.
        report: where the pictures of failures go; `write_report` makes a page of them.
        group: folder within the report, for stores that share one.
        update: rewrite goldens that fail or are missing instead of failing.
    """

    def __init__(
        self, folder: Path, report: Path, *, update: bool = False, group: str = ""
    ) -> None:
        self.folder, self.report, self.update, self.group = folder, report, update, group

    def names(self) -> set[str]:
        """Of all goldens in the folder."""
        return {path.stem for path in self.folder.glob("*.png")}

    def read(self, name: str) -> Picture:
        """A golden, (H, W, C) uint8."""
        with Image.open(self.folder / f"{name}.png") as image:
            return np.asarray(image)

    def check(self, name: str, actual: Picture) -> None:
        """Holds a picture, (H, W, C) uint8, against its golden.

        Raises:
            AssertionError: it fails the gate, or there is no golden.
        """
        __tracebackhide__ = True  # by pytest: the picture is at fault, not this code
        path = self.folder / f"{name}.png"
        if not path.exists():
            if self.update:
                self._write(path, actual)
                return
            _explain(self.report / self.group / name, actual, None, None)
            raise AssertionError(f"there is no golden {path.name}; run with --update-golden")
        expected = self.read(name)
        verdict = compare(actual, expected)
        if verdict.passed:
            return
        if self.update:
            self._write(path, actual)
            return
        _explain(self.report / self.group / name, actual, expected, verdict)
        raise AssertionError(f"{path.name}: {verdict.reason}; see {self.report / 'index.html'}")

    def _write(self, path: Path, picture: Picture) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path, optimize=True)


def _explain(
    folder: Path, actual: Picture, expected: Picture | None, verdict: Verdict | None
) -> None:
    """Actual, expected, difference times 16 and FLIP map as PNG files, the verdict as JSON."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    Image.fromarray(actual).save(folder / "actual.png")
    if expected is not None:
        Image.fromarray(expected).save(folder / "expected.png")
        if actual.shape == expected.shape:
            apart = np.abs(actual.astype(np.int16) - expected)
            apart = np.maximum(apart[..., :3], apart[..., 3:].max(axis=2, keepdims=True, initial=0))
            boosted = np.minimum(apart * 16, 255).astype(np.uint8)
            Image.fromarray(boosted).save(folder / "difference.png")
            Image.fromarray(_flip_map(expected, actual)).save(folder / "flip.png")
    values = asdict(verdict) if verdict else {"reason": "there is no golden"}
    (folder / "verdict.json").write_text(json.dumps(values))


def _flip_map(expected: Picture, actual: Picture) -> Picture:
    from ..metrics import flip  # a package that is large

    _, image = flip(expected[..., :3] / 255.0, actual[..., :3] / 255.0)
    return (np.clip(image, 0, 1) * 255).astype(np.uint8)
