"""The file beside a material that is being baked, from which an interrupted bake goes on."""

from __future__ import annotations

import io
import os
import pickle
from pathlib import Path

from ...scenes.atomic import replacing
from ...scenes.errors import SceneFormatError
from .bake import BakeMaterialError, Baker, check_torch

_DAMAGE = (
    OSError,
    RuntimeError,
    EOFError,
    pickle.UnpicklingError,
    LookupError,
    TypeError,
    ValueError,
)
"""What PyTorch raises on damaged bytes."""


def state_path(output: Path) -> Path:
    """Where the state of a bake into `output` is kept."""
    return output.with_name(f"{output.name}.baking")


def keep(baker: Baker, output: Path) -> None:
    """Writes the state; it appears whole or not at all. Raises SceneFormatError: disk refuses."""
    path = state_path(output)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        data = io.BytesIO()  # PyTorch does not say why it could not write all
        check_torch().save(baker.state(), data)
        with replacing(path) as temporary:
            temporary.write_bytes(data.getbuffer())
    except OSError as error:
        raise SceneFormatError(
            path,
            "file",
            f"cannot be written: {error.strerror or error}",
            "Choose another place by -o, or make the folder writable.",
        ) from error


def resume(baker: Baker, output: Path) -> bool:
    """Lets a bake go on from its state.

    Returns:
        Whether there was one.

    Raises:
        SceneFormatError: the state is damaged or belongs to another bake.
    """
    path = state_path(output)
    if not os.path.exists(path):  # of pathlib a folder that is closed to us raises
        return False
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _refused(path, f"cannot be read: {error.strerror or error}") from error
    try:
        # Only tensors and plain values are read: a state cannot run code.
        state = check_torch().load(io.BytesIO(data), map_location="cpu", weights_only=True)
        baker.resume(state)
    except _DAMAGE as error:
        raise _refused(path, "is damaged") from error
    except BakeMaterialError as error:
        raise _refused(path, str(error)) from error
    return True


def forget(output: Path) -> None:
    """Deletes the state."""
    state_path(output).unlink(missing_ok=True)


def _refused(path: Path, problem: str) -> SceneFormatError:
    return SceneFormatError(path, "state", problem, "Begin anew by --fresh, or delete it.")
