"""Every frozen picture on every backend against its golden; `--update-golden` rewrites."""

import os

import pytest
from gl_context import gl_renderer
from golden_cases import BACKENDS, CASES, PICTURES
from image_cases import IMAGE_PICTURES

from voile.render import create_renderer
from voile.render.regression import compare


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


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.gl] * (b == "gl")) for name, (_, b) in PICTURES.items()],
)
def test_picture(name, renderers, goldens):
    case, backend = PICTURES[name]
    renderer = renderers(backend)
    if "precision" in case.settings and "llvmpipe" not in renderer.capabilities.device:
        pytest.skip("how the 16-bit target rounds is the driver's choice; frozen from llvmpipe")
    goldens.check(name, case.draw(renderer))


@pytest.mark.parametrize("case", [name for name in CASES if CASES[name].backends == BACKENDS])
def test_backends_agree(case, goldens):
    """The goldens of two independent renderers pass each other's gate: neither froze a fault."""
    first, second = (goldens.read(f"{case}-{backend}") for backend in BACKENDS)
    verdict = compare(first, second)
    assert verdict.passed, verdict.reason


def test_no_orphans(goldens):
    """A golden that no case draws proves nothing and must go."""
    assert goldens.names() <= set(PICTURES) | set(IMAGE_PICTURES)


@pytest.mark.gl
def test_opengl_driver_is_the_expected_one(renderers):
    """CI sets the driver it means to test with; another one would compare something else."""
    expected = os.environ.get("VOILE_EXPECT_GL_RENDERER", "")
    assert expected.lower() in renderers("gl").capabilities.device.lower()
