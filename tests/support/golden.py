"""Screenshot regression: compare a picture with its golden, and show what differs.

The gate has two parts, and both must hold:

- |difference| <= 3/255 in every channel, except at 0.04 % of the pixels (10 at least): another
  driver's rounding passes, a shifted edge or 50 fireflies do not;
- |mean signed difference| <= 0.25/255 in every channel: noise cancels, a change of brightness or
  gamma does not.

FLIP and SSIM rank a white box below harmless noise, so they never gate; FLIP draws the explanation.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.uint8]

MAX_DIFFERENCE = 3
"""Per channel and pixel, of 255."""
FREE_PIXELS = 10
FREE_SHARE = 0.0004
MAX_MEAN = 0.25
"""Mean signed difference per channel, of 255."""


@dataclass(frozen=True)
class Verdict:
    """How a picture compares with its golden; `reason` is empty when it passed."""

    off_pixels: int
    allowed_pixels: int
    largest: int
    mean_signed: tuple[float, ...]
    reason: str

    @property
    def passed(self) -> bool:
        return not self.reason


def compare(actual: Picture, expected: Picture) -> Verdict:
    """The gate. Pictures are (H, W, C) uint8; another shape fails."""
    if actual.shape != expected.shape:
        reason = f"its shape is {actual.shape}, the golden's is {expected.shape}"
        return Verdict(0, 0, 255, (), reason)
    difference = actual.astype(np.int16) - expected
    apart = np.abs(difference).max(axis=2)
    off = int((apart > MAX_DIFFERENCE).sum())
    allowed = max(FREE_PIXELS, int(FREE_SHARE * apart.size))
    mean = tuple(float(m) for m in difference.reshape(-1, difference.shape[2]).mean(axis=0))
    reasons = []
    if off > allowed:
        reasons.append(f"{off} pixels differ by more than {MAX_DIFFERENCE}/255 ({allowed} may)")
    if max(map(abs, mean)) > MAX_MEAN:
        shown = ", ".join(f"{m:+.3f}" for m in mean)
        reasons.append(f"the mean difference is ({shown})/255 ({MAX_MEAN} may be)")
    return Verdict(off, allowed, int(apart.max()), mean, "; ".join(reasons))


class GoldenStore:
    """A folder of goldens.

    Args:
        folder: the goldens, NAME.png.
        report: where the pictures of failures go; `golden_report` makes a page of them.
        update: rewrite goldens that fail or are missing instead of failing.
    """

    def __init__(self, folder: Path, report: Path, *, update: bool = False) -> None:
        self.folder, self.report, self.update = folder, report, update

    def names(self) -> set[str]:
        return {path.stem for path in self.folder.glob("*.png")}

    def read(self, name: str) -> Picture:
        with Image.open(self.folder / f"{name}.png") as image:
            return np.asarray(image)

    def check(self, name: str, actual: Picture) -> None:
        """Raises AssertionError when the picture fails the gate or has no golden."""
        path = self.folder / f"{name}.png"
        if not path.exists():
            if self.update:
                self._write(path, actual)
                return
            _explain(self.report / name, actual, None, None)
            raise AssertionError(f"there is no golden {path.name}; run with --update-golden")
        expected = self.read(name)
        verdict = compare(actual, expected)
        if verdict.passed:
            return
        if self.update:
            self._write(path, actual)
            return
        _explain(self.report / name, actual, expected, verdict)
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
    from voile.render.metrics import flip

    _, image = flip(expected[..., :3] / 255.0, actual[..., :3] / 255.0)
    return (np.clip(image, 0, 1) * 255).astype(np.uint8)
