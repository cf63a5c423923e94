"""Pictures by Pillow, whatever their bytes: quiet, and with one kind of error."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from ..errors import VoileError, plain

for _name in ("PIL", "tifffile", "trimesh"):  # without a handler Python prints what they log
    logging.getLogger(_name).addHandler(logging.NullHandler())


class PictureError(VoileError):
    """A file is no picture that can be read; whoever reads it names the file too."""


@contextmanager
def quiet() -> Iterator[None]:
    """Has packages that read files say nothing about them: what is wrong is an error of ours."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


@contextmanager
def opened(path: Path, formats: tuple[str, ...] | None = None) -> Iterator[Image.Image]:
    """A picture whose pixels are not decoded yet; whoever asks for them checks the size first.

    Args:
        path: the file.
        formats: of Pillow that it may have; None takes all.

    Raises:
        PictureError: on entering, and for what goes wrong with the picture inside the block.
    """
    try:
        with quiet(), Image.open(path, formats=formats) as image:
            yield image
    except VoileError:
        raise
    except UnidentifiedImageError:
        kinds = f" ({', '.join(formats)})" if formats else ""
        raise PictureError(f"it is no picture of a known kind{kinds}") from None
    except OSError as error:
        raise PictureError(plain(error.strerror or str(error))) from error
    except Exception as error:  # Pillow's plugins raise whatever broken data make them raise
        raise PictureError(plain(str(error) or type(error).__name__)) from error
