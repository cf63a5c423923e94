"""Cells: all splats once, proxies that hold them, and boxes that no footprint leaves."""

import numpy as np
import pytest
from make_splats import make_splats

from voile import Camera, FrameRequest, Settings
from voile.render.cells import MOST_SPLATS, SPLATS_PER_CELL, build_cells
from voile.render.cpu.renderer import CPURenderer
from voile.render.modes import prepare
from voile.render.projection import project, quats_to_matrices
from voile.render.scene_facts import facts_of
from voile.scenes import Cancelled


@pytest.fixture(scope="module")
def cells():
    return build_cells(make_splats(4000, 1, seed=5))


def test_every_splat_is_in_one_cell(cells):
    sizes = np.diff(cells.starts)
    assert sizes.min() >= 1
    assert sizes.max() <= MOST_SPLATS
    assert cells.starts[-1] == 4000
    assert len(cells) <= 4000 / SPLATS_PER_CELL + 1
    scene = make_splats(4000, 1, seed=5)
    np.testing.assert_array_equal(np.sort(cells.splats.means, axis=0), np.sort(scene.means, axis=0))


def test_proxies_hold_their_splats(cells):
    splats, rng = cells.splats, np.random.default_rng(0)
    directions = rng.normal(size=(64, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    reach = np.sqrt(2 * np.log(np.maximum(splats.opacities * 255, 1)))
    shapes = (
        quats_to_matrices(splats.quats.astype(float)) * (splats.scales * reach[:, None])[:, None]
    )
    surface = splats.means[:, None] + np.einsum("nij,kj->nki", shapes, directions)
    offset = surface - cells.centers[cells.numbers][:, None]
    unit = np.einsum("nij,nkj->nki", np.linalg.inv(cells.axes)[cells.numbers], offset)
    assert np.linalg.norm(unit, axis=-1).max() <= 1 + 1e-5


@pytest.mark.parametrize(
    "eye", [(0.3, -1.0, -5.0), (0.2, 0.1, -1.0), (0.0, 0.0, 0.0), (1.5, 1, -2)]
)
@pytest.mark.parametrize("fov", [20.0, 60.0, 120.0])
def test_no_footprint_leaves_the_box_of_its_cell(cells, eye, fov):
    target = np.array(eye) + (0.1, -0.2, 1.0)
    camera = Camera.look_at(eye, target, width=200, height=120, fov_y=fov, near=0.05)
    projected = project(cells.splats, camera, Settings())
    low, high, _ = cells.bounds(camera)
    size = np.array([camera.width, camera.height])
    first, last = projected.low, projected.high
    seen = (last > 0.5).all(axis=1) & (first < size - 0.5).all(axis=1)
    seen &= projected.opacities >= 1 / 255
    number = cells.numbers[projected.splats]
    assert seen.sum() > 50
    assert (np.maximum(first, 0.5) >= low[number] - 1e-6)[seen].all()
    assert (np.minimum(last, size - 0.5) <= high[number] + 1e-6)[seen].all()
    assert np.isin(number[seen], cells.visible(camera)).all()


def test_only_cells_are_sorted():
    renderer = CPURenderer()
    renderer.upload(make_splats(4000, 1, seed=5))
    camera = Camera.look_at((0.3, -1.0, -5.0), (0, 0, 0), width=200, height=120)
    exact = renderer.render(FrameRequest(camera))
    frame = renderer.render(FrameRequest(camera, Settings(mode="cells")))
    assert exact.stats["keys"] == exact.stats["visible"]
    assert frame.stats["keys"] <= 0.05 * exact.stats["keys"]
    assert renderer.render(FrameRequest(camera, Settings(mode="binned"))).stats["keys"] == 0


def test_an_empty_scene_and_a_single_splat_have_cells():
    assert len(build_cells(make_splats(0))) == 0
    assert len(build_cells(make_splats(1))) == 1


def test_preparing_tells_and_can_be_cancelled():
    splats = make_splats(300, 0, seed=8)

    def stop(fraction: float, stage: str, /) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        prepare(splats, ["sorted", "cells"], stop)
    assert not facts_of(splats).has_cells
    told: list[tuple[float, str]] = []
    prepare(splats, ["sorted", "cells", "cells"], lambda *report: told.append(report))
    assert told
    assert {part for part, _ in told} == {0.0}
    assert facts_of(splats).has_cells
