// What every file needs: where functions run, the camera, and small arithmetic.
//
// The constants of voile.kernels.constants and the layout of voile.kernels.cuda.sources come as
// defines before the first line. The same text is compiled for the host by the tests.
#pragma once

#define BOTH __host__ __device__ inline

// Geometry is worked out in float64, as on the CPU: needles and far centres stay exact, and only a
// small part of a frame is spent here.
typedef double real;

// A camera as `voile.kernels.cpu.project.View` describes it, in the order of its fields.
struct View {
    real rotation[9], translation[3], position[3];
    real focal[2], centre[2], slope_low[2], slope_high[2], size[2];
    real near;
};

BOTH float clampf(float x, float low, float high) { return fminf(fmaxf(x, low), high); }
BOTH real clampd(real x, real low, real high) { return fmin(fmax(x, low), high); }
BOTH int least(int a, int b) { return a < b ? a : b; }
BOTH int most(int a, int b) { return a > b ? a : b; }

// The thread's place in a launch over many things, one a thread.
__device__ inline int thread_place() { return int(blockIdx.x * blockDim.x + threadIdx.x); }
