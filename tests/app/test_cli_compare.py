"""`voile compare` and `voile bench` as a user types them, and `voile render --accumulate`."""

import json
import re

import numpy as np
import pytest
from make_splats import make_splats, with_weights

import voile
from voile import Settings
from voile.app import cli
from voile.render import FrameRequest, RenderError, SettingsError, create_renderer
from voile.render.accumulate import Accumulator
from voile.render.frontier import Point, candidates, frontier
from voile.render.measuring import difference
from voile.render.spec import parse_spec
from voile.scenes import Cancelled

SIZE = ["--size", "64x48", "-q"]


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    path = tmp_path_factory.mktemp("scene") / "scene.ply"
    voile.save(make_splats(200, 1), path)
    return path


def run(*arguments) -> int:
    return cli.run([str(a) for a in arguments])


def test_compare_writes_one_page_with_everything(scene, tmp_path, capsys):
    out = tmp_path / "r.html"
    assert run("compare", scene, "--b", "mode=binned,bins=8", "--view", "front", "--view", "top",
               "--size", "64x48", "-o", out) == 0  # fmt: skip
    page, shown = out.read_text(), capsys.readouterr().out
    assert page.count("data:image/png;base64,") == 2 * 5
    assert not re.search(r"(src|href)=.http", page)
    for word in ("binned 8 bins", "front", "top", "mean"):
        assert word in page
        assert word in shown
    rows = [line.split() for line in shown.splitlines() if line.startswith(("front", "mean"))]
    assert all(20 < float(row[1]) < 80 for row in rows)
    assert page.count("rasterize") + page.count("blend") >= 2  # stages are told


def test_equal_ways_are_equal(scene, tmp_path, capsys):
    out = tmp_path / "r.html"
    assert run("compare", scene, "--b", "", "--size", "64x48", "-o", out) == 0
    line = next(li for li in capsys.readouterr().out.splitlines() if li.startswith("start"))
    assert line.split()[1:4] == ["equal", "0.0", "1.0000"]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("mode=magic", ("--b", "mode=magic", "sorted, weighted")),
        ("bins=5", ("bins=5", "4, 8, 16, 32")),
        ("bims=8", ("'bims'", "bins", "backend")),
        ("mode", ("'mode'", "key=value")),
        ("refine=x", ("refine=x", "whole number from 0 to 3")),
        ("refine=9", ("refine", "0 to 3")),
        ("transparent=maybe", ("on or off",)),
        ("backend=vulkan", ("backend=vulkan", "gl, cpu, reference")),
        ("bins=8,bins=4", ("twice",)),
        ("mode=learned", ("voile bake",)),
    ],
)
def test_bad_specs_say_what_is_allowed(scene, tmp_path, capsys, spec, words):
    assert run("compare", scene, "--b", spec, "-o", tmp_path / "r.html", *SIZE) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    for word in words:
        assert word in error
    assert not (tmp_path / "r.html").exists()


def test_specs_are_read():
    spec = parse_spec("mode=binned, bins=32,backend=gl,splat_scale=0.5,background=0/0.5/1")
    assert spec.backend == "gl"
    expected = Settings(mode="binned", bins=32, splat_scale=0.5, background=(0, 0.5, 1))
    assert spec.settings == expected
    assert "binned 32 bins" in spec.label
    assert parse_spec("transparent=on").settings.transparent
    with pytest.raises(SettingsError):
        parse_spec("=3")
    with pytest.raises(RenderError):
        parse_spec("backend=")


def test_reports_go_where_they_can(scene, tmp_path, capsys):
    assert run("compare", scene, "--b", "", "-o", tmp_path / "r.png") == 1
    assert run("compare", scene, "--b", "", "-o", tmp_path / "no" / "r.html") == 1
    assert run("bench", scene, "-o", tmp_path / "b.json", "--plot", tmp_path / "b.gif") == 1
    assert run("bench", scene, "-o", tmp_path / "b.json", "--views", 0) == 1
    assert run("bench", scene, "-o", tmp_path / "b.json", "--backends", "cpu,vulkan") == 1
    errors = capsys.readouterr().err.splitlines()
    for error, word in zip(errors, (".html", "folder", ".svg", "--views", "vulkan"), strict=True):
        assert word in error


def test_bench_measures_everything_there_is(scene, tmp_path, capsys):
    out, plot = tmp_path / "b.json", tmp_path / "b.html"
    assert run("bench", scene, "-o", out, "--plot", plot, "--backends", "cpu", "--views", 2,
               "--size", "48x32", "--frames", 1) == 0  # fmt: skip
    facts = json.loads(out.read_text())
    assert facts["complete"]
    assert facts["size"] == [48, 32]
    assert facts["scene"]["splats"] == 200
    results = facts["results"]
    assert results[0]["settings"] == {"mode": "sorted"}
    assert results[0]["db"] is None
    binned = [r for r in results if r["settings"]["mode"] == "binned"]
    assert len(binned) == 12
    assert {r["settings"]["mode"] for r in results} >= {"weighted", "stochastic"}
    assert not [r for r in results if r["settings"]["mode"] == "learned"]
    assert all(r["ms"] > 0 for r in results)
    assert all(10 < r["db"] < 100 for r in results[1:] if r["db"] is not None)
    assert plot.read_text().count("<circle") >= len(results)
    assert "frontier" in capsys.readouterr().out


def test_interrupted_bench_keeps_what_it_has(scene, tmp_path, monkeypatch, capsys):
    from voile.render.cpu.renderer import CPURenderer

    render = CPURenderer.render

    def interrupted(self, request):
        if request.settings.mode == "binned" and request.settings.bins == 8:
            raise KeyboardInterrupt
        return render(self, request)

    monkeypatch.setattr(CPURenderer, "render", interrupted)
    out = tmp_path / "b.json"
    code = run("bench", scene, "-o", out, "--backends", "cpu", "--size", "32x24", "--plot",
               tmp_path / "b.svg")  # fmt: skip
    assert code == 130
    assert "interrupted" in capsys.readouterr().err
    facts = json.loads(out.read_text())
    assert not facts["complete"]
    assert 2 <= len(facts["results"]) < 12
    assert (tmp_path / "b.svg").read_text().startswith("<svg")


def test_frontier_keeps_what_no_other_beats():
    def point(ms, db):
        return Point("cpu", {"mode": "sorted"}, "", ms, db)

    points = [point(3, 40.0), point(1, 20.0), point(2, 19.0), point(4, float("inf")), point(5, 50)]
    assert [p.milliseconds for p in frontier(points)] == [1, 3, 4]
    assert frontier([]) == []


def test_learned_is_tried_where_the_scene_has_it():
    renderer = create_renderer("cpu")
    modes = [s.mode for s in candidates(renderer, with_weights(make_splats(20)), Settings())]
    assert modes[0] == "sorted"
    assert "learned" in modes
    renderer.close()


def test_measuring_can_be_cancelled():
    from voile.render.frontier import measure
    from voile.render.views import named_view

    splats = make_splats(50)
    renderer = create_renderer("cpu")
    renderer.upload(splats)
    camera = named_view(splats, "front", 32, 24)
    points = []

    def progress(fraction, stage):
        assert 0 <= fraction <= 1
        if len(points) == 2:
            raise Cancelled("measuring")

    with pytest.raises(Cancelled):
        points.extend(  # keeps what came before
            p for p in measure(renderer, [camera], candidates(renderer, splats, Settings()),
                               progress) if not points.append(p)
        )  # fmt: skip
    assert len(points) == 2
    renderer.close()


def test_frames_are_the_mean_of_seeds(scene, tmp_path):
    out = tmp_path / "a.npy"
    assert run("render", scene, "-o", out, "--mode", "stochastic", "--accumulate", 8, *SIZE) == 0
    camera_image = np.load(out)
    splats = voile.load(scene)
    from voile.render.views import start_view
    from voile.scenes.scene import open_scene

    camera = start_view(open_scene(scene), 64, 48)
    once = voile.render(splats, camera, Settings(mode="stochastic", samples=8))
    np.testing.assert_allclose(camera_image, once.premultiplied(), atol=1e-6)
    assert run("render", scene, "-o", out, "--accumulate", 0, *SIZE) == 1


def test_accumulator_starts_anew_when_anything_changes():
    splats = make_splats(50)
    renderer = create_renderer("cpu")
    renderer.upload(splats)
    from voile.render.views import named_view

    settings = Settings(mode="stochastic", samples=2, accumulate=6)
    front, top = (named_view(splats, view, 32, 24) for view in ("front", "top"))
    mean = Accumulator()
    seeds = []
    for camera in (front, front, top, top, top):
        request = mean.next(FrameRequest(camera, settings, depth=True))
        seeds.append(request.seed)
        frame = mean.add(renderer.render(request))
    assert seeds == [0, 1, 0, 1, 2]
    assert mean.samples == 6
    assert mean.full
    settings.samples = 6
    assert mean.next(FrameRequest(top, settings, depth=True)).seed == 0
    once = renderer.render(FrameRequest(top, settings, depth=True))
    assert difference(frame.color, once.color, with_ssim=False).max_error < 1e-3
    np.testing.assert_allclose(frame.depth, once.depth, rtol=1e-5)
    renderer.close()
