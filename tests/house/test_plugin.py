"""`voile.testing` as another project uses it: in a pytest of its own."""

import shutil
import subprocess
import sys
import textwrap

import pytest
from PIL import Image
from platformdirs import user_cache_dir

pytestmark = pytest.mark.slow

CACHE = user_cache_dir()

TEST = """
    import numpy as np
    import pytest
    import voile

    CAMERA = voile.Camera.look_at((1, -1, -5), (0, 0, 0), width=48, height=32)

    def splats(color=0.5):
        one = np.ones((1, 3), np.float32)
        quats = np.float32([[1, 0, 0, 0]])
        return voile.Splats(0 * one, quats, one, np.float32([0.9]), color * one[:, None])

    def test_ball(assert_render):
        assert_render(splats(), CAMERA)
        assert_render(splats(), CAMERA, voile.Settings(mode="binned"), name="no sort")

    @pytest.mark.parametrize("backend", ["reference"])
    def test_by(assert_render, backend, tmp_path):
        voile.save(splats(), tmp_path / "ball.ply")
        assert_render(tmp_path / "ball.ply", CAMERA, backend=backend)
        assert_render.picture(np.zeros((4, 4, 3), np.uint8), name="black")
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A project with screenshot tests whose goldens were just written."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "conftest.py").write_text("pytest_plugins = ['voile.testing']\n")
    (folder / "test_scene.py").write_text(textwrap.dedent(TEST))
    command = [sys.executable, "-m", "pytest", "--update-golden", "-p", "no:cacheprovider"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert "2 passed" in run.stdout, run.stdout + run.stderr
    return folder


@pytest.fixture
def project(pytester, monkeypatch, written):
    """A copy of it: the file of its tests."""
    # Elsewhere than in the home that pytester gives it, where kernels would be compiled anew.
    monkeypatch.setenv("XDG_CACHE_HOME", CACHE)
    nothing_compiled = shutil.ignore_patterns("__pycache__")
    shutil.copytree(written, pytester.path, ignore=nothing_compiled, dirs_exist_ok=True)
    return pytester.path / "test_scene.py"


def rewrite(path, *changes) -> None:
    text = path.read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path.write_text(text)


def test_goldens_are_written_once_and_then_hold(pytester, project):
    folder = pytester.path / "goldens" / "test_scene"
    names = {
        *("test_ball.png", "test_ball--no_sort.png"),
        *("test_by_reference.png", "test_by_reference--black.png"),
    }
    assert {path.name for path in folder.iterdir()} == names
    with Image.open(folder / "test_ball.png") as image:
        assert image.size == (48, 32)
    # The golden's own test joins: every file has a test.
    pytester.runpytest_subprocess().assert_outcomes(passed=3)
    assert not (pytester.path / "voile-report" / "index.html").exists()


def test_another_picture_fails_and_is_explained(pytester, project):
    rewrite(project, ("color=0.5", "color=0.4"))
    run = pytester.runpytest_subprocess()
    run.assert_outcomes(failed=2, passed=1)
    run.stdout.fnmatch_lines(["Screenshot differences: *"])
    run.stdout.fnmatch_lines(["*test_ball.png: *mean difference*"])
    page = (pytester.path / "voile-report" / "index.html").read_text()
    assert "test_scene/test_ball" in page
    pytester.runpytest_subprocess("--update-golden").assert_outcomes(passed=3)
    pytester.runpytest_subprocess().assert_outcomes(passed=3)


def test_a_missing_golden_fails(pytester, project):
    (pytester.path / "goldens" / "test_scene" / "test_ball.png").unlink()
    run = pytester.runpytest_subprocess()
    run.assert_outcomes(failed=1, passed=2)
    run.stdout.fnmatch_lines(["*there is no golden test_ball.png*"])


def test_a_picture_that_is_no_longer_asked_for_fails(pytester, project):
    second = '    assert_render(splats(), CAMERA, voile.Settings(mode="binned"), name="no sort")'
    rewrite(project, (second, ""))
    run = pytester.runpytest_subprocess()
    run.assert_outcomes(failed=1, passed=2)
    run.stdout.fnmatch_lines(["*nothing is held against test_ball--no_sort.png*"])


def test_goldens_of_a_test_that_is_gone_fail_unless_tests_were_chosen(pytester, project):
    rewrite(project, ("def test_ball", "def ball"))
    run = pytester.runpytest_subprocess()
    run.assert_outcomes(failed=1, passed=1)
    run.stdout.fnmatch_lines(["nothing is held against test_ball.png, test_ball--no_sort.png*"])
    chosen = pytester.runpytest_subprocess("test_scene.py::test_by")
    chosen.assert_outcomes(passed=1)


def test_goldens_of_a_file_that_is_gone_fail(pytester, project):
    (pytester.path / "goldens" / "test_other").mkdir()
    run = pytester.runpytest_subprocess()
    run.assert_outcomes(failed=1, passed=2)
    run.stdout.fnmatch_lines(["*goldens of files that are gone*test_other*"])


def test_another_driver_than_the_expected_one_fails(pytester, project, monkeypatch):
    monkeypatch.setenv("VOILE_EXPECT_GL_RENDERER", "a card of the year 2040")
    rewrite(project, ('["reference"]', '["gl"]'))
    run = pytester.runpytest_subprocess("test_scene.py::test_by")
    run.assert_outcomes(failed=1)
    run.stdout.fnmatch_lines(["*not by a card of the year 2040*"])
