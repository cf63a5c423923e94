"""Every frozen picture of an image made of splats against its golden."""

import os

import pytest
from image_cases import IMAGE_BACKENDS, IMAGE_CASES, IMAGE_PICTURES

from voile.render import BackendUnavailable
from voile.render.image.renderer import create_image_renderer
from voile.render.regression import compare


@pytest.fixture(scope="module")
def renderers():
    made = {}

    def get(name):
        if name not in made:
            try:
                made[name] = create_image_renderer(name)
            except BackendUnavailable as error:
                if os.environ.get("CI", "").lower() in {"1", "true"}:
                    pytest.fail(f"CI must have OpenGL: {error}")
                pytest.skip(str(error))
        return made[name]

    yield get
    for renderer in made.values():
        renderer.close()


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[pytest.mark.gl] * (b == "gl")) for n, (_, b) in IMAGE_PICTURES.items()],
)
def test_picture(name, renderers, goldens):
    case, backend = IMAGE_PICTURES[name]
    goldens.check(name, case.draw(renderers(backend)))


@pytest.mark.parametrize("case", list(IMAGE_CASES))
def test_backends_agree(case, goldens):
    """The goldens of the two pass each other's gate: neither froze a fault."""
    first, second = (goldens.read(f"{case}-{backend}") for backend in IMAGE_BACKENDS)
    verdict = compare(first, second)
    assert verdict.passed, verdict.reason


def test_the_definition_passes(goldens):
    """Reference draws the photograph's golden, so what is frozen is what is defined."""
    renderer = create_image_renderer("reference")
    for name in ("image", "image_magnified", "image_minified", "image_alpha"):
        verdict = compare(IMAGE_CASES[name].draw(renderer), goldens.read(f"{name}-cpu"))
        assert verdict.passed, f"{name}: {verdict.reason}"
