"""Films: every frame is the one that a renderer draws, and a film appears whole or not at all."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from make_splats import make_splats
from PIL import Image

import voile
from voile import Camera, CameraPath, Settings
from voile.render.camera_path import Key
from voile.render.film import render_film
from voile.render.metrics import psnr
from voile.render.output import OutputError
from voile.scenes import Cancelled

SIZE = (96, 64)
SPLATS = make_splats(200, 1)
EYES = [(0, -1, -5), (2, -1, -4), (3, 0, -2)]
SETTINGS = Settings(background=(0.2, 0.3, 0.4))


def path():
    cameras = [Camera.look_at(eye, (0, 0, 0), width=SIZE[0], height=SIZE[1]) for eye in EYES]
    return CameraPath([Key.of(camera, k / 4) for k, camera in enumerate(cameras)])


def expected(settings=SETTINGS):
    renderer = voile.create_renderer("cpu")
    renderer.upload(SPLATS)
    frames = [renderer.render(voile.FrameRequest(c, settings)) for c in path().cameras(8, *SIZE)]
    renderer.close()
    if settings.transparent:
        return [frame.to_rgba8() for frame in frames]
    return [frame.to_rgb8(settings.background) for frame in frames]


def film(output, settings=SETTINGS, **options):
    return voile.render_video(SPLATS, path(), output, settings, size=SIZE, fps=8, **options)


def test_mp4_shows_each_frame_at_its_time(tmp_path):
    av = pytest.importorskip("av")
    assert film(tmp_path / "a.mp4", quality=95) == [tmp_path / "a.mp4"]
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, stream.codec_context.pix_fmt) == (*SIZE, "yuv420p")
        assert float(stream.average_rate) == 8
        shown = [(f.time, f.to_ndarray(format="rgb24")) for f in container.decode(video=0)]
    wanted = expected()
    assert [time for time, _ in shown] == pytest.approx([k / 8 for k in range(len(wanted))])
    for k, (_, picture) in enumerate(shown):
        likeness = [psnr(picture / 255.0, other / 255.0) for other in wanted]
        assert int(np.argmax(likeness)) == k
        assert likeness[k] > 27  # of 4:2:0, which halves the resolution of colours
        # The right matrix, and the right range: colours are what they were.
        np.testing.assert_allclose(picture.mean(axis=(0, 1)), wanted[k].mean(axis=(0, 1)), atol=2.5)


def test_webp_without_loss_holds_the_very_frames(tmp_path):
    film(tmp_path / "a.webp", quality=100)
    with Image.open(tmp_path / "a.webp") as image:
        assert image.n_frames == 5
        for k, wanted in enumerate(expected()):
            image.seek(k)
            np.testing.assert_array_equal(np.asarray(image.convert("RGB")), wanted)
            assert image.info["duration"] == 125


def test_webp_may_be_transparent(tmp_path):
    settings = Settings(transparent=True)
    film(tmp_path / "a.webp", settings, quality=100)
    with Image.open(tmp_path / "a.webp") as image:
        image.seek(2)
        alpha = np.asarray(image.convert("RGBA"))[..., 3]
        np.testing.assert_array_equal(alpha, expected(settings)[2][..., 3])


def test_png_files(tmp_path):
    written = film(tmp_path / "a.png")
    assert [p.name for p in written] == [f"a_{k:04d}.png" for k in range(5)]
    assert sorted(tmp_path.iterdir()) == written
    for target, wanted in zip(written, expected()):
        np.testing.assert_array_equal(np.asarray(Image.open(target)), wanted)


def test_frames_of_stochastic_are_drawn_until_they_are_full(tmp_path):
    settings = Settings(mode="stochastic", samples=2, accumulate=6)
    (first, *_) = film(tmp_path / "a.png", settings)
    frame = np.asarray(Image.open(first)) / 255.0
    once = voile.render(SPLATS, path().cameras(8, *SIZE)[0], settings).to_rgb8((0, 0, 0)) / 255.0
    exact = voile.render(SPLATS, path().cameras(8, *SIZE)[0]).to_rgb8((0, 0, 0)) / 255.0
    assert psnr(frame, exact) > psnr(once, exact) + 2


@pytest.mark.parametrize("name", ["a.mp4", "a.webp", "a.png"])
@pytest.mark.parametrize("fails", ["cancelled", "broken"])
def test_a_film_that_is_not_finished_leaves_nothing(tmp_path, name, fails, monkeypatch):
    if name == "a.mp4":
        pytest.importorskip("av")
    before = tmp_path / ("a_0001.png" if name == "a.png" else name)
    before.write_bytes(b"the film of yesterday")
    renderer = voile.create_renderer("cpu")
    renderer.upload(SPLATS)
    drawn = []

    def progress(fraction, stage, /):
        drawn.append(fraction)
        if len(drawn) == 4:
            raise Cancelled("Film") if fails == "cancelled" else ValueError("boom")

    with pytest.raises(Cancelled if fails == "cancelled" else ValueError):
        render_film(
            renderer, path().cameras(8, *SIZE), tmp_path / name, SETTINGS, fps=8, progress=progress
        )
    renderer.close()
    assert drawn == sorted(drawn)
    assert list(tmp_path.iterdir()) == [before]
    assert before.read_bytes() == b"the film of yesterday"


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("a.avi", {}, ".mp4"),
        ("a", {}, ".mp4"),
        ("no/a.webp", {}, "does not exist"),
        ("a.webp", {"fps": 0}, "frames a second"),
        ("a.webp", {"quality": 101}, "1 to 100"),
        ("a.webp", {"size": (20000, 8)}, "16383"),
        ("a.mp4", {"size": (97, 63)}, "98x64"),
        ("a.mp4", {"settings": Settings(transparent=True)}, "transparency"),
    ],
)
def test_what_cannot_be_written_is_said_before_anything_is_drawn(tmp_path, name, options, words):
    if name == "a.mp4":
        pytest.importorskip("av")
    cameras = path().cameras(8, *SIZE)
    with pytest.raises(OutputError) as caught:
        voile.render_video(SPLATS, cameras, tmp_path / name, **{"size": SIZE, **options})
    assert words in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_without_the_package_the_command_is_said(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(OutputError, match=r"pip install 'voile\[video\]'"):
        film(tmp_path / "a.mp4")


def test_one_frame_is_a_film(tmp_path):
    camera = path().cameras(8, *SIZE)[0]
    voile.render_video(SPLATS, [camera], tmp_path / "a.webp", size=SIZE, quality=100)
    assert Image.open(tmp_path / "a.webp").size == SIZE
    assert voile.render_video(SPLATS, [camera], tmp_path / "b.png", size=SIZE) == [
        tmp_path / "b_0000.png"
    ]


def test_no_frame_is_none(tmp_path):
    with pytest.raises(OutputError, match="no frame"):
        voile.render_video(SPLATS, [], tmp_path / "a.webp", size=SIZE)
