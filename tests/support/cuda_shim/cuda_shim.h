// The language of CUDA's kernels for the host's compiler, for tests; `blocks.h` runs them.
//
// Shared memory is thread-local memory, of which every block that is under way has its own contents.
// AddressSanitizer puts fences only around memory that no other file sees and that is not
// thread-local: for it kernels are in a namespace without a name, and one block runs after the other.
#pragma once

#include <math.h>
#include <stddef.h>
#include <string.h>

#include <type_traits>
#include <utility>

#include "blocks.h"

#define __device__
#define __host__
#define __launch_bounds__(...)
#ifdef __SANITIZE_ADDRESS__
#define __global__
#define __shared__ static
#define KERNELS_BEGIN namespace { _Pragma("GCC diagnostic ignored \"-Wunused-function\"")
#define KERNELS_END }
#else
// Inline, so that the compiler reckons with others who see what kernels share, and tells of every
// access where it is asked to.
#define __global__ inline
#define __shared__ static thread_local
#define KERNELS_BEGIN
#define KERNELS_END
#endif

struct alignas(8) uint2 {
    unsigned x, y;
};
struct alignas(16) uint4 {
    unsigned x, y, z, w;
};
struct alignas(8) float2 {
    float x, y;
};
struct alignas(16) float4 {
    float x, y, z, w;
};
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

namespace shim {

#ifdef __SANITIZE_ADDRESS__
inline Shared shared_memory() { return {nullptr, 0}; }
#else
static thread_local char anchor;
inline Shared shared_memory() { return thread_local_memory(&anchor); }
#endif

template <class... A>
struct KernelCall : Call {
    void (*kernel)(A...);
    void **values;

    void run() override { run(std::index_sequence_for<A...>{}); }
    template <size_t... I>
    void run(std::index_sequence<I...>) {
        kernel(*static_cast<std::remove_reference_t<A> *>(values[I])...);
    }
};

// Kinds of arguments: p pointer, i int, f float.
template <class A>
constexpr char kind_of() {
    if (std::is_pointer_v<A>) return 'p';
    if (std::is_same_v<A, int>) return 'i';
    return std::is_same_v<A, float> ? 'f' : '?';
}

// As cuLaunchKernel: every value is where values[i] points to. False where the kinds do not match.
template <class... A>
bool launch(void (*kernel)(A...), unsigned blocks, unsigned x, unsigned y, const char *kinds,
            void **values) {
    const char wanted[] = {kind_of<A>()..., 0};
    for (size_t i = 0; i <= sizeof...(A); ++i)
        if (wanted[i] != kinds[i]) return false;
    KernelCall<A...> made;
    made.kernel = kernel;
    made.values = values;
    run(made, {blocks, 1, 1}, {x, y, 1}, shared_memory());
    return true;
}

template <class... A>
const char *kinds_of(void (*)(A...)) {
    static const char kinds[] = {kind_of<A>()..., 0};
    return kinds;
}

template <class T>
Word word_of(T value) {
    static_assert(sizeof(T) <= sizeof(Word));
    Word word = 0;
    memcpy(&word, &value, sizeof value);
    return word;
}

template <class T>
T taken_from(const Word *words, unsigned mask, unsigned lane) {
    if (!(mask >> lane & 1)) fail("a shuffle reads a lane that takes no part", lane);
    T value;
    memcpy(&value, &words[lane], sizeof value);
    return value;
}

}  // namespace shim

inline void __syncthreads() { shim::barrier(true); }
inline int __syncthreads_and(int agrees) { return shim::barrier(agrees != 0); }

// Of the exchanges of a warp this one alone orders memory (CUDA C++ Programming Guide, "Warp Vote",
// "Match" and "Shuffle Functions": they do not imply a memory barrier).
inline void __syncwarp(unsigned mask = 0xffffffffu) { shim::exchange(mask, 0, true); }

inline unsigned __ballot_sync(unsigned mask, int agrees) {
    const shim::Word *words = shim::exchange(mask, agrees != 0, false);
    unsigned votes = 0;
    for (unsigned l = 0; l < shim::WARP; ++l)
        if (mask >> l & 1 && words[l]) votes |= 1u << l;
    return votes;
}

inline int __all_sync(unsigned mask, int agrees) { return __ballot_sync(mask, agrees) == mask; }

template <class T>
T __shfl_sync(unsigned mask, T value, int source) {
    const shim::Word *words = shim::exchange(mask, shim::word_of(value), false);
    return shim::taken_from<T>(words, mask, unsigned(source) % shim::WARP);
}

template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned by) {
    const shim::Word *words = shim::exchange(mask, shim::word_of(value), false);
    return shim::lane() < by ? value : shim::taken_from<T>(words, mask, shim::lane() - by);
}

template <class T>
T __shfl_xor_sync(unsigned mask, T value, unsigned by) {
    const shim::Word *words = shim::exchange(mask, shim::word_of(value), false);
    return shim::taken_from<T>(words, mask, shim::lane() ^ by);
}

// Atomics are relaxed, as CUDA's are.
template <class T, class Next>
T changed(T *at, Next next) {
    shim::pause();
    T before = __atomic_load_n(at, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(at, &before, next(before), false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED)) {
    }
    return before;
}

template <class T>
T atomicAdd(T *at, T value) {
    return changed(at, [=](T before) { return before + value; });
}

template <class T>
T atomicMax(T *at, T value) {
    return changed(at, [=](T before) { return before < value ? value : before; });
}

template <class T>
T atomicMin(T *at, T value) {
    return changed(at, [=](T before) { return value < before ? value : before; });
}

// The two that warp.cuh has for a GPU alone.
template <class T>
void store_relaxed(T *at, T value) {
    __atomic_store_n(at, value, __ATOMIC_RELAXED);
    shim::pause();
}

// Kernels ask for a word again while it is 0, which others are to change.
template <class T>
T load_relaxed(const T *at) {
    T value = __atomic_load_n(at, __ATOMIC_RELAXED);
    if (value == 0)
        shim::wait();
    else
        shim::pause();
    return value;
}

inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __ffs(unsigned x) { return __builtin_ffs(int(x)); }
inline int __clz(int x) { return x ? __builtin_clz(unsigned(x)) : 32; }

inline unsigned __float_as_uint(float x) {
    unsigned bits;
    memcpy(&bits, &x, 4);
    return bits;
}

inline float __uint_as_float(unsigned bits) {
    float x;
    memcpy(&x, &bits, 4);
    return x;
}

inline float half_to_float(unsigned short bits) {
    _Float16 half;
    memcpy(&half, &bits, 2);
    return float(half);
}

#define EXPORT(name)                                                                        \
    extern "C" bool launch_##name(unsigned blocks, unsigned x, unsigned y, const char *kinds, \
                                  void **values) {                                          \
        return shim::launch(name, blocks, x, y, kinds, values);                             \
    }                                                                                       \
    extern "C" const char *kinds_##name() { return shim::kinds_of(name); }
