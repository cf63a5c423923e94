"""The house keeps its promises: layers, light imports, documents that are true."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import voile
from voile.scenes.errors import VoileError

ROOT = Path(voile.__file__).resolve().parent


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_layers_hold():
    result = run(str(Path(sys.executable).parent / "lint-imports"))
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import voile", ("torch", "PySide6", "numba", "moderngl")),
        ("import voile.app.cli", ("torch", "PySide6", "numba", "moderngl")),
        ("import voile.app.run", ("torch", "PySide6", "numba")),
        (
            "import voile; voile.render(voile.scenes.builtin.make_scene(),"
            " voile.Camera.look_at((0, -1, -4), (0, 0, 0), width=32, height=32))",
            ("torch", "PySide6", "moderngl"),
        ),
    ],
)
def test_imports_stay_light(statement, absent):
    code = f"import sys; import voile.scenes.builtin; {statement}; print(*sys.modules)"
    result = run(sys.executable, "-c", code)
    assert result.returncode == 0, result.stderr
    loaded = set(result.stdout.split())
    assert not loaded & set(absent)


def tracked() -> list[Path]:
    result = run("git", "ls-files")
    if result.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / line for line in result.stdout.splitlines()]


def test_no_paths_of_one_machine():
    pattern = re.compile("/" + r"(work|home/\w+|root)/")
    for path in tracked():
        if path.suffix in {".py", ".md", ".toml", ".sh", ".glsl"} or path.name == "Makefile":
            found = pattern.search(path.read_text())
            assert not found, f"{path}: {found and found.group()}"


def test_files_stay_short():
    for path in tracked():
        if path.suffix in {".py", ".glsl"}:
            lines = path.read_text().count("\n")
            assert lines < 600, f"{path} has {lines} lines"


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[><=!~ ]", r, maxsplit=1)[0] for r in requirements}


def test_every_dependency_has_its_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = names(project["dependencies"]).union(
        *map(names, project["optional-dependencies"].values())
    )
    text = (ROOT / "docs" / "dependencies.md").read_text()
    explained = set(re.findall(r"^\| ([\w.-]+) \|", text, re.M)) - {"package"}
    assert explained == declared


def test_every_dependency_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pinned = {
        re.split("==", line, maxsplit=1)[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    declared = names(project["dependencies"]).union(
        *map(names, project["optional-dependencies"].values())
    )
    assert {name.lower().replace("_", "-") for name in declared} <= pinned


def test_packages_are_listed():
    """setuptools is given an explicit list: a new folder that is not in it would not ship."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    listed = set(project["tool"]["setuptools"]["packages"])
    found = {
        ".".join(["voile", *path.parent.relative_to(ROOT).parts])
        for folder in ("app", "render", "shaders", "kernels", "scenes")
        for path in (ROOT / folder).rglob("__init__.py")
    }
    assert listed == found | {"voile"}


@pytest.mark.parametrize(
    "name", ["architecture", "conventions", "testing", "dependencies", "materials"]
)
def test_documents_name_only_files_that_exist(name):
    text = (ROOT / "docs" / f"{name}.md").read_text()
    for path in re.findall(r"`([\w./]+/[\w.]+\.\w+)`", text):
        if not path.startswith("tests/report"):
            assert (ROOT / path).exists(), f"docs/{name}.md names {path}"


def test_readme_commands_exist():
    from voile.app.cli import app

    text = (ROOT / "README.md").read_text()
    named = set(re.findall(r"^\| `voile ([\w-]+)", text, re.M))
    known = {"view", "render", "compare", "bench", "info", "convert", "bake", "fit"}
    assert named >= {*known, "install-desktop"}
    for command in named:
        assert app[command]


def test_errors_are_voile_errors():
    import importlib
    import pkgutil

    for module in pkgutil.walk_packages(voile.__path__, "voile."):
        if not module.name.startswith(("voile.tests", "voile.benchmarks", "voile.app")):
            loaded = importlib.import_module(module.name)
            for value in vars(loaded).values():
                if isinstance(value, type) and value.__name__.endswith("Error"):
                    own = value.__module__.startswith("voile.")
                    assert not own or issubclass(value, VoileError), value
