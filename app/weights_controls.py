"""`WeightsControls`: the weights that modes without a sort draw by, and how to get better ones."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from ..render.modes import MODES
from . import theme
from .baker import LEARN_SECONDS, Baked, Baker
from .session import Session

PARTS = {
    "fitted": (
        "Fit weights",
        "Finds the weights of mode weighted for this scene, within seconds to a minute",
    ),
    "learned": (
        "Learn weights",
        f"Learns weights and splats for mode learned, up to {LEARN_SECONDS / 60:.0f} "
        "minutes; stop it at any time",
    ),
}
"""The button of each field of `Splats` that can be baked, and what it does."""


class WeightsControls(QWidget):
    """A button for each kind of weights; while one is at work its progress, and a way to stop.

    Shown where a mode that uses weights is chosen, or the scene has not all of them.

    Signals:
        told: a title, and what was done.
        failed: what could not be done, and the exception.
    """

    told = Signal(str, str)
    failed = Signal(str, object)

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._part = ""
        self.words = QLabel(self)
        self.words.setProperty("role", "muted")
        self.words.setFont(theme.sized(self.font(), 0.9))
        self.words.setWordWrap(True)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.buttons = {part: self._button(*words) for part, words in PARTS.items()}
        for part, button in self.buttons.items():
            button.clicked.connect(lambda _=False, part=part: self.bake(part))
        self.stop = self._button("Stop", "Keeps the best so far")
        self.stop.clicked.connect(self._stop)
        row = QHBoxLayout()
        row.setSpacing(theme.GRID)
        for button in (*self.buttons.values(), self.stop):
            row.addWidget(button, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(self.words)
        column.addWidget(self.bar)
        column.addLayout(row)
        self.baker = Baker(self)
        self.baker.progressed.connect(self._progress)
        self.baker.baked.connect(self._baked)
        self.baker.failed.connect(self._failed)
        self.baker.ended.connect(self.refresh)
        session.scene_changed.connect(self._scene_changed)
        session.settings.events.mode.connect(self.refresh, max_args=0)  # pyright: ignore
        self.refresh()

    def bake(self, part: str) -> None:
        """Finds better weights of one kind for the open scene."""
        opened = self._session.opened
        if opened is not None and not self.baker.running:
            self._part = part
            self.baker.start(opened.scene, part)
            self.stop.setEnabled(True)
            self.refresh()

    def refresh(self) -> None:
        """Shows what the scene has, or what is being done."""
        opened, running = self._session.opened, self.baker.running
        for button in self.buttons.values():
            button.setVisible(not running)
        self.stop.setVisible(running)
        self.bar.setVisible(running)
        if opened is None:
            self.setVisible(running)
            return
        splats = opened.scene.splats
        has = [part for part in PARTS if getattr(splats, part) is not None]
        if not running:
            self.words.setText(
                f"The scene has {' and '.join(has)} weights."
                if has
                else "The scene has no weights of its own yet."
            )
        mode = MODES.get(self._session.settings.mode)
        uses = mode is not None and bool(mode.weights)
        # The file of the weights is the file's of the scene: not for an edited one.
        wanted = opened.scene.pristine and len(splats) > 0 and (uses or len(has) < len(PARTS))
        self.setVisible(running or wanted)

    def _button(self, text: str, hint: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setToolTip(hint)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return button

    def _stop(self) -> None:
        self.stop.setEnabled(False)
        self.words.setText("Stopping; the best so far is kept")
        self.baker.cancel()

    def _progress(self, fraction: float, stage: str) -> None:
        self.bar.setValue(round(1000 * fraction))
        if self.stop.isEnabled():
            self.words.setText(stage)

    def _scene_changed(self) -> None:
        """Another scene was opened: what is found for the one before is still put into its file."""
        opened = self._session.opened
        if opened is None or self.baker.splats is not opened.scene.splats:
            self.baker.cancel()
        self.refresh()

    def _baked(self, baked: Baked) -> None:
        used = self._session.reweigh(baked.before, baked.after)
        # Where no learning was better than the fit that it began with, the fit is what was found.
        found = baked.part if baked.better(baked.part) else "fitted"
        if used:
            self._switch_on(found)
        if baked.unsaved is not None:
            start = "The weights are in use, but" if used else "The weights"
            self.failed.emit(f"{start} could not be saved", baked.unsaved)
        elif baked.after is baked.before:
            self.told.emit("Nothing better was learned", "The weights are as they were.")
        else:
            title = f"The {found} weights are saved"
            if found != baked.part:
                title = f"Nothing better was learned; the {found} weights are saved"
            words = f"They come with the scene from now on, from {baked.path}."
            if baked.gain is not None and found == baked.part:
                before, after = baked.gain
                words = f"{after:.1f} dB against sorted, {before:.1f} before. {words}"
            self.told.emit(title, words)

    def _switch_on(self, part: str) -> None:
        """Draws by the mode that these weights are for."""
        session = self._session
        for mode in MODES.values():
            if mode.weights == part and session.lacks(mode.name, session.backend) is None:
                session.settings.mode = mode.name  # pyright: ignore

    def _failed(self, error: BaseException) -> None:
        self.failed.emit(f"The weights could not be {self._part}", error)
