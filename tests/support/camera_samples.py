"""Camera files of every format, written from cameras by code of their own, not the reader's."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np

from voile import Camera

CAMERAS = [
    Camera.look_at(eye, (0.1, -0.2, 0.3), up, width=120 + k, height=80, fov_y=40 + 5 * k)
    for k, (eye, up) in enumerate(
        [((0, -1, -4), (0, -1, 0)), ((3, 0.5, 2), (0, 1, 0.2)), ((-1, -5, 0.2), (0, 0, 1))]
    )
]
"""Written by every function below, in this order."""

NAMES = ["a.png", "b.png", "c.png"]


def cameras_json(folder: Path) -> Path:
    """INRIA's."""
    entries = []
    for k, camera in enumerate(CAMERAS):
        to_world = np.linalg.inv(camera.world_to_camera)
        entries.append(
            {
                "id": k,
                "img_name": NAMES[k],
                "width": camera.width,
                "height": camera.height,
                "position": to_world[:3, 3].tolist(),
                "rotation": to_world[:3, :3].tolist(),
                "fy": camera.fy,
                "fx": camera.fx,
            }
        )
    path = folder / "cameras.json"
    path.write_text(json.dumps(entries))
    return path


def transforms_json(folder: Path, shared: bool = False) -> Path:
    """NeRF's; `shared`: one angle of view for all at the top, no sizes, as for Blender's scenes."""
    frames = []
    for k, camera in enumerate(CAMERAS):
        to_world = np.linalg.inv(camera.world_to_camera) @ np.diag([1, -1, -1, 1])
        frame = {"file_path": f"./images/{NAMES[k]}", "transform_matrix": to_world.tolist()}
        if not shared:
            frame |= {"w": camera.width, "h": camera.height, "fl_x": camera.fx}
            frame |= {"fl_y": camera.fy, "cx": camera.cx, "cy": camera.cy}
        frames.append(frame)
    top = {"camera_angle_x": 0.7} if shared else {"camera_model": "OPENCV", "k1": 0.0}
    path = folder / "transforms.json"
    path.write_text(json.dumps({**top, "frames": frames}))
    return path


def quaternion(rotation: np.ndarray) -> np.ndarray:
    """(w, x, y, z) by the eigenvector of Bar-Itzhack's matrix."""
    m = rotation
    k = np.array(
        [
            [m[0, 0] - m[1, 1] - m[2, 2], m[1, 0] + m[0, 1], m[2, 0] + m[0, 2], m[2, 1] - m[1, 2]],
            [m[1, 0] + m[0, 1], m[1, 1] - m[0, 0] - m[2, 2], m[2, 1] + m[1, 2], m[0, 2] - m[2, 0]],
            [m[2, 0] + m[0, 2], m[2, 1] + m[1, 2], m[2, 2] - m[0, 0] - m[1, 1], m[1, 0] - m[0, 1]],
            [m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], np.trace(m)],
        ]
    )
    x, y, z, w = np.linalg.eigh(k / 3)[1][:, -1]
    return np.array([w, x, y, z])


def colmap_bin(folder: Path, model: int = 1, extra: tuple[float, ...] = ()) -> Path:
    """A folder with cameras.bin and images.bin."""
    cameras = struct.pack("<Q", len(CAMERAS))
    images = struct.pack("<Q", len(CAMERAS))
    for k, c in enumerate(CAMERAS):
        lens = (c.fx, c.fy, c.cx, c.cy, *extra)
        cameras += struct.pack(f"<IiQQ{len(lens)}d", k + 1, model, c.width, c.height, *lens)
        pose = (*quaternion(c.world_to_camera[:3, :3]), *c.world_to_camera[:3, 3])
        images += struct.pack("<I7dI", k + 1, *pose, k + 1) + NAMES[k].encode() + b"\0"
        images += struct.pack("<Q", 2) + struct.pack("<ddq", 1.0, 2.0, -1) * 2
    path = folder / "sparse" / "0"
    path.mkdir(parents=True, exist_ok=True)
    (path / "cameras.bin").write_bytes(cameras)
    (path / "images.bin").write_bytes(images)
    return path


def colmap_txt(folder: Path) -> Path:
    """A folder with cameras.txt and images.txt; one image has no features."""
    cameras, images = ["# Camera list"], ["# Image list"]
    for k, c in enumerate(CAMERAS):
        cameras.append(f"{k + 1} PINHOLE {c.width} {c.height} {c.fx!r} {c.fy!r} {c.cx} {c.cy}")
        pose = (*quaternion(c.world_to_camera[:3, :3]), *c.world_to_camera[:3, 3])
        images.append(f"{k + 1} {' '.join(map(repr, map(float, pose)))} {k + 1} {NAMES[k]}")
        images.append("" if k == 1 else "10.5 20.5 -1 11.0 21.0 7")
    path = folder / "model"
    path.mkdir(exist_ok=True)
    (path / "cameras.txt").write_text("\n".join(cameras) + "\n")
    (path / "images.txt").write_text("\n".join(images) + "\n")
    return path


SAMPLES: dict[str, Callable[[Path], Path]] = {
    "inria": cameras_json,
    "nerf": transforms_json,
    "colmap/bin": colmap_bin,
    "colmap/txt": colmap_txt,
}
