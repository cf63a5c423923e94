"""Every CUDA kernel, run on the host under checks for races and for memory; docs/testing.md.

Launches of small frames are recorded, and run again in other orders of threads and blocks. What a
launch leaves must be the same bytes, however its threads ran. `faults.cu` proves that the checks
find what they are for.
"""

import functools
import re

import numpy as np
import pytest
from cuda_host import SHIM, shared_launcher
from every_launch import launch_everything
from recording import CHECKS, Launch, Recorder, Replayer, record, sources_of

from voile.kernels.cuda.sources import FILES, FOR_NETS, Source, load

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.slow

ORDERS = {"races": ((0, 1), (1, 3), (2, 8)), "fences": ((1, 1),)}
"""Seeds of the order of threads and blocks, and how many blocks are under way at once."""

CASES = [(check, *order) for check, orders in ORDERS.items() for order in orders]


@pytest.fixture(scope="module")
def launches():
    return record(shared_launcher(), torch, lambda recorder: launch_everything(torch, recorder))


@pytest.mark.parametrize("name", ["name_tensor", "name_holder"])
def test_memory_that_was_named_is_never_another_tensors(name):
    recorder = Recorder(shared_launcher())
    named = [torch.zeros(66, dtype=torch.int32) for _ in range(100)]
    addresses = {tensor.data_ptr() for tensor in named}
    for tensor in named:
        getattr(recorder, name)(tensor)
    del tensor, named
    later = [torch.zeros(66, dtype=torch.int32) for _ in range(200)]
    assert addresses.isdisjoint(tensor.data_ptr() for tensor in later)


def test_every_kernel_was_recorded(launches):
    wanted = {kernel for name in FILES for kernel in load(name).kernels if name not in FOR_NETS}
    found = {source.name.split(" ")[0] for source in sources_of(launches)}
    assert {launch.kernel for launch in launches} >= wanted
    assert found == set(FILES)


@pytest.fixture(scope="module")
def replayers(launches, tmp_path_factory):
    sources = sources_of(launches)
    return functools.cache(lambda check: Replayer(check, tmp_path_factory.mktemp(check), sources))


@pytest.mark.parametrize(("check", "seed", "alive"), CASES)
def test_kernels_are_without_fault_and_the_same_in_any_order(
    launches, replayers, check, seed, alive
):
    said, left = replayers(check).run(launches, seed, alive)
    assert not said, said
    for launch, found in zip(launches, left):
        for k, (wanted, actual) in enumerate(zip(launch.after, found)):
            if launch.kernel == "order_tiles" and k == 1:
                wanted, actual = (_in_classes(launch, tiles) for tiles in (wanted, actual))
            if launch.kernel == "draw_triangles" and k == 5:  # a list in any order
                wanted, actual = (
                    sorted(part.reshape(-1, 12).tolist()) for part in (wanted, actual)
                )
            np.testing.assert_array_equal(actual, wanted, f"{launch.kernel}, memory {k}")


def _in_classes(launch, tiles):
    """Tiles of one class, an eighth of a power of 2 wide, come as they come: here in order."""
    starts, tiles = (np.frombuffer(part, np.int32) for part in (launch.before[0], tiles))
    lengths = np.diff(starts)[tiles]
    powers = np.maximum(np.frexp(lengths)[1] - 4, 0)
    return tiles[np.lexsort((tiles, -(lengths >> powers << powers)))]


BARRIERS = {
    "sort.cu": ("__syncwarp();", "sort_tiles"),
    "bins.cu": ("__syncthreads();", "emit_tiles"),
    "modes/binned.cu": ("__syncthreads();", "rasterize_binned_8"),
    "modes/cells.cu": ("__syncthreads_and(done)", "rasterize_cells"),
}


@pytest.mark.parametrize("name", BARRIERS)
def test_kernels_without_one_of_their_barriers_are_found_out(launches, name, tmp_path):
    """So the launches are large enough for it to matter, each of these barriers is needed."""
    barrier, kernel = BARRIERS[name]
    text = load(name).text.replace(barrier, ";" if ";" in barrier else "false")
    replayer = Replayer("races", tmp_path, [Source(name, text, load(name).kernels)])
    said, _ = replayer.run([each for each in launches if each.kernel == kernel], 1, 2)
    assert re.search(f"{kernel}: race of|{kernel}: read of what nobody", said), said


@pytest.fixture(scope="module")
def faults(tmp_path_factory):
    text = (SHIM / "faults.cu").read_text()
    source = Source("faults.cu", text, tuple(re.findall(r"void (\w+)\(", text)))
    return functools.cache(lambda check: Replayer(check, tmp_path_factory.mktemp(check), [source]))


RACES = {
    "read_before_barrier": "race",
    "write_before_barrier": "race",
    "scalar_before_barrier": "race",
    "vote_is_no_barrier": "race",
    "warps_are_not_ordered": "race",
    "clear_beside_sum": "race",
    "blocks_write_one_word": "race",
    "sum_of_all_blocks_is_read": "race",
    "halves_of_words": "race",
    "unwritten_argument": "read of what nobody has written",
    "unwritten_shared_memory": "read of what nobody has written",
    "write_beyond_argument": "write beyond",
    "read_before_argument": "read beyond",
}
FENCES = {
    "write_beyond_argument": "heap-buffer-overflow",
    "read_before_argument": "use-after-poison|heap-buffer-overflow",
    "write_beyond_row": "index 64 out of bounds",
    "write_beyond_shared_memory": "global-buffer-overflow",
    "write_beyond_own_array": "index 4 out of bounds|stack-buffer-overflow",
    "vector_at_odd_address": "misaligned",
}
EITHER = {
    "not_all_come_to_barrier": "not all came to a barrier",
    "vote_of_absent_lanes": "lanes wait for others",
    "wait_for_nobody": "wait for what nobody writes",
}


FAULTS = {"races": RACES | EITHER, "fences": FENCES | EITHER}
"""What each check says of the kernels of `faults.cu`."""


def faulty(kernel):
    """A launch of 3 blocks of 64 threads."""
    words = np.zeros(3 * 64, np.int32).view(np.uint8)
    defined = np.ones_like(words)
    defined[-4:] = 0
    places, known = [(0, 0), (1, 0)], [defined, np.ones_like(words)]
    return Launch(kernel, 3, (64, 1), "pp", places, [0, 0], [words, words], [], known)


@pytest.mark.parametrize(
    ("check", "kernel"), [(check, kernel) for check in CHECKS for kernel in FAULTS[check]]
)
def test_faults_are_found(faults, check, kernel):
    for seed, alive in ORDERS[check]:
        said, _ = faults(check).run([faulty(kernel)], seed, alive)
        assert re.search(FAULTS[check][kernel], said), said
        assert kernel in said


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("kernel", ["clean", "clean_between_blocks"])
def test_what_has_no_fault_passes(faults, check, kernel):
    for seed, alive in ORDERS["races"]:
        said, (left,) = faults(check).run([faulty(kernel)], seed, alive)
        assert not said, said
        if kernel == "clean_between_blocks":
            np.testing.assert_array_equal(left[1].view(np.int32)[:3], [1, 2, 3])


def test_every_fault_is_named():
    kernels = set(re.findall(r"void (\w+)\(", (SHIM / "faults.cu").read_text()))
    assert kernels - {"clean", "clean_between_blocks"} == {*RACES, *FENCES, *EITHER}
