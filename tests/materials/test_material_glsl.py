"""The GLSL that is written for a net computes what `decode` defines."""

import moderngl
import numpy as np
import pytest
from gl_context import gl_renderer
from make_materials import directions, make_material

from voile.render.gl.context import headless_context
from voile.render.materials.decode import decode, level_of, lookup
from voile.render.materials.glsl import glsl_of, pack
from voile.render.materials.proposal import density, propose, sample
from voile.scenes.material import MaterialError, NetShape

pytestmark = pytest.mark.gl

MAIN = """
struct Case { vec4 wi, wo, u, uv; };
layout(local_size_x = 64) in;
layout(std430, binding = 1) readonly buffer cases_block { Case cases[]; };
layout(std430, binding = 2) writeonly buffer results_block { vec4 results[]; };
uniform uvec4 place;
void main() {
    uint i = gl_GlobalInvocationID.x;
    if (i >= cases.length()) return;
    Case c = cases[i];
    vnm_material m = vnm_material(place.x, place.y, int(place.z), int(place.w));
    vec4 z[GROUPS];
    vnm_lookup(m, c.uv.xy, vnm_level(m, c.uv.z), z);
    vnm_lobes lobes = vnm_propose(m.net, z, c.wo.xyz);
    results[4 * i] = z[GROUPS - 1];
    results[4 * i + 1] = vec4(vnm_eval(m.net, z, c.wi.xyz, c.wo.xyz), 0.0);
    results[4 * i + 2] = vec4(vnm_sample(lobes, c.wo.xyz, c.u.xyz), lobes.share);
    results[4 * i + 3] = vec4(lobes.normal, vnm_density(lobes, c.wi.xyz, c.wo.xyz));
}
"""


@pytest.fixture(scope="module")
def ctx():
    gl_renderer().close()  # skips where there is no OpenGL
    ctx = headless_context()
    with ctx:
        yield ctx
    ctx.release()


def run(ctx: moderngl.Context, materials, which, cases, *, source, half, unrolled) -> np.ndarray:
    """(N, 4, 4) results of MAIN."""
    shape = materials[0].shape
    groups = -(-shape.latents // 4)
    text = glsl_of(shape, source=source, half=half, unrolled=unrolled)
    shader = ctx.compute_shader(f"#version 430 core\n{text}{MAIN}".replace("GROUPS", str(groups)))
    data, places = pack(materials, half)
    place = places[which]
    buffers = [ctx.buffer(data), ctx.buffer(cases), ctx.buffer(reserve=64 * len(cases))]
    for k, buffer in enumerate(buffers):
        buffer.bind_to_storage_buffer(k)
    texture = ctx.texture(data.shape[1::-1], 4, data.tobytes(), dtype="f2" if half else "f4")
    texture.use(0)
    shader["place"].value = place.net, place.texels, place.width, place.height
    shader.run(-(-len(cases) // 64))
    found = np.frombuffer(buffers[2].read(), np.float32).reshape(-1, 4, 4)
    for each in (*buffers, texture, shader):
        each.release()
    return found


@pytest.mark.parametrize(
    ("shape", "how"),
    [
        (NetShape(), {"source": "texture", "half": False, "unrolled": 2048}),
        (NetShape(), {"source": "texture", "half": True, "unrolled": 2048}),
        (NetShape(), {"source": "block", "half": False, "unrolled": 0}),
        (NetShape(hidden=(64, 64, 64)), {"source": "texture", "half": True, "unrolled": 1000}),
        (NetShape(frames=0), {"source": "texture", "half": False, "unrolled": 0}),
        (NetShape(6, 1, (10, 9), (5,)), {"source": "block", "half": True, "unrolled": 2048}),
    ],
    ids=["2x32", "2x32 float16", "block", "3x64", "no frames", "odd sizes"],
)
def test_glsl_agrees_with_numpy(ctx, shape, how):
    materials = [make_material(shape, seed=1), make_material(shape, width=16, height=16, seed=2)]
    n, rng = 2000, np.random.default_rng(3)
    cases = np.zeros((n, 4, 4), np.float32)
    cases[:, 0, :3], cases[:, 1, :3] = directions(n, 4), directions(n, 5)
    cases[:20, 0, 2] *= -1
    cases[:, 2, :3] = rng.random((n, 3))
    cases[:, 3] = rng.uniform(-3, 6, (n, 4))
    cases[:, 3, 2] = 2.0 ** rng.uniform(-6, 3, n)  # footprints in widths of the texture
    w_i, w_o, u, uv = (cases[:, k, :3].astype(np.float64) for k in range(4))
    for which, material in enumerate(materials):
        found = run(ctx, materials, which, cases, **how)
        z = lookup(material, uv[:, :2], level_of(uv[:, 2] * max(material.size)))
        last = z[:, 4 * ((shape.latents - 1) // 4) :]
        np.testing.assert_allclose(
            found[:, 0, : last.shape[1]], last, atol=1e-5 if not how["half"] else 0.01
        )
        exact = decode(material, z, w_i, w_o)
        assert exact.std() > 0.05
        error = np.abs(found[:, 1, :3] - exact)
        assert error.mean() <= (1 / 255 if how["half"] else 1e-5)
        assert error.mean() > 0
        np.testing.assert_array_equal(found[:20, 1, :3], 0)
        if how["half"]:
            continue
        lobes = propose(material, z, w_o)
        np.testing.assert_allclose(found[:, 2, 3], lobes.share, atol=1e-5)
        np.testing.assert_allclose(found[:, 3, :3], lobes.normal, atol=1e-5)
        near = np.abs(u[:, 2] - lobes.share) > 1e-5  # the other lobe is taken on the other side
        drawn = sample(lobes, w_o, u)
        np.testing.assert_allclose(found[near, 2, :3], drawn[near], atol=1e-4)
        p = density(lobes, w_i, w_o)
        np.testing.assert_allclose(found[:, 3, 3], p, rtol=1e-3, atol=1e-4)


def test_only_one_shape_fits_a_block():
    with pytest.raises(MaterialError, match="another shape"):
        pack([make_material(), make_material(NetShape(hidden=(64, 64, 64)))])
