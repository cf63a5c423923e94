"""Real scenes and independent reference images that may lie beside the checkout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import voile

ROOT = Path(voile.__file__).resolve().parent
DATA = ROOT.parent / "shared" / "data"

REFERENCES = {
    f"{name}_{view}": (scene, f"{name}_{view}_640x360")
    for name, scene in (("biker_spz", "biker.spz"), ("playbot_lod2", "playbot/2_0"))
    for view in "AB"
}
"""Independent references by name: (scene path below scenes/, stem of the files in refs/)."""


def scene_path(name: str) -> Path:
    """A file or folder in `scenes/`; skips the test when the data are not there."""
    return _existing(DATA / "scenes" / name)


def fixture_path(name: str) -> Path:
    """A file in `fixtures/`; skips the test when the data are not there."""
    return _existing(DATA / "fixtures" / name)


def reference(name: str) -> tuple[voile.Camera, np.ndarray, np.ndarray]:
    """Camera, colour (H, W, 3) premultiplied and alpha (H, W) of an independent reference."""
    stem = REFERENCES[name][1]
    camera = voile.Camera.load(_existing(DATA / "refs" / f"{stem}.json"))
    with np.load(DATA / "refs" / f"{stem}.npz") as arrays:
        return camera, arrays["color"].astype(np.float32), arrays["alpha"].astype(np.float32)


def _existing(path: Path) -> Path:
    if not path.exists():
        pytest.skip(f"no shared data: {path.name}")
    return path
