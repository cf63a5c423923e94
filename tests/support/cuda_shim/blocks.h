// The blocks of a launch on the host: the threads of a block are fibers of one thread of the host.
//
// A fiber runs until it comes to a barrier of its block or to an exchange with lanes of its warp;
// when all that take part have come, they go on. What CUDA leaves open, `Order` decides: by default
// threads go on in the order of their numbers, and so do blocks, one after the other. A seed
// shuffles both, and then several blocks may be under way at once. Either way a run is the same
// every time.
#pragma once

#include <cstddef>

struct Dim3 {
    unsigned x = 1, y = 1, z = 1;
};

extern Dim3 gridDim, blockDim, blockIdx, threadIdx;

namespace shim {

constexpr unsigned WARP = 32;

typedef unsigned long long Word;

struct Order {
    unsigned seed = 0;   // 0 is in order
    unsigned alive = 1;  // blocks that are under way at once
};
extern Order order;

// Memory that each block has for itself. No more than one block is under way where there is none.
struct Shared {
    char *start;
    size_t size;
};

// The thread-local memory of the library that has `anchor` in it.
Shared thread_local_memory(const void *anchor);

struct Call {
    virtual void run() = 0;
};

// Runs all threads of a launch.
void run(Call &call, Dim3 grid, Dim3 block, Shared shared);

// Barrier of the block; whether all its threads agree.
bool barrier(bool agrees);

// Gives a word to the lanes of a mask, and receives theirs, lane by lane. Memory is in order before
// and after only by `fence`: an exchange alone promises nothing.
const Word *exchange(unsigned mask, Word given, bool fence);

unsigned lane();  // of the thread that runs

// Lets others go on: at once where this one waits for what they write, else where the dice say so.
void wait();
void pause();

// Ends the program.
[[noreturn]] void fail(const char *what, unsigned count);

// Is told what orders memory.
struct Watcher {
    virtual void launch(unsigned blocks, unsigned threads, Shared shared) = 0;
    virtual void start(unsigned block) = 0;
    virtual void finish(unsigned block) = 0;
    virtual void go_on(unsigned block, unsigned thread) = 0;
    virtual void block_barrier(unsigned block) = 0;
    virtual void warp_barrier(unsigned block, unsigned warp, unsigned mask) = 0;
};
extern Watcher *watcher;

}  // namespace shim
