// Sums inside a cell, front to back between cells; see voile.render.modes.cells.
//
// A work group is a tile, an invocation a pixel. For each cell of the tile's list, the invocations
// first look together which of its splats touch the tile, one splat each.

#include "footprint.glsl"

layout(local_size_x = 16, local_size_y = 16) in;

layout(std430, binding = 3) readonly buffer Footprints { Footprint footprints[]; };
layout(std430, binding = 5) readonly buffer TileStarts { uint tile_starts[]; };
layout(std430, binding = 6) readonly buffer TileCells { uint tile_cells[]; };  // front to back
layout(std430, binding = 4) readonly buffer CellStarts { uint cell_starts[]; };
#ifdef SURFELS
#include "surfel.glsl"
layout(std430, binding = 7) readonly buffer Discs { Disc discs[]; };
#endif

layout(binding = 0, COLOUR_FORMAT) writeonly uniform image2D target_colour;
#ifdef WITH_DEPTH
layout(binding = 1, rg32f) writeonly uniform image2D target_depth;
#endif

#ifdef LIMITED
layout(binding = LIMITED) uniform sampler2D limits;  // depths beyond which splats are not seen
#endif

const uint MOST_SPLATS = 256u;  // in a cell: one for each invocation

shared uint members[MOST_SPLATS];
shared uint count;
shared uint first;      // of the members, so that depth is counted from the same splat every time
shared uint open_pixels;

float limit = 3e38;  // of this pixel

float met_depth;  // as in covered.glsl

float alpha_at(vec2 at, uint place, Footprint f) {
    met_depth = f.colour.a;
    if (f.colour.a > limit) return 0.0;
    vec2 d = at - f.axes.xy;
#ifdef SURFELS
    if (discs[place].w.w > 0.0) {
        float power = meet(discs[place], d, met_depth);
        float met = min(exp2(f.form.w - power), ALPHA_MAX);
        return met >= ALPHA_MIN ? met : 0.0;
    }
#endif
    vec2 uv = f.offset.xy + vec2(f.form.x * d.x + f.form.y * d.y, f.form.z * d.y);
    float alpha = min(exp2(f.form.w - dot(uv, uv)), ALPHA_MAX);
    return alpha >= ALPHA_MIN ? alpha : 0.0;
}

bool touches(Footprint f, vec2 low) {
    if (f.offset.w == INVISIBLE) return false;
    vec2 second = f.offset.z * f.axes.wz;
    vec2 extent = sqrt(f.axes.zw * f.axes.zw + second * second);
    return all(lessThan(f.axes.xy - extent, low + 16.0)) &&
        all(greaterThan(f.axes.xy + extent, low));
}

void main() {
    uint tile = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    uint me = gl_LocalInvocationIndex;
    ivec2 pixel = ivec2(gl_GlobalInvocationID.xy);
    bool inside = all(lessThan(pixel, imageSize(target_colour)));
    vec2 low = vec2(gl_WorkGroupID.xy) * 16.0, at = vec2(pixel) + 0.5;
#ifdef LIMITED
    if (inside) limit = texelFetch(limits, pixel, 0).r;
#endif
    vec3 colour = vec3(0.0);
    float transmittance = inside ? 1.0 : 0.0, depth = 0.0;
    uint end = tile_starts[tile + 1u];
    for (uint entry = tile_starts[tile]; entry < end; entry++) {
        uint cell = tile_cells[entry];
        uint start = cell_starts[cell], size = cell_starts[cell + 1u] - start;
        if (me == 0u) {
            count = 0u;
            first = 0xffffffffu;
            open_pixels = 0u;
        }
        barrier();
        if (me < size && touches(footprints[start + me], low)) {
            members[atomicAdd(count, 1u)] = start + me;
            atomicMin(first, start + me);
        }
        if (transmittance >= TRANSMITTANCE_STOP) atomicOr(open_pixels, 1u);
        barrier();
        if (open_pixels == 0u) break;
        if (count > 0u) {
            float origin = footprints[first].colour.a;
            vec3 moments = vec3(0.0);
            for (uint j = 0u; j < count; j++) {
                Footprint f = footprints[members[j]];
                float z = f.colour.a - origin;
                moments += -log2(1.0 - alpha_at(at, members[j], f)) * vec3(1.0, z, z * z);
            }
            vec2 means = moments.yz / max(moments.x, 1e-30);
            float least = CELL_SPREAD * (origin + means.x);
            float spread = max(means.y - means.x * means.x, 0.0) + least * least;
            float sharpness = inversesqrt(max(spread, 1e-37));
            vec4 sums = vec4(0.0);
            float depth_sum = 0.0;
            for (uint j = 0u; j < count; j++) {
                Footprint f = footprints[members[j]];
                float x = (f.colour.a - origin - means.x) * sharpness;
                float in_front = 0.5 + 0.5 * x * inversesqrt(1.0 + x * x);
                float share = alpha_at(at, members[j], f) * exp2(max(-moments.x * in_front, LOG2_HIDDEN));
                sums += share * vec4(f.colour.rgb, 1.0);
                depth_sum += share * min(met_depth, 1e12);
            }
            if (sums.a > 0.0) {
                float cover = transmittance * (1.0 - exp2(-moments.x));
                colour += sums.rgb / sums.a * cover;
                depth += depth_sum / sums.a * cover;
                transmittance -= cover;
            }
        }
        barrier();
    }
    if (!inside) return;
    imageStore(target_colour, pixel, vec4(colour, 1.0 - transmittance));
#ifdef WITH_DEPTH
    imageStore(target_depth, pixel, vec4(depth, 1.0 - transmittance, 0.0, 0.0));
#endif
}
