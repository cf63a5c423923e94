from .format import Format

FORMAT = Format("compressed_ply", "compressed_ply", (".compressed_ply",), lambda p, h: False, None)  # type: ignore
