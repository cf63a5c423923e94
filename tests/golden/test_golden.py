"""Every frozen picture on every backend against its golden; `--update-golden` rewrites."""

import os

import pytest
from gl_context import gl_renderer
from golden_cases import BACKENDS, CASES

from voile.render import create_renderer


@pytest.fixture(scope="module")
def renderers():
    made = {}

    def get(name):
        if name not in made:
            made[name] = gl_renderer() if name == "gl" else create_renderer(name)
        return made[name]

    yield get
    for renderer in made.values():
        renderer.close()


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("backend", [pytest.param(b, marks=[pytest.mark.gl] * (b == "gl"))
                                     for b in BACKENDS])  # fmt: skip
def test_picture(backend, case, renderers, goldens):
    goldens.check(f"{case}-{backend}", CASES[case].draw(renderers(backend)))


def test_no_orphans(goldens):
    """A golden that no case draws proves nothing and must go."""
    assert goldens.names() <= {f"{case}-{backend}" for case in CASES for backend in BACKENDS}


@pytest.mark.gl
def test_opengl_driver_is_the_expected_one(renderers):
    """CI sets the driver it means to test with; another one would compare something else."""
    expected = os.environ.get("VOILE_EXPECT_GL_RENDERER", "")
    assert expected.lower() in renderers("gl").capabilities.device.lower()
