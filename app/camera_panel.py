"""The dock Camera: the view in numbers, bookmarks, the lens and how the view moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from .bookmarks_list import BookmarksList
from .camera_fields import CameraFields
from .captures_controls import CapturesControls
from .settings_panel import Group, SettingsPanel

if TYPE_CHECKING:
    from .docks import Context


class CameraPanel(SettingsPanel):
    """The settings of the camera below the view itself.

    Attributes:
        fields: the view in numbers.
        bookmarks: the views that are kept.
        captures: the photographs of the capture.
    """

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(context, "Camera", parent)
        view = Group("View", self)
        self.fields = CameraFields(context.session, context.history, view.content())
        view.addWidget(self.fields)
        marks = Group("Bookmarks", self)
        self.bookmarks = BookmarksList(context, marks.content())
        marks.addWidget(self.bookmarks)
        photographs = Group("Photographs", self)
        self.captures = CapturesControls(context, photographs.content())
        photographs.addWidget(self.captures)
        for row, group in enumerate((view, marks, photographs)):
            self.column.insertWidget(row, group)

    def close_tasks(self, seconds: float) -> list[str]:
        """Stops reading cameras."""
        return self.captures.loader.close(seconds)
