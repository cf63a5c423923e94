from .format import Format

FORMAT = Format("sog", "sog", (".sog",), lambda p, h: False, None)  # type: ignore
