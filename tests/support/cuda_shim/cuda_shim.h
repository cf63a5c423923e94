// Runs CUDA kernels on the host, for tests: the threads of a block are fibers of one thread.
//
// A fiber runs until it comes to a barrier; when all that are left have come, they go on. So shared
// memory is static memory, atomics would be plain sums, and a run is the same every time. What it
// cannot show are races between barriers: threads run one after the other, in order.
#pragma once

#include <math.h>
#include <stddef.h>
#include <ucontext.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#define __global__
#define __device__
#define __host__
#define __shared__ static

struct Dim3 {
    unsigned x = 1, y = 1, z = 1;
};

inline Dim3 gridDim, blockDim, blockIdx, threadIdx;

namespace shim {

constexpr size_t STACK = 256 << 10;

struct Fiber {
    ucontext_t context;
    std::unique_ptr<char[]> stack{new char[STACK]};
    Dim3 place;
    bool finished = true;
};

inline ucontext_t scheduler;
inline std::vector<Fiber> fibers;
inline Fiber *running;
inline bool vote, verdict;  // what is voted in this round, and the outcome of the last one
inline int waiting;         // fibers that have come to the barrier in this round

struct Call {
    virtual void run() = 0;
};
inline Call *call;

inline void enter() {
    call->run();
    running->finished = true;
}

inline bool barrier(bool agrees) {
    vote = vote && agrees;
    ++waiting;
    Fiber *self = running;
    swapcontext(&self->context, &scheduler);
    return verdict;
}

inline void run_block(unsigned count) {
    while (fibers.size() < count) fibers.emplace_back();
    for (unsigned i = 0; i < count; ++i) {
        Fiber &fiber = fibers[i];
        getcontext(&fiber.context);
        fiber.context.uc_stack.ss_sp = fiber.stack.get();
        fiber.context.uc_stack.ss_size = STACK;
        fiber.context.uc_link = &scheduler;
        fiber.place = {i % blockDim.x, i / blockDim.x, 0};
        fiber.finished = false;
        makecontext(&fiber.context, enter, 0);
    }
    int left = int(count);
    while (left > 0) {
        vote = true;
        waiting = 0;
        int before = left;
        for (unsigned i = 0; i < count; ++i) {
            if (fibers[i].finished) continue;
            running = &fibers[i];
            threadIdx = running->place;
            swapcontext(&scheduler, &running->context);
            left -= running->finished;
        }
        verdict = vote;
        if (waiting != 0 && (waiting != before || before != int(count))) {
            fprintf(stderr, "cuda_shim: %d of %u threads came to a barrier\n", waiting, count);
            abort();
        }
    }
}

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
    call = &made;
    gridDim = {blocks, 1, 1};
    blockDim = {x, y, 1};
    for (unsigned block = 0; block < blocks; ++block) {
        blockIdx = {block, 0, 0};
        run_block(x * y);
    }
    call = nullptr;
    return true;
}

}  // namespace shim

inline void __syncthreads() { shim::barrier(true); }
inline int __syncthreads_and(int agrees) { return shim::barrier(agrees != 0); }

#define EXPORT(name)                                                                        \
    extern "C" bool launch_##name(unsigned blocks, unsigned x, unsigned y, const char *kinds, \
                                  void **values) {                                          \
        return shim::launch(name, blocks, x, y, kinds, values);                             \
    }
