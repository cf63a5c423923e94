"""CUDA sources of debug views' rasterizers, one file each; package data."""
