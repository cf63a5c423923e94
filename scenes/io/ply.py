from .format import Format

FORMAT = Format("ply", "ply", (".ply",), lambda p, h: False, None)  # type: ignore
