from .format import Format

FORMAT = Format("spz", "spz", (".spz",), lambda p, h: False, None)  # type: ignore
