"""The command line as a user types it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import shared_data
from make_splats import make_splats
from PIL import Image

import voile
from voile import Camera, CameraPath
from voile.app import cli
from voile.app.commands.cameras import parse_size
from voile.app.commands.settings_flags import parse_background
from voile.render.camera_path import Key
from voile.render.metrics import psnr
from voile.render.output import numbered
from voile.render.settings import SettingsError
from voile.render.settings_file import save_settings


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    path = tmp_path_factory.mktemp("scene") / "scene.ply"
    voile.save(make_splats(300, 2), path)
    return path


@pytest.fixture(scope="module")
def camera_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("camera") / "camera.json"
    Camera.look_at((1, -1, -5), (0, 0, 0), width=96, height=64).save(path)
    return path


def run(*arguments) -> int:
    return cli.run([str(a) for a in arguments])


def test_renders_the_cameras_own_size_and_picture(scene, camera_file, tmp_path):
    out = tmp_path / "a.png"
    assert run("render", scene, "-o", out, "--camera", camera_file) == 0
    expected = voile.render(voile.load(scene), Camera.load(camera_file)).to_rgb8((0, 0, 0))
    np.testing.assert_array_equal(np.asarray(Image.open(out)), expected)


def test_npy_is_premultiplied_unclamped_and_transparent(scene, camera_file, tmp_path):
    out = tmp_path / "a.npy"
    assert run("render", scene, "-o", out, "--camera", camera_file, "--depth",
               tmp_path / "z.npy") == 0  # fmt: skip
    image = np.load(out)
    frame = voile.render(voile.load(scene), Camera.load(camera_file), depth=True)
    np.testing.assert_array_equal(image, frame.premultiplied())
    assert image.dtype == np.float32
    np.testing.assert_array_equal(np.load(tmp_path / "z.npy"), frame.depth)


def test_npy_over_a_background(scene, camera_file, tmp_path):
    out = tmp_path / "a.npy"
    run("render", scene, "-o", out, "--camera", camera_file, "--background", "#ff8000")
    image = np.load(out)
    frame = voile.render(voile.load(scene), Camera.load(camera_file))
    np.testing.assert_allclose(image[..., :3], frame.over((1, 128 / 255, 0)), atol=1e-6)
    assert (image[..., 3] == 1).all()


def test_transparent_png(scene, camera_file, tmp_path):
    out = tmp_path / "a.png"
    run("render", scene, "-o", out, "--camera", camera_file, "--background", "transparent")
    picture = Image.open(out)
    assert picture.mode == "RGBA"
    assert np.asarray(picture)[..., 3].min() == 0


def test_exr_holds_the_frame(scene, camera_file, tmp_path):
    exr = pytest.importorskip("OpenEXR")
    out = tmp_path / "a.exr"
    assert run("render", scene, "-o", out, "--camera", camera_file) == 0
    frame = voile.render(voile.load(scene), Camera.load(camera_file))
    channels = exr.File(str(out)).channels()
    np.testing.assert_array_equal(channels["RGBA"].pixels, frame.premultiplied())


def test_orbit_views_and_numbering(scene, tmp_path):
    out = tmp_path / "o.png"
    assert run("render", scene, "-o", out, "--orbit", 4, "--size", "40x30") == 0
    files = sorted(p.name for p in tmp_path.glob("*.png"))
    assert files == ["o_0000.png", "o_0001.png", "o_0002.png", "o_0003.png"]
    pictures = [np.asarray(Image.open(tmp_path / f)) for f in files]
    assert pictures[0].shape == (30, 40, 3)
    assert all((pictures[0] != other).any() for other in pictures[1:])
    assert run("render", scene, "-o", tmp_path / "v%02d.png", "--view", "front", "--view", "top",
               "--size", "20x20") == 0  # fmt: skip
    assert (tmp_path / "v01.png").exists()


def test_size_keeps_the_cameras_view(scene, camera_file, tmp_path):
    small, large = tmp_path / "s.png", tmp_path / "l.png"
    run("render", scene, "-o", small, "--camera", camera_file, "--size", "96x64")
    run("render", scene, "-o", large, "--camera", camera_file, "--size", "192x128")
    halved = np.asarray(Image.open(large).resize((96, 64), Image.Resampling.BOX)) / 255
    assert psnr(halved, np.asarray(Image.open(small)) / 255) > 25


def test_presets_and_files_of_settings(scene, camera_file, tmp_path, capsys):
    file = tmp_path / "mine.json"
    save_settings({"splat_scale": 0.5, "render_scale": 0.25}, file)

    def drawn(*flags):
        out = tmp_path / "drawn.npy"
        assert run("render", scene, "-o", out, "--camera", camera_file, *flags) == 0
        return np.load(out)

    by_flags = drawn("--splat-scale", "0.5", "--render-scale", "0.25")
    np.testing.assert_array_equal(drawn("--settings", file), by_flags)
    both = drawn("--settings", file, "--preset", "exact")
    np.testing.assert_array_equal(both, drawn("--splat-scale", "0.5"))
    assert (drawn("--preset", "Fast") != drawn()).any()
    assert run("render", scene, "-o", tmp_path / "a.png", "--preset", "slow") == 1
    assert "Balanced" in capsys.readouterr().err


@pytest.mark.gl
def test_backends_draw_the_same_picture(scene, camera_file, tmp_path):
    pictures = []
    for backend in ("cpu", "gl", "reference"):
        out = tmp_path / f"{backend}.npy"
        assert run("render", scene, "-o", out, "--camera", camera_file, "--backend", backend,
                   "--precision", "float32") == 0  # fmt: skip
        pictures.append(np.load(out))
    assert min(psnr(pictures[0], other) for other in pictures[1:]) > 60


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["render", "SCENE", "-o", "OUT/a.jpg"], 1, ".jpg is not written"),
        (["render", "SCENE", "-o", "OUT/no/a.png"], 1, "does not exist"),
        (["render", "OUT/none.ply", "-o", "OUT/a.png"], 1, "none.ply"),
        (["render", "SCENE", "-o", "OUT/a.png", "--size", "big"], 1, "WIDTHxHEIGHT"),
        (["render", "SCENE", "-o", "OUT/a.png", "--size", "99999x9"], 1, "99999"),
        (["render", "SCENE", "-o", "OUT/a.png", "--view", "inside"], 1, "front"),
        (["render", "SCENE", "-o", "OUT/a.png", "--backend", "vulkan"], 1, "no backend"),
        (["render", "SCENE", "-o", "OUT/a.png", "--background", "mauve"], 1, "mauve"),
        (["render", "SCENE", "-o", "OUT/a.png", "--splat-scale", "99"], 1, "0.01 to 4"),
        (["render", "SCENE", "-o", "OUT/a.png", "--camera", "SCENE"], 1, "scene.ply"),
        (["render", "SCENE", "-o", "OUT/a.png", "--orbit", "0"], 1, "orbit"),
        (["render", "SCENE", "-o", "OUT/a.png", "--orbit", "999999999"], 1, "200,000"),
        (["render", "SCENE", "-o", "OUT/a%d%d.png", "--orbit", "2"], 1, "pattern"),
        (["render", "SCENE", "-o", "OUT/a.png", "--mode", "magic"], 2, "magic"),
        (["render", "SCENE"], 2, "output"),
        (["render", "SCENE", "-o", "OUT/a.png", "--size", "0x9"], 1, "1 to 32768"),
        (["render", "SCENE", "-o", "OUT/a.png", "--size", "²x9"], 1, "WIDTHxHEIGHT"),
        (["render", "SCENE", "-o", "OUT/a.npy", "--depth", "OUT/./a.npy"], 1, "another file"),
        (["render", "SCENE", "-o", "OUT", "--orbit", "2"], 1, "has no extension"),
        (["render", "SCENE", "-o", "OUT/a.png", "--poster", 300 * "n" + "@0,0,0"], 1, "too long"),
        (["rendr", "SCENE"], 2, "Did you mean render?"),
        (["rendr"[:4], "SCENE", "--size", "9"], 2, "Did you mean render?"),
        (["bench", "SCENE", "-o", "OUT/a.json", "--frames", "0"], 1, "--frames"),
        (["convert", "SCENE", "OUT", "--to", "ply", "--force"], 1, "is a folder"),
        (["convert", "SCENE", "/", "--to", "ply", "--force"], 1, "is a folder"),
        (["convert", "SCENE", "OUT/no/a.ply"], 1, "does not exist"),
        (["convert", "SCENE", "OUT/a.ply", "--dry-run", "--quiet"], 1, "give one"),
        (["convert", "SCENE", "OUT/a.jpg"], 1, "Voile writes"),
        (["convert", "SCENE", "SCENE"], 1, "--force"),
        (["info", "OUT"], 1, "not a splat scene"),
    ],
)
def test_mistakes_are_one_line(arguments, code, text, scene, tmp_path, capsys):
    words = [a.replace("SCENE", str(scene)).replace("OUT", str(tmp_path)) for a in arguments]
    assert run(*words) == code
    error = capsys.readouterr().err
    assert error.startswith("voile: ")
    assert error.count("\n") == 1
    assert text in error
    assert not list(tmp_path.glob("*"))


def test_too_little_memory_is_told(scene, tmp_path, monkeypatch, capsys):
    def large(*_, **__):
        return np.empty(1 << 60, np.uint8)

    monkeypatch.setattr("voile.app.commands.render.open_scene", large)
    assert run("render", scene, "-o", tmp_path / "a.png") == 1
    assert "not enough memory" in capsys.readouterr().err


def test_interruption_has_its_code(scene, tmp_path, monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("voile.app.commands.render.open_scene", interrupted)
    assert run("render", scene, "-o", tmp_path / "a.png") == 130


def test_info(scene, capsys):
    assert run("info", scene) == 0
    shown = capsys.readouterr().out
    for word in ("PLY", "300", "SH degree", "Bounds", "Memory"):
        assert word in shown
    assert run("info", scene, "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["splats"] == 300
    assert facts["sh_degree"] == 2


def test_info_says_what_is_odd(tmp_path, capsys):
    splats = make_splats(500, 1)
    splats.opacities[:50] = 0.001
    splats.means[0] = 500
    splats.scales[1] = 300
    splats.scales[2:10] = (1.0, 0.001, 0.001)
    splats.sh[:, 1:] = 0
    voile.save(splats, tmp_path / "odd.ply")
    run("info", tmp_path / "odd.ply")
    shown = " ".join(capsys.readouterr().out.split())
    for word in ("50 splats (10 %) are too faint", "needles", "away", "larger", "are zero"):
        assert word in shown


def test_convert_round_trip_and_losses(scene, tmp_path, capsys):
    assert run("convert", scene, tmp_path / "a.splat") == 0
    assert "SH degree 2 becomes 0" in capsys.readouterr().out
    assert run("convert", scene, tmp_path / "a.spz") == 0
    assert run("convert", tmp_path / "a.spz", tmp_path / "b.ply", "-q") == 0
    assert len(voile.load(tmp_path / "b.ply")) == 300
    assert run("convert", scene, tmp_path / "b.ply", "--force") == 0
    assert run("convert", scene, tmp_path / "noname", "--to", "ply") == 0


def test_convert_tells_losses_before_it_writes(scene, tmp_path, capsys, monkeypatch):
    out = tmp_path / "a.splat"
    assert run("convert", scene, out, "--dry-run") == 0
    told = capsys.readouterr().out
    assert ".splat does not hold all of this scene\n  view dependence is lost" in told
    assert not out.exists()
    assert run("convert", scene, tmp_path / "a.ply", "--dry-run") == 0
    assert "PLY holds all of this scene" in capsys.readouterr().out

    def refuses(*_):
        raise voile.SceneFormatError(out, "file", "cannot be written", "Try again.")

    monkeypatch.setattr("voile.app.commands.convert.save", refuses)
    assert run("convert", scene, out) == 1
    assert capsys.readouterr().out == told


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux")
def test_a_full_disk_and_a_closed_pipe_behind_stdout(scene):
    def info(out):
        done = subprocess.run(
            [sys.executable, "-m", "voile", "info", scene], stdout=out, stderr=subprocess.PIPE
        )
        return done.returncode, done.stderr.decode()

    with open("/dev/full", "wb") as full:
        code, error = info(full)
    assert code == 1
    assert re.fullmatch(r"voile: standard output: No space.*\n", error)
    reader, writer = os.pipe()
    os.close(reader)
    assert info(writer) == (0, "")
    os.close(writer)


def test_names_that_the_terminal_cannot_show(tmp_path):
    scene = tmp_path / "名.ply"
    voile.save(make_splats(5), scene)
    for command in (("info", scene), ("convert", scene, tmp_path / "é.ply")):
        done = subprocess.run(
            [sys.executable, "-m", "voile", *command], capture_output=True,
            env={**os.environ, "PYTHONIOENCODING": "ascii"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert b"\\" in done.stdout


def test_convert_to_surfels(scene, tmp_path, capsys):
    assert run("convert", scene, tmp_path / "flat.ply", "--to", "2d") == 0
    said = capsys.readouterr().out
    found = re.search(r"to (\d+\.\d) dB on average, (\d+\.\d) dB at worst, in 6 views", said)
    assert found, said
    assert 15 < float(found[2]) <= float(found[1]) < 60
    assert voile.load(tmp_path / "flat.ply").kind == "2d"
    assert run("convert", scene, tmp_path / "flat.spz", "--to", "2d") == 1
    assert "surfels do not fit" in capsys.readouterr().err


def test_drop_invalid(scene, tmp_path, capsys):
    data = bytearray(scene.read_bytes())
    data[-4:] = np.float32(np.nan).tobytes()
    bad = tmp_path / "bad.ply"
    bad.write_bytes(data)
    assert run("info", bad) == 1
    assert "--drop-invalid" in capsys.readouterr().err
    assert run("info", bad, "--drop-invalid") == 0
    assert "299" in capsys.readouterr().out


def test_headless_needs_no_qt_no_torch_no_gl(scene, tmp_path):
    code = (
        "import sys; from voile.app.cli import run;"
        f"code = run(['render', {str(scene)!r}, '-o', {str(tmp_path / 'a.png')!r},"
        "'--size', '32x32']);"
        "print(code, *sorted({'PySide6', 'torch', 'moderngl'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"PATH": ""}
    )
    assert result.stdout.split()[-1:] == ["0"], result.stdout + result.stderr


def test_version_and_help(capsys):
    assert run("--version") == 0
    assert voile.__version__ in capsys.readouterr().out
    assert run("--help") == 0
    shown = capsys.readouterr().out
    for word in ("view", "render", "info", "convert", "Exit codes"):
        assert word in shown


def test_no_arguments_open_the_window_on_the_builtin_scene(monkeypatch):
    opened, logs = [], []

    def run_window(*arguments, log, log_level, **among):
        opened.append(arguments)
        assert not any(among.values()), "no meshes and no material"
        logs.append((log, log_level))
        return 0

    monkeypatch.setattr("voile.app.run.run_window", run_window)
    assert run() == 0
    assert run("some.ply", "--backend", "cpu") == 0
    assert run("view", "other.ply", "--weights", "w.npz") == 0
    assert run("other.ply", "--weights", "w.npz") == 0
    assert run("view", "other.ply", "--log", "v.log", "--log-level", "debug") == 0
    assert logs == [(None, "info")] * 4 + [(Path("v.log"), "debug")]
    weighed = ("other.ply", "gl", Path("w.npz"), {})
    assert opened.pop() == ("other.ply", "gl", None, {})
    assert opened == [("builtin", "gl", None, {}), ("some.ply", "cpu", None, {}), weighed, weighed]
    assert run("other.ply", "--preset", "exact", "--mode", "binned") == 0
    values = opened.pop()[3]
    assert (values["mode"], values["precision"]) == ("binned", "float32")


def test_small_parsers():
    assert parse_size("1280x720") == (1280, 720)
    assert parse_background("transparent") is None
    assert parse_background("0.5,0,1") == (0.5, 0.0, 1.0)
    with pytest.raises(SettingsError):
        parse_background("1,2")
    names = [p.name for p in numbered(Path("a.png"), 2)]
    assert names == ["a_0000.png", "a_0001.png"]


def test_a_real_reference(tmp_path):
    camera, color, _ = shared_data.reference("biker_spz_A")
    json_file = shared_data.DATA / "refs" / "biker_spz_A_640x360.json"
    out = tmp_path / "a.npy"
    assert run("render", shared_data.scene_path("biker.spz"), "-o", out, "--camera", json_file) == 0
    image = np.load(out)
    assert image.shape == (camera.height, camera.width, 4)
    assert psnr(image[..., :3], color) > 60


def test_draws_every_camera_of_a_capture(scene, tmp_path):
    import camera_samples

    capture = camera_samples.transforms_json(tmp_path)
    assert run("render", scene, "-o", tmp_path / "v.png", "--cameras", capture) == 0
    for k, camera in enumerate(camera_samples.CAMERAS):
        expected = voile.render(voile.load(scene), camera).to_rgb8((0, 0, 0))
        drawn = np.asarray(Image.open(tmp_path / f"v_{k:04d}.png"))
        assert np.abs(drawn.astype(int) - expected).max() <= 1


def test_draws_a_path_into_a_film_and_into_pictures(scene, tmp_path, capsys):
    path = tmp_path / "path.json"
    eyes = [(0, -1, -5), (3, -1, -4)]
    keys = [Key.of(Camera.look_at(eye, (0, 0, 0)), k) for k, eye in enumerate(eyes)]
    CameraPath(keys).save(path)
    out = tmp_path / "film.webp"
    assert run("render", scene, "--path", path, "-o", out, "--fps", 4, "--size", "48x32") == 0
    assert "48x32, 5 frames, 1.2 s" in capsys.readouterr().out
    assert Image.open(out).n_frames == 5
    assert run("render", scene, "--path", path, "-o", tmp_path / "f.png", "--fps", 4,
               "--size", "48x32") == 0  # fmt: skip
    assert len(list(tmp_path.glob("f_*.png"))) == 5


def test_odd_sides_of_an_mp4_become_even_and_that_is_said(scene, tmp_path, capsys):
    av = pytest.importorskip("av")
    out = tmp_path / "film.mp4"
    assert run("render", scene, "-o", out, "--orbit", 2, "--size", "33x21") == 0
    assert "asked for was 33x21" in capsys.readouterr().out
    with av.open(str(out)) as film:
        assert (film.streams.video[0].width, film.streams.video[0].height) == (34, 22)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-o", "a.webp", "--depth", "z.npy"], "no depth"),
        (["-o", "a.webp", "--quality", "0"], "1 to 100"),
        (["-o", "a.png", "--cameras", "none.json"], "none.json"),
        (["-o", "a.png", "--path", "none.json"], "none.json"),
    ],
)
def test_what_cannot_be_filmed_is_said(scene, tmp_path, capsys, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    assert run("render", scene, *arguments) == 1
    assert words in capsys.readouterr().err
