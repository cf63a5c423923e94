"""`FilmMaker`: draws a film in a thread, by a renderer of its own."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from ..render.camera import Camera
from ..render.film import prepare_scene, render_film
from ..render.renderer import create_renderer
from ..render.settings import Settings
from ..scenes.content import Content
from ..scenes.progress import Progress
from .tasks import OneTask, Task


class FilmMaker(OneTask):
    """Makes one film at a time.

    Signals:
        made: the files that were written, list[Path].
    """

    made = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)

    def start(
        self,
        backend: str,
        content: Content,
        cameras: list[Camera],
        output: Path,
        settings: Settings,
        fps: float,
        quality: int,
    ) -> None:
        """Begins; arguments as of `render_film`, settings of the thread's own."""
        if self.running:
            return

        def work(progress: Progress) -> list[Path]:
            progress(0.0, "Getting ready")
            renderer = create_renderer(backend)
            try:
                prepare_scene(renderer, content, settings, progress)
                return render_film(
                    *(renderer, cameras, output, settings),
                    fps=fps,
                    quality=quality,
                    progress=progress,
                )
            finally:
                renderer.close()

        task = Task(f"the film {output.name}", work, self)
        task.done.connect(self.made)
        self._run(task, "Getting ready")
