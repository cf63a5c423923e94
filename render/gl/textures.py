"""Textures of meshes in GPU memory, with the levels that every backend reads."""

from __future__ import annotations

from collections.abc import Iterable

import moderngl

from ...scenes.texture import Texture

SRGB8_ALPHA8 = 0x8C43


class Textures:
    """Each texture once, however many meshes show it; the context is current at every call."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._kept: dict[int, tuple[Texture, moderngl.Texture]] = {}

    def keep(self, textures: Iterable[Texture]) -> None:
        """Copies what is not there, and frees what is not wanted. Raises moderngl.Error."""
        wanted = {id(texture): texture for texture in textures}
        for key in set(self._kept) - set(wanted):
            self._kept.pop(key)[1].release()
        for key, texture in wanted.items():
            if key not in self._kept:
                self._kept[key] = texture, self._copy(texture)

    def bind(self, texture: Texture, unit: int) -> None:
        """Binds one of those that are kept to a texture unit."""
        self._kept[id(texture)][1].use(unit)

    def release(self) -> None:
        """Frees all of them."""
        self.keep(())

    def _copy(self, texture: Texture) -> moderngl.Texture:
        # The driver decodes sRGB before it filters. Its levels are made, and then ours put there.
        made = self._ctx.texture(
            texture.size, 4, texture.pixels.tobytes(), internal_format=SRGB8_ALPHA8
        )
        try:
            made.build_mipmaps(0, len(texture.levels) - 1)
            for k, level in enumerate(texture.levels):
                made.write(level.tobytes(), level=k)
            made.filter = moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR
            # A mirrored side is folded by the shader.
            made.repeat_x, made.repeat_y = (wrap == "repeat" for wrap in texture.wrap)
        except BaseException:
            made.release()
            raise
        return made
