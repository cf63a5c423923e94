"""Every setting is checked, survives JSON, has an event, and does something on every backend."""

import dataclasses
import functools
import json
from typing import Literal, get_args, get_origin, get_type_hints

import numpy as np
import pytest
from gl_context import gl_renderer
from make_materials import make_material
from make_splats import make_splats, with_weights

from voile import Camera, FrameRequest, Settings
from voile.render import RenderError, SettingsError, create_renderer
from voile.render.accumulate import Accumulator
from voile.render.finish import asked, finished
from voile.render.gl.scene_buffers import STORED_BITS, pack_harmonics
from voile.render.metrics import psnr
from voile.render.presets import NAMES, PRESETS, matching_preset, preset_values
from voile.render.renderer import Capabilities, check_mode
from voile.render.settings import tree
from voile.render.settings_file import load_settings, save_settings
from voile.scenes.content import Content
from voile.scenes.mesh import make_mesh

FIELDS = {f.name: f for f in dataclasses.fields(Settings)}
HINTS = get_type_hints(Settings)
CAMERA = Camera.look_at((1.0, -1.2, -4.0), (0, 0, 0), width=96, height=60)

OTHERWISE = {
    "bins": {"mode": "binned"},
    "refine": {"mode": "binned"},
    "weight": {"mode": "weighted"},
    "beta": {"mode": "weighted", "weight": "exponential"},
    "samples": {"mode": "stochastic"},
    "accumulate": {"mode": "stochastic"},
    "normal_smoothing": {"normal_reach": 64.0},  # there are few splats
}
"""What has to be set besides for a setting to be read."""

VALUES = {
    "frustum": "inside",
    "min_pixels": 4.0,
    "min_alpha": 0.5,
    "weight": "linear",
    "normal_reach": 64.0,
}
"""Values that differ visibly from the default in this scene; others are found."""


def other_value(name):
    """An allowed value that is not the default."""
    field, hint = FIELDS[name], HINTS[name]
    if name in VALUES:
        return VALUES[name]
    if get_origin(hint) is Literal:
        return next(v for v in get_args(hint) if v != field.default)
    if hint is bool:
        return not field.default
    if get_origin(hint) is tuple:
        return (0.25, 0.5, 1.0)
    low, high = field.metadata["low"], field.metadata["high"]
    return hint(low + (high - low) / 4) if field.default != hint(low + (high - low) / 4) else high


@functools.cache
def scene():
    corners = np.float64([[-1, 0.2, -1.5], [1, 0.2, -1.5], [0, 1.8, -1.5]])
    mesh = make_mesh(corners, np.array([[0, 1, 2]]), corners - [0, 1, 1])
    return Content(with_weights(make_splats(300, 3, antialiased=False)), (mesh,))


@functools.cache
def lit_scene():
    splats = make_splats(60, 0, seed=2)
    return Content(
        dataclasses.replace(splats, material=np.zeros(60, np.int32)), (), (make_material(),)
    )


@pytest.fixture(scope="module")
def renderers():
    made = {"gl": gl_renderer(), **{b: create_renderer(b) for b in ("cpu", "reference")}}
    for renderer in made.values():
        renderer.upload(scene())
    yield made
    for renderer in made.values():
        renderer.close()


def shown(renderer, settings, accumulate=False):
    """What a person sees: bytes with alpha, and the samples that went into them."""
    request = FrameRequest(CAMERA, settings)
    mean = Accumulator()
    frame = mean.add(renderer.render(mean.next(asked(request))))
    while accumulate and not mean.full:
        frame = mean.add(renderer.render(mean.next(asked(request))))
    frame = finished(frame, request)
    picture = frame.premultiplied() if settings.transparent else frame.over(settings.background)
    return picture, mean.frames


@pytest.mark.gl
@pytest.mark.parametrize("backend", ["gl", "cpu", "reference"])
@pytest.mark.parametrize("name", [n for n, f in FIELDS.items() if f.metadata["reader"] != "window"])
def test_every_setting_changes_the_picture_or_the_cost(renderers, backend, name):
    base = Settings(**{"accumulate": 4, "precision": "float32", **OTHERWISE.get(name, {})})
    if name == "precision":
        base.precision = "float16"
    renderers[backend].upload(
        lit_scene() if FIELDS[name].metadata["group"] == "Materials" else scene()
    )
    value = 8 if name == "accumulate" else other_value(name)
    changed = dataclasses.replace(base, **{name: value})
    adds = name == "accumulate"
    before, frames = shown(renderers[backend], base, adds)
    after, more = shown(renderers[backend], changed, adds)
    reads = FIELDS[name].metadata["backends"]
    if reads and backend not in reads:
        np.testing.assert_array_equal(before, after)
    else:
        assert before.shape != after.shape or (before != after).any() or frames != more


@pytest.mark.parametrize("name", FIELDS)
def test_every_setting_has_a_place_a_help_line_an_event_and_survives_json(name, tmp_path):
    meta = FIELDS[name].metadata
    assert name in tree()[meta["panel"]][meta["group"]]
    assert meta["help"].endswith(".")
    assert not meta["zero"] or meta["low"] <= 0 <= meta["high"]
    if HINTS[name] in (int, float):
        assert meta["low"] < meta["high"]
    settings, heard = Settings(), []
    getattr(settings.events, name).connect(heard.append)
    value = other_value(name)
    setattr(settings, name, value)
    assert heard == [value]
    save_settings({name: value}, tmp_path / "one.json")
    assert load_settings(tmp_path / "one.json") == {name: value}


@pytest.mark.parametrize("name", [n for n, h in HINTS.items() if h in (int, float)])
def test_out_of_range_is_refused_and_names_the_setting(name):
    meta = FIELDS[name].metadata
    for value in (meta["low"] - 1, meta["high"] + 1):
        with pytest.raises(SettingsError, match=name):
            Settings(**{name: HINTS[name](value)})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not a file of settings"),
        ('{"voile": "1", "settings": {"colour": 1}}', "unknown setting 'colour'"),
        ('{"voile": "1", "settings": {"bins": 5}}', "bins"),
        ('{"settings": {}}', "voile"),
        ("[]", "not a file"),
        (json.dumps({"voile": "1", "settings": {"splat_scale": 1e9}}), "0.01 to 4"),
    ],
)
def test_a_bad_file_is_named_with_its_fault(text, words, tmp_path):
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"bad\.json") as caught:
        load_settings(path)
    assert words in str(caught.value)


def test_a_file_that_is_missing_or_too_large(tmp_path):
    with pytest.raises(SettingsError, match=r"none\.json"):
        load_settings(tmp_path / "none.json")
    (tmp_path / "large.json").write_bytes(b" " * (1 << 21))
    with pytest.raises(SettingsError, match="too large"):
        load_settings(tmp_path / "large.json")


def test_presets_are_complete_and_told_apart():
    for name in PRESETS:
        values = preset_values(name)
        assert set(values) == set(NAMES)
        assert matching_preset(Settings(**values)) == name
    assert matching_preset(Settings(background=(1, 1, 1), **preset_values("Exact"))) == "Exact"
    assert matching_preset(Settings(bins=16)) is None
    own = {"Mine": {"bins": 16}}
    assert matching_preset(Settings(bins=16), own) == "Mine"
    assert preset_values("mine", own)["bins"] == 16
    with pytest.raises(SettingsError, match="Balanced"):
        preset_values("nothing")


def test_a_setting_that_a_backend_lacks_is_refused():
    class Poor:
        name = "poor"
        capabilities = Capabilities(frozenset({"sorted"}), "", 64, frozenset({"min_alpha"}))

    check_mode(Poor(), FrameRequest(CAMERA))
    with pytest.raises(RenderError, match=r"min_alpha=0\.5; leave it at 0"):
        check_mode(Poor(), FrameRequest(CAMERA, Settings(min_alpha=0.5)))


@pytest.mark.gl
@pytest.mark.parametrize("degree", [1, 2, 3, 4])
def test_storage_costs_little_and_more_bits_cost_less(degree):
    splats = make_splats(400, degree)
    expected = create_renderer("reference")
    expected.upload(splats)
    truth = expected.render(FrameRequest(CAMERA)).color
    renderer, found = gl_renderer(), {}
    try:
        renderer.upload(splats)
        for storage in ("uint8", "float32", "float16", "uint8"):  # and back
            settings = Settings(storage=storage, precision="float32")
            found[storage] = psnr(renderer.render(FrameRequest(CAMERA, settings)).color, truth)
    finally:
        renderer.close()
    assert found["uint8"] > 40
    assert found["float16"] > 60
    assert found["float32"] > 85
    assert found["uint8"] < found["float16"] < found["float32"]


def test_storage_keeps_memory_small():
    sh = make_splats(10, 3).sh
    sizes = {storage: pack_harmonics(sh, storage).nbytes / 10 for storage in STORED_BITS}
    assert sizes == {"uint8": 52, "float16": 96, "float32": 192}


def test_render_scale_averages_and_interpolates():
    settings = Settings(render_scale=2.0)
    request = FrameRequest(CAMERA, settings, depth=True)
    renderer = create_renderer("cpu")
    renderer.upload(scene())
    large = renderer.render(asked(request))
    assert large.alpha.shape == (120, 192)
    small = finished(large, request)
    averaged = large.color.reshape(60, 2, 96, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(small.color, averaged, atol=1e-5)
    assert small.depth.shape == (60, 96)
    weight = large.alpha.reshape(60, 2, 96, 2).mean(axis=(1, 3))
    depth = (large.depth * large.alpha).reshape(60, 2, 96, 2).mean(axis=(1, 3))
    seen = weight > 0
    np.testing.assert_allclose(small.depth[seen], depth[seen] / weight[seen], rtol=1e-4)
    assert (small.depth[~seen] == 0).all()
    half = FrameRequest(CAMERA, Settings(render_scale=0.5))
    assert finished(renderer.render(asked(half)), half).alpha.shape == (60, 96)
    renderer.close()


def test_angle_of_view_is_the_cameras_unless_said():
    request = FrameRequest(CAMERA, Settings(field_of_view=90.0))
    camera = asked(request).camera
    assert camera.fy == pytest.approx(30.0)
    assert camera.fx / camera.fy == pytest.approx(CAMERA.fx / CAMERA.fy)
    assert asked(FrameRequest(CAMERA)).camera is CAMERA
