"""`SharedTexture`: frames of another device as a texture, without a copy to the host.

A device writes to a buffer, which it was given once, and OpenGL unpacks that into the texture:
cuda.core maps buffers alone, and a texture is what can be scaled.
"""

from __future__ import annotations

import moderngl

from ..device_frame import DeviceFrame, NotShared, SharedBuffer

PIXEL = 16
"""Bytes: RGBA, float32."""


class SharedTexture:
    """Buffer and texture of one size, made anew where a frame of another comes.

    Args:
        ctx: the context; the caller keeps it current around every call.
    """

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._buffer: moderngl.Buffer | None = None
        self._texture: moderngl.Texture | None = None
        self._shared: SharedBuffer | None = None
        self._frame: DeviceFrame | None = None  # what the texture holds

    def of(self, frame: DeviceFrame) -> moderngl.Texture:
        """The texture with a frame in it, valid until the next; the same frame is copied once.

        Raises:
            NotShared: the frame cannot come this way; nothing is held then.
        """
        if self._texture is not None and self._frame is frame:
            return self._texture
        try:
            return self._filled(frame)
        except NotShared:
            self.release()
            raise
        except moderngl.Error as error:
            self.release()
            raise NotShared(f"OpenGL has no room for it ({error})") from error

    def release(self) -> None:
        """Frees everything; the next frame starts anew."""
        if self._shared is not None:
            self._shared.close()  # before the buffer, which the device still knows
        for each in (self._texture, self._buffer):
            if each is not None:
                each.release()
        self._buffer = self._texture = self._shared = self._frame = None

    def _filled(self, frame: DeviceFrame) -> moderngl.Texture:
        if self._texture is None or self._texture.size != frame.size:
            self.release()
            width, height = frame.size
            self._texture = self._ctx.texture(frame.size, 4, dtype="f4")
            self._buffer = self._ctx.buffer(reserve=PIXEL * width * height, dynamic=True)
            self._shared = frame.share(self._buffer.glo)
        assert self._shared is not None
        assert self._buffer is not None
        self._shared.write(frame)
        self._texture.write(self._buffer)
        self._frame = frame
        return self._texture
