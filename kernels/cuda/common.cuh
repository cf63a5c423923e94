// What every file needs: where functions run, the camera, and small arithmetic.
//
// The constants of voile.kernels.constants and the layout of voile.kernels.cuda.sources come as
// defines before the first line. The same text is compiled for the host by the tests.
#pragma once

#define BOTH __host__ __device__ inline

// A camera and what is drawn of a scene, float32 in this order: voile.render.cuda.view makes it.
// Positions are counted from the camera: a mean is exact, and so is its difference from the eye,
// which comes in two parts. All that follows is float32.
struct View {
    float rotation[9], eye_high[3], eye_low[3];
    float focal[2], centre[2], slope_low[2], slope_high[2], size[2];
    float near;
    float splat_scale;                            // factor of all scales
    float least_opacity, least_trace, margin[2];  // see voile.kernels.cpu.project.Culling
    float depth_offset, depth_unit;               // of modes weighted and binned
};

// What a frame finds on its way, for the kernels after and for the host at the end: visible splats,
// those of them that are drawn in an order, and pairs of one with a tile. Counts may be beyond what
// there is room for; the host then makes room and draws the frame again.
struct Counts {
    int visible, ordered, instances;
};

BOTH float clampf(float x, float low, float high) { return fminf(fmaxf(x, low), high); }
BOTH int least(int a, int b) { return a < b ? a : b; }
BOTH int most(int a, int b) { return a > b ? a : b; }

// Roots and inverses to within 4e-7 of themselves, one or two instructions of the GPU each where
// correctly rounded ones are ten and a branch: for bounds that are widened by more than that, and
// for what a pixel adds up of every splat.
#ifdef __CUDA_ARCH__
__device__ inline float rough_sqrt(float x) {
    float root;
    asm("sqrt.approx.ftz.f32 %0, %1;" : "=f"(root) : "f"(x));
    return root;
}

__device__ inline float rough_inverse(float x) {
    float inverse;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(inverse) : "f"(x));
    return inverse;
}

__device__ inline float rough_inverse_sqrt(float x) {
    float inverse;
    asm("rsqrt.approx.ftz.f32 %0, %1;" : "=f"(inverse) : "f"(x));
    return inverse;
}
#else
inline float rough_sqrt(float x) { return sqrtf(x); }
inline float rough_inverse(float x) { return 1.0f / x; }
inline float rough_inverse_sqrt(float x) { return 1.0f / sqrtf(x); }
#endif

// a b - c d without cancellation (Kahan): the rounding of one product is taken back from the other.
BOTH float difference_of_products(float a, float b, float c, float d) {
    float cd = c * d, rest = fmaf(-c, d, cd);
    return fmaf(a, b, -cd) + rest;
}

// The thread's place in a launch over many things, one a thread.
__device__ inline int thread_place() { return int(blockIdx.x * blockDim.x + threadIdx.x); }
