// A stand-in for NVIDIA's driver, for tests: `libcuda.so.1` whose device is the host's memory.
//
// Kernels are those that `cuda_shim.h` has compiled for the host. What is put on a stream runs when
// somebody waits for it, and not before: a step that nobody waits for shows in what is read. Where a
// real driver refuses a call, so does this one: without a current context, while the thread captures,
// code for another architecture. Every call is noted. What is not here is not found by
// `cuGetProcAddress`, and whoever calls it is told so by cuda.bindings.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

typedef int CUresult;
typedef int CUdevice;
typedef unsigned long long CUdeviceptr;

enum : CUresult {
    SUCCESS = 0,
    INVALID_VALUE = 1,
    NO_BINARY_FOR_GPU = 209,
    INVALID_CONTEXT = 201,
    ALREADY_MAPPED = 208,
    NOT_MAPPED = 211,
    OPERATING_SYSTEM = 304,
    INVALID_HANDLE = 400,
    NOT_FOUND = 500,
    NOT_READY = 600,
    ILLEGAL_ADDRESS = 700,
    LAUNCH_FAILED = 719,
    CAPTURE_UNSUPPORTED = 900,
    CAPTURE_INVALIDATED = 901,
    CAPTURE_UNMATCHED = 903,
};

struct Context {
    int device;
};

typedef std::function<void()> Work;

struct Graph {
    std::vector<Work> steps;
};

// Steps are numbered from 1 as they are put on a stream.
struct Stream {
    std::deque<Work> queue;
    unsigned long long put = 0, done = 0;
    Graph *capturing = nullptr;
    bool broken = false;  // its capture, by a call that is not allowed
    unsigned long thread = 0;  // that captures
};

struct Event {
    bool timing;
    Stream *stream = nullptr;  // where it was recorded last, behind so many steps
    unsigned long long behind = 0;
    double time = 0;  // seconds, when the device came to it
    bool captured = false;
};

struct Library {
    std::string code;
};

struct Kernel {
    std::string name;
    const char *kinds;
    bool (*launch)(unsigned, unsigned, unsigned, const char *, void **);
};

struct Driver {
    std::recursive_mutex lock;
    std::vector<std::string> log;
    std::map<std::string, CUresult> refused;
    std::map<CUdeviceptr, CUdeviceptr> memory;  // of the device: from and to
    std::vector<Stream *> streams;
    Stream legacy;
    int devices = 2, drawing = 0, architecture = 80, version = 12090;
    bool initialized = false;
};

Driver &driver();
Context *&current();

// Begins a call: notes it, and says what it returns at once, or SUCCESS.
enum { ANYWHERE = 0, IN_CONTEXT = 1, NOT_IN_CAPTURE = 2 };
CUresult begin(const char *name, int rules, const std::string &arguments = "");

Stream &stream_of(void *handle);
void put(Stream &stream, Work work);
void run_to(Stream &stream, unsigned long long step);
std::string named(void *handle);
void break_captures(bool everywhere);

#define API extern "C" __attribute__((visibility("default"))) CUresult
#define HOOK extern "C" __attribute__((visibility("default")))
#define CALL(rules, ...)                                                   \
    std::lock_guard<std::recursive_mutex> hold(driver().lock);             \
    if (CUresult code = begin(__func__, rules, ##__VA_ARGS__)) return code
