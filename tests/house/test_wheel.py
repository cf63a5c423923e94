"""The wheel: built, installed away from the checkout, and it draws."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

import voile

pytestmark = pytest.mark.slow

ROOT = Path(voile.__file__).resolve().parent

DRAW = """
import sys, pathlib, voile
from voile.render import BackendUnavailable
where = pathlib.Path(voile.__file__).resolve()
assert pathlib.Path(sys.prefix).resolve() in where.parents, where
from voile.scenes import builtin
camera = voile.Camera.look_at((0, -1, -4), (0, 0, 0), width=64, height=48)
for backend in ("cpu", "gl", "reference"):
    try:
        frame = voile.render(builtin.make_scene().take(slice(0, None, 40)), camera, backend=backend)
    except BackendUnavailable as error:
        print(backend, "unavailable", error)
        continue
    assert frame.alpha.max() > 0.5
    print(backend, "drew")
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # A copy of what git would ship: setuptools leaves build folders in the tree it builds from.
    source = folder / "source"
    subprocess.run(["git", "clone", "-q", "--local", str(ROOT), str(source)], check=True)
    changed = subprocess.run(
        ["git", "ls-files", "-m", "-o", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    for name in changed:  # and what is not committed yet
        target = source / name
        if (ROOT / name).is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
        else:
            target.unlink(missing_ok=True)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", str(folder)]
    result = subprocess.run(command, cwd=source, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return next(folder.glob("*.whl"))


def test_contents(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"voile/__init__.py", "voile/py.typed", "voile/scenes/io/ply.py"} <= names
    assert any(name.startswith("voile/shaders/") and not name.endswith(".py") for name in names)
    shipped = {
        str(Path("voile") / path.relative_to(ROOT))
        for path in (ROOT / "shaders").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    shipped |= {
        str(Path("voile") / path.relative_to(ROOT))
        for path in (ROOT / "kernels" / "cuda").rglob("*.cu*")
    }
    shipped |= {
        str(Path("voile") / path.relative_to(ROOT))
        for path in (ROOT / "render" / "materials" / "data").glob("*.vnm")
    }
    assert shipped <= names
    for folder in ("tests", "benchmarks", "docs", "tools"):
        assert not any(name.startswith((f"voile/{folder}/", f"{folder}/")) for name in names)


def test_draws_in_a_fresh_environment(wheel, tmp_path):
    fresh = tmp_path / "fresh"
    venv.create(fresh, with_pip=True)
    python = fresh / "bin" / "python"
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL"))}

    def run(*command: str) -> str:
        result = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    run(str(python), "-m", "pip", "install", "-q", "--no-deps", "--no-index", str(wheel))
    # Third-party packages from the running environment: a path line shows them without the
    # editable voile, whose own .pth file is not read from there.
    packages = sysconfig.get_path("purelib", vars={"base": str(fresh), "platbase": str(fresh)})
    (Path(packages) / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    printed = run(str(python), "-c", DRAW)
    assert "cpu drew" in printed
    assert "reference drew" in printed
    assert "gl drew" in printed or "gl unavailable" in printed
    picture = tmp_path / "picture.png"
    run(str(fresh / "bin" / "voile"), "render", "builtin", "-o", str(picture), "--size", "64x36")
    assert picture.stat().st_size > 1000
