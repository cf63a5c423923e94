"""Every example runs, and its picture is held against a golden."""

import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[2] / "examples"
EXAMPLES = sorted(FOLDER.glob("[0-9]*.py"))
TESTS = {path for path in EXAMPLES if path.stem.endswith("_test")}


def test_examples_are_numbered_and_listed():
    assert [int(path.name[:2]) for path in EXAMPLES] == list(range(1, len(EXAMPLES) + 1))
    listed = re.findall(r"`(\d\d_\w+\.py)`", (FOLDER / "README.md").read_text())
    assert listed == [path.name for path in EXAMPLES]


@pytest.mark.parametrize("name", [path.stem for path in EXAMPLES if path not in TESTS])
def test_example(name, assert_render, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # Where the weights of the built-in scene would be found, if somebody has baked some.
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")
    pictures = [path for path in tmp_path.iterdir() if path.suffix in (".png", ".webp")]
    assert [path.stem for path in pictures] == [name[3:]]
    with Image.open(pictures[0]) as image:
        if getattr(image, "n_frames", 1) > 1:
            image.seek(image.n_frames // 2)
        assert_render.picture(np.asarray(image.convert("RGB")))


def test_screenshot_test(pytester, monkeypatch):
    pytester.makeconftest('pytest_plugins = ["voile.testing"]')
    (example,) = TESTS
    (pytester.path / "test_helix.py").write_text(example.read_text())
    runpy.run_path(str(FOLDER / "05_making_splats.py"))
    pytester.inline_run("--update-golden", "-p", "no:cacheprovider").assertoutcome(passed=2)
    pytester.inline_run("-p", "no:cacheprovider").assertoutcome(passed=3)
