from .format import Format

FORMAT = Format("splat", "splat", (".splat",), lambda p, h: False, None)  # type: ignore
