"""`SharedFrames`: frames of another device as textures, without a copy to the host.

A device draws into a buffer, which it was given once, and OpenGL unpacks that into a texture:
cuda.core maps buffers alone, and a texture is what can be scaled.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable

import moderngl
import numpy as np

from ..device_frame import PIXEL, Canvas, DeviceFrame, NotShared, Share, SharedBuffer, Withdrawn
from ..frame import Frame

log = logging.getLogger(__name__)

PATIENCE = 2.0
"""Seconds that the context waits for the thread that draws, before it goes."""


class SharedFrames:
    """Lends canvases, and shows the frames that were drawn to them.

    Args:
        ctx: the context; the caller keeps it current around every call.
    """

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._places: list[_Place] = []
        self._shown: list[tuple[DeviceFrame, moderngl.Texture]] = []

    def lend(self, size: tuple[int, int], share: Share) -> Canvas:
        """A canvas that is mapped for the device. It is lent until it was shown, or is let go.

        Args:
            size: width and height, pixels.
            share: gives buffers to the device; those of another device are given anew.

        Raises:
            NotShared: there can be none; nothing is held then.
        """
        for place in self._places[:]:
            if place.free and not place.fits(size, share):
                self._drop(place)
        try:
            place = next((each for each in self._places if each.free), None)
            if place is None:
                place = _Place(self._ctx, size, share)
                self._places.append(place)
            return place.lend()
        except NotShared:
            self.let_go()
            raise
        except moderngl.Error as error:
            self.let_go()
            raise NotShared(f"OpenGL has no room for it ({error})") from error

    def take(self, *frames: DeviceFrame) -> None:
        """Unpacks frames, whose canvases may be lent again; frames that are not given are gone.

        Raises:
            NotShared: a frame cannot come this way; nothing is held then.
            Withdrawn: it was drawn for another context, or its canvas was let go.
        """
        spare = [pair for pair in self._shown if not any(pair[0] is each for each in frames)]
        new = [each for each in frames if not any(each is pair[0] for pair in self._shown)]
        try:
            for frame in new:
                self._unpack(frame, spare)
            for pair in spare:
                self._shown.remove(pair)
                pair[1].release()
        except NotShared:
            self.let_go()
            raise
        except moderngl.Error as error:
            self.let_go()
            raise NotShared(f"OpenGL has no room for it ({error})") from error

    def of(self, frame: DeviceFrame) -> moderngl.Texture:
        """The texture with a frame in it, valid until that is not taken any more. Raises as `take`,
        which is done where it was not."""
        if not any(frame is shown for shown, _ in self._shown):
            self.take(frame)
        return next(texture for shown, texture in self._shown if shown is frame)

    def read(self, frame: DeviceFrame) -> Frame:
        """A frame as arrays. Raises as `of`."""
        width, height = frame.size
        rgba = np.frombuffer(self.of(frame).read(), np.float32).reshape(height, width, 4)
        return Frame(rgba[..., :3].copy(), rgba[..., 3].copy())

    def let_go(self) -> None:
        """Frees all but canvases that are lent; the next frame starts anew."""
        for place in self._places[:]:
            if place.free:
                self._drop(place)
        for _, texture in self._shown:
            texture.release()
        self._shown = []

    def release(self) -> None:
        """Frees everything, before the context goes. Waits a little for who is about to draw; what
        is written for longer is left to the driver."""
        for place in self._places[:]:
            self._drop(place)
        self.let_go()

    def _unpack(
        self, frame: DeviceFrame, spare: list[tuple[DeviceFrame, moderngl.Texture]]
    ) -> None:
        place = next((each for each in self._places if each.lent is frame.canvas), None)
        if place is None:
            raise Withdrawn("the frame was drawn where it cannot be shown any more")
        place.take_back(frame)
        used = next((pair for pair in spare if pair[1].size == frame.size), None)
        if used is None:
            texture = self._ctx.texture(frame.size, 4, dtype="f4")
        else:
            texture = used[1]
            spare.remove(used)
            self._shown.remove(used)
        self._shown.append((frame, texture))
        texture.write(place.buffer)

    def _drop(self, place: _Place) -> None:
        self._places.remove(place)
        place.close()


class _Place:
    """A buffer and its canvas."""

    def __init__(self, ctx: moderngl.Context, size: tuple[int, int], share: Share) -> None:
        self._size, self._share = size, share
        self.buffer = ctx.buffer(reserve=PIXEL * size[0] * size[1], dynamic=True)
        self._canvas: weakref.ref[Canvas] | None = None
        self._mapped: tuple[int, Callable[[], None]] | None = None
        try:
            self._shared: SharedBuffer = share(self.buffer.glo)
        except NotShared:
            self.buffer.release()
            raise

    @property
    def lent(self) -> Canvas | None:
        """The canvas, while anyone holds it and it has not been shown."""
        return None if self._canvas is None else self._canvas()

    @property
    def free(self) -> bool:
        """Whether it may be lent. What nobody holds was dropped for a later frame."""
        return self.lent is None

    def fits(self, size: tuple[int, int], share: Share) -> bool:
        """Whether it is of this size and device."""
        return self._size == size and self._share == share

    def lend(self) -> Canvas:
        """Raises NotShared."""
        if self._mapped is None:
            self._mapped = self._shared.map(PIXEL * self._size[0] * self._size[1])
        canvas = Canvas(self._size, *self._mapped)
        self._canvas = weakref.ref(canvas)
        return canvas

    def take_back(self, frame: DeviceFrame) -> None:
        """OpenGL may read the buffer then. Raises NotShared."""
        self._canvas = None
        self._shared.unmap(frame.ready)
        self._mapped = None

    def close(self) -> None:
        if (canvas := self.lent) is not None and not canvas.withdraw(PATIENCE):
            log.warning("a frame is still being drawn into a buffer of OpenGL's, which is left")
            return
        self._shared.close()  # before the buffer, which the device still knows
        self.buffer.release()
