"""`Measurer`: the frontier of one view, measured in a thread with a renderer of its own."""

from __future__ import annotations

from PySide6.QtCore import Signal

from ..render.camera import Camera
from ..render.frontier import candidates, measure
from ..render.modes import prepare
from ..render.renderer import create_renderer
from ..render.settings import Settings
from ..scenes.content import Content
from ..scenes.progress import Progress
from .tasks import OneTask, Task


class Measurer(OneTask):
    """One measurement at a time; what was measured before it was cancelled stands.

    Signals:
        measured: a Point, as soon as it is known.
    """

    measured = Signal(object)

    def start(self, backend: str, content: Content, camera: Camera, settings: Settings) -> None:
        """Measures everything that a backend offers for a view; `settings` gives the rest."""
        if self.running:
            return
        base, splats = settings.copy(), content.splats

        def work(progress: Progress) -> None:
            renderer = create_renderer(backend)
            try:
                renderer.upload(content)
                ways = candidates(renderer, splats, base)
                # Here it can be cancelled; within a frame it could not.
                prepare(splats, [way.mode for way in ways], progress)
                for point in measure(renderer, [camera], ways, progress):
                    self.measured.emit(point)
            finally:
                renderer.close()

        self._run(Task("measuring", work, self), "Measuring")
