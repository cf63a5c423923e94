"""A pytest plugin: screenshot tests of splat scenes, for this project and any other.

In the top conftest.py:

    pytest_plugins = ["voile.testing"]

and in a test:

    def test_garden(assert_render):
        camera = voile.Camera.look_at((2, -1, 3), (0, 0, 0), width=320, height=180)
        assert_render("garden.ply", camera)
        assert_render("garden.ply", camera, voile.Settings(mode="binned"), name="no sort")

The golden of that test is `goldens/test_file/test_garden.png` beside the test's file; that of a
second picture has the name after two dashes. `pytest --update-golden` writes those that are missing
or fail, and leaves the others. What differs is on one page, `voile-report/index.html`. A golden
that no test asks for fails the run, unless single tests were chosen.

The gate is that of `voile.render.regression`: docs/testing.md says why it is that one. Options in
pytest's own configuration file: `voile_goldens`, the name of the folders; `voile_report`, the
folder of the report. VOILE_EXPECT_GL_RENDERER, where it is set, is what the name of the OpenGL
driver must contain: another driver's pictures would prove something else.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from . import Camera, FrameRequest, Settings, Splats
from .render import Renderer, create_renderer
from .render.regression import GoldenStore, write_report
from .scenes.content import Content
from .scenes.scene import open_scene

_APART = "--"
"""Between the names of a test and of one of its pictures."""

_ASSERT_RENDER = pytest.StashKey["AssertRender"]()


class AssertRender:
    """Holds what a scene looks like against a golden; the fixture `assert_render`.

    Renderers and scenes are kept for all tests of a session.
    """

    def __init__(self, store: GoldenStore, name: str, kept: _Kept) -> None:
        self._store, self._name, self._kept = store, name, kept
        self._asked: set[str] = set()

    def __call__(
        self,
        scene: Splats | Content | str | os.PathLike[str],
        camera: Camera,
        settings: Settings | None = None,
        *,
        name: str = "",
        backend: str = "cpu",
    ) -> None:
        """Draws a scene and holds the picture against its golden.

        Args:
            scene: splats, or what else a renderer takes; or a file, or "builtin".
            camera: the view and the size of the picture.
            settings: how it is drawn; a transparent background is part of the picture.
            name: of this picture among those of the test.
            backend: what draws.

        Raises:
            AssertionError: the picture is another one, or there is no golden.
            VoileError: the scene cannot be read, or the backend cannot run here.
        """
        __tracebackhide__ = True
        chosen = settings or Settings(precision="float32")
        renderer = self._kept.renderer(backend)
        made = isinstance(scene, (Splats, Content))
        renderer.upload(scene if made else self._kept.content(os.fspath(scene)))
        frame = renderer.render(FrameRequest(camera, chosen))
        self.picture(
            frame.to_rgba8() if chosen.transparent else frame.to_rgb8(chosen.background), name=name
        )

    def picture(self, picture: NDArray[np.uint8], *, name: str = "") -> None:
        """Holds any picture, (H, W, 1, 3 or 4) uint8, against a golden.

        Raises:
            AssertionError: the picture is another one, or there is no golden.
        """
        __tracebackhide__ = True
        stem = f"{self._name}{_APART}{_file_name(name)}" if name else self._name
        self._asked.add(stem)
        self._store.check(stem, picture)

    def no_orphans(self) -> None:
        """Raises AssertionError for goldens of this test that it has not asked for."""
        own = {stem for stem in self._store.names() if stem.split(_APART)[0] == self._name}
        _refuse_orphans(self._store.folder, own - self._asked)


class _Kept:
    """Renderers by backend and scenes by file, for all tests of a session."""

    def __init__(self) -> None:
        self._renderers: dict[str, Renderer] = {}
        self._scenes: dict[str, Content] = {}

    def renderer(self, backend: str) -> Renderer:
        if backend not in self._renderers:
            made = self._renderers[backend] = create_renderer(backend)
            expected = os.environ.get("VOILE_EXPECT_GL_RENDERER", "")
            device = made.capabilities.device
            if backend == "gl" and expected.lower() not in device.lower():
                pytest.fail(f"OpenGL is drawn by {device}, not by {expected}", pytrace=False)
        return self._renderers[backend]

    def content(self, source: str) -> Content:
        if source not in self._scenes:
            self._scenes[source] = open_scene(source).content
        return self._scenes[source]

    def close(self) -> None:
        for renderer in self._renderers.values():
            renderer.close()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite goldens that fail or are missing; those that pass stay as they are",
    )
    parser.addini("voile_goldens", "name of the folders of goldens", default="goldens")
    parser.addini("voile_report", "folder of the page of differences", default="voile-report")


@pytest.fixture(scope="session")
def _voile_kept() -> Iterator[_Kept]:
    kept = _Kept()
    yield kept
    kept.close()


@pytest.fixture
def assert_render(request: pytest.FixtureRequest, _voile_kept: _Kept) -> AssertRender:
    """Holds what a scene looks like against a golden; see `voile.testing`."""
    config, file = request.config, request.path
    store = GoldenStore(
        golden_folder(file, config),
        report_folder(config),
        update=bool(config.getoption("--update-golden")),
        group=file.stem,
    )
    made = AssertRender(store, _file_name(request.node.name), _voile_kept)
    request.node.stash[_ASSERT_RENDER] = made
    return made


class NoOrphans(pytest.Item):
    """A test of its own: every golden of a file belongs to one of the file's tests."""

    def __init__(self, *, tests: set[str], **rest: Any) -> None:
        super().__init__(**rest)
        self._tests = tests

    def runtest(self) -> None:
        """Raises AssertionError for goldens whose tests are gone."""
        folder = golden_folder(self.path, self.config)
        stems = {path.stem for path in folder.glob("*.png")}
        _refuse_orphans(folder, {s for s in stems if s.split(_APART)[0] not in self._tests})
        gone = [
            f for f in folder.parent.iterdir() if not (self.path.parent / f"{f.name}.py").exists()
        ]
        if gone:
            names = ", ".join(map(str, gone))
            raise AssertionError(f"there are goldens of files that are gone: {names}")

    def repr_failure(self, excinfo: Any, style: Any = None) -> str:
        """Without a traceback: nothing went wrong in any code."""
        return str(excinfo.value)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Adds a `NoOrphans` for each file of which all tests are here."""
    if any("::" in argument for argument in config.args):
        return
    modules: dict[Path, tuple[pytest.Collector, set[str]]] = {}
    for item in items:
        module = item.getparent(pytest.Module)
        if module is not None and golden_folder(item.path, config).is_dir():
            _, tests = modules.setdefault(item.path, (module, set()))
            tests.add(_file_name(item.name))
    items += [
        NoOrphans.from_parent(module, name="goldens_have_tests", tests=tests)
        for module, tests in modules.values()
    ]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """A test that passes must have asked for all of its goldens."""
    yield
    if (made := item.stash.get(_ASSERT_RENDER, None)) is not None:
        made.no_orphans()


def _refuse_orphans(folder: Path, stems: set[str]) -> None:
    if stems:
        names = ", ".join(f"{stem}.png" for stem in sorted(stems))
        raise AssertionError(
            f"nothing is held against {names} in {folder}: delete what nobody asks for"
        )


def golden_folder(test_file: Path, config: pytest.Config) -> Path:
    """Where the goldens of a file of tests are."""
    return test_file.parent / config.getini("voile_goldens") / test_file.stem


def report_folder(config: pytest.Config) -> Path:
    """Where the page of differences is written."""
    return config.rootpath / config.getini("voile_report")


def _file_name(name: str) -> str:
    """A name that any file system takes."""
    return re.sub(r"[^\w.\-]+", "_", name).strip("_")


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")  # of pytest-xdist; one process has all of the results


def pytest_sessionstart(session: pytest.Session) -> None:
    if not _is_worker(session.config):
        shutil.rmtree(report_folder(session.config), ignore_errors=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not _is_worker(session.config):
        page = write_report(report_folder(session.config))
        if page is not None:
            print(f"\nScreenshot differences: {page}")
