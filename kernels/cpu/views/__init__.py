"""Rasterizers of debug views, one file each, called as those of `modes` are.

They know neither surfels nor limits: splats of no thickness are flat ellipsoids here.
"""
