// Light on meshes: see voile.render.shading.deferred.

#include "lit.cuh"
#include "mesh.cuh"

// Display colours of meshes that have a material, in place of what `behind` shows of them.
extern "C" __global__ void light_meshes_NET(LIGHT_ARGUMENTS, const View *view, const float4 *numbers,
                                            const Material *materials, MESH_ARGUMENTS,
                                            float4 *behind) {
    int i = thread_place();
    if (i >= width * height || nearest[i] == NO_TRIANGLE) return;
    Surface surface = look_up(meshes, mesh_count, *mesh_view, linear_light, edges, nearest[i],
                              i % width, i / width);
    if (surface.mesh->material < 0) return;
    Material material = materials[surface.mesh->material];
    if (material.present == 0.0f) return;
    const Lights lights LIGHT_GIVEN;
    Latents z;
    for (int j = 0; j < 4 * LATENT_GROUPS; ++j) z[0][j] = 0.0f;
    float level = level_of(material, surface.footprint);
    add_texture(numbers, material, surface.u, surface.v, level, 1.0f, z);
    Point point{along_ray(*view, i % width, i / width, surface.depth), surface.normal,
                surface.tangent, unsigned(i)};
    Vec shown = display_of(lit(lights, *view, numbers + material.net, z, point) * surface.albedo);
    behind[i] = make_float4(shown.x, shown.y, shown.z, 1.0f);
}
