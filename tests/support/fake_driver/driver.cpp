// Devices, contexts, code, launches; and how tests ask and steer the stand-in. See driver.h.
#include "driver.h"

#include <dlfcn.h>
#include <elf.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <sstream>

Driver &driver() {
    static Driver *made = new Driver;  // never destroyed: threads may end after it
    return *made;
}

Context *&current() {
    static thread_local Context *context = nullptr;
    return context;
}

static Context primary[8] = {{0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}};

std::string named(void *handle) {
    char text[32];
    snprintf(text, sizeof text, "%p", handle);
    return handle ? text : "0x0";
}

// An invalid call ends a capture: this thread's, or everyone's where it is of the whole context.
void break_captures(bool everywhere) {
    for (Stream *each : driver().streams)
        if (each->capturing && (everywhere || each->thread == pthread_self())) each->broken = true;
}

CUresult begin(const char *name, int rules, const std::string &arguments) {
    Driver &d = driver();
    d.log.push_back(arguments.empty() ? name : name + (" " + arguments));
    auto refused = d.refused.find(name);
    if (refused != d.refused.end()) return refused->second;
    if (rules & IN_CONTEXT && !current()) return INVALID_CONTEXT;
    if (rules & NOT_IN_CAPTURE)
        for (Stream *each : d.streams)
            if (each->capturing && each->thread == pthread_self()) {
                each->broken = true;
                return CAPTURE_UNSUPPORTED;
            }
    return SUCCESS;
}

API cuInit(unsigned) {
    CALL(ANYWHERE);
    driver().initialized = true;
    return SUCCESS;
}

API cuDriverGetVersion(int *version) {
    CALL(ANYWHERE);
    *version = driver().version;
    return SUCCESS;
}

API cuDeviceGetCount(int *count) {
    CALL(ANYWHERE);
    *count = driver().devices;
    return SUCCESS;
}

API cuDeviceGet(CUdevice *device, int ordinal) {
    CALL(ANYWHERE);
    *device = ordinal;
    return ordinal < driver().devices ? SUCCESS : INVALID_VALUE;
}

API cuDeviceGetName(char *name, int room, CUdevice) {
    CALL(ANYWHERE);
    snprintf(name, room, "stand-in");
    return SUCCESS;
}

// Only compute capability is asked for.
API cuDeviceGetAttribute(int *value, int attribute, CUdevice) {
    CALL(ANYWHERE, std::to_string(attribute));
    if (attribute != 75 && attribute != 76) return INVALID_VALUE;
    *value = attribute == 75 ? driver().architecture / 10 : driver().architecture % 10;
    return SUCCESS;
}

API cuDevicePrimaryCtxRetain(void **context, CUdevice device) {
    CALL(ANYWHERE, std::to_string(device));
    *context = &primary[device];
    return SUCCESS;
}

API cuDevicePrimaryCtxRelease(CUdevice device) {
    CALL(ANYWHERE, std::to_string(device));
    return SUCCESS;
}

API cuCtxGetCurrent(void **context) {
    CALL(ANYWHERE);
    *context = current();
    return SUCCESS;
}

API cuCtxSetCurrent(void *context) {
    CALL(ANYWHERE, context ? std::to_string(static_cast<Context *>(context)->device) : "none");
    current() = static_cast<Context *>(context);
    return SUCCESS;
}

API cuCtxGetDevice(CUdevice *device) {
    CALL(IN_CONTEXT);
    *device = current()->device;
    return SUCCESS;
}

// No code with a virtual architecture, and none that the device cannot run: a cubin runs on devices
// of its major version and at least its minor one.
API cuLibraryLoadData(Library **library, const void *code, void *, void **, unsigned, void *,
                      void **, unsigned) {
    CALL(NOT_IN_CAPTURE);
    const auto *head = static_cast<const Elf64_Ehdr *>(code);
    if (memcmp(head->e_ident, ELFMAG, SELFMAG)) return INVALID_VALUE;
    size_t sections = head->e_shoff + size_t(head->e_shnum) * head->e_shentsize;
    size_t segments = head->e_phoff + size_t(head->e_phnum) * head->e_phentsize;
    // CUDA 13 writes the architecture one byte further.
    unsigned flags = head->e_flags;
    int made = head->e_ident[EI_ABIVERSION] >= 8 ? flags >> 8 & 0xff : flags & 0xff;
    int here = driver().architecture;
    if (made / 10 != here / 10 || made > here) return NO_BINARY_FOR_GPU;
    *library = new Library{{static_cast<const char *>(code), std::max(sections, segments)}};
    return SUCCESS;
}

API cuLibraryUnload(Library *library) {
    CALL(ANYWHERE);
    delete library;
    return SUCCESS;
}

static void *host_symbol(const std::string &name) {
    std::istringstream paths(getenv("FAKE_DRIVER_KERNELS") ?: "");
    void *symbol = nullptr;
    for (std::string path; !symbol && std::getline(paths, path, ':');)
        if (void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL))
            symbol = dlsym(library, name.c_str());
    return symbol;
}

API cuLibraryGetKernel(Kernel **kernel, Library *library, const char *name) {
    CALL(NOT_IN_CAPTURE, name);
    if (library->code.find(std::string(".text.") + name + '\0') == std::string::npos)
        return NOT_FOUND;
    auto *made = new Kernel{name, nullptr, nullptr};
    auto kinds = reinterpret_cast<const char *(*)()>(host_symbol(std::string("kinds_") + name));
    *reinterpret_cast<void **>(&made->launch) = host_symbol(std::string("launch_") + name);
    if (!kinds || !made->launch) return NOT_FOUND;
    made->kinds = kinds();
    *kernel = made;
    return SUCCESS;
}

static bool on_device(CUdeviceptr place) {
    if (!place) return true;
    auto next = driver().memory.upper_bound(place);
    return next != driver().memory.begin() && place < std::prev(next)->second;
}

struct LaunchConfig {
    unsigned grid[3], block[3], shared;
    void *stream, *attributes;
    unsigned count;
};

// Arguments are read now, as a driver does: 8 bytes of an address, 4 of a number.
API cuLaunchKernelEx(const LaunchConfig *c, Kernel *kernel, void **values, void **extra) {
    CALL(IN_CONTEXT, kernel->name + " blocks=" + std::to_string(c->grid[0]) + " block=" +
                         std::to_string(c->block[0]) + "x" + std::to_string(c->block[1]) +
                         " stream=" + named(c->stream));
    bool flat = c->grid[1] == 1 && c->grid[2] == 1 && c->block[2] == 1;
    unsigned threads = c->block[0] * c->block[1];
    if (!flat || extra || c->count || c->shared || !c->grid[0] || !threads || threads > 1024)
        return INVALID_VALUE;
    std::vector<std::vector<char>> kept;
    for (size_t i = 0; kernel->kinds[i]; ++i) {
        auto *value = static_cast<const char *>(values[i]);
        bool address = kernel->kinds[i] == 'p';
        kept.emplace_back(value, value + (address ? 8 : 4));
        if (address && !on_device(*reinterpret_cast<const CUdeviceptr *>(value)))
            return ILLEGAL_ADDRESS;
    }
    auto call = *c;
    put(stream_of(c->stream), [kernel, call, kept]() mutable {
        std::vector<void *> places;
        for (auto &value : kept) places.push_back(value.data());
        kernel->launch(call.grid[0], call.block[0], call.block[1], kernel->kinds, places.data());
    });
    return SUCCESS;
}

API cuGetErrorName(CUresult code, const char **text) {
    static const std::map<CUresult, const char *> names = {
        {SUCCESS, "CUDA_SUCCESS"},
        {INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE"},
        {NO_BINARY_FOR_GPU, "CUDA_ERROR_NO_BINARY_FOR_GPU"},
        {INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT"},
        {NOT_FOUND, "CUDA_ERROR_NOT_FOUND"},
        {ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS"},
        {LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED"},
        {CAPTURE_UNSUPPORTED, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED"},
        {CAPTURE_INVALIDATED, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED"},
    };
    auto found = names.find(code);
    *text = found == names.end() ? "CUDA_ERROR" : found->second;
    return SUCCESS;
}

API cuGetErrorString(CUresult code, const char **text) { return cuGetErrorName(code, text); }

// As the driver's: SUCCESS and a null pointer never come together. Asked for by its name alone.
API cuGetProcAddress_v2(const char *name, void **function, int, unsigned long long, int *) {
    static void *self = [] {
        Dl_info here;
        dladdr(reinterpret_cast<void *>(&driver), &here);
        return dlopen(here.dli_fname, RTLD_NOW | RTLD_NOLOAD);
    }();
    *function = dlsym(self, name);
    return *function ? SUCCESS : NOT_FOUND;
}

// NVRTC asks for tables of the driver's own; there are none, and it does without.
API cuGetExportTable(const void **, const void *) { return NOT_FOUND; }

// For tests.

// What was called since it was asked last, a line each.
HOOK const char * fake_log() {
    static std::string text;
    std::lock_guard<std::recursive_mutex> hold(driver().lock);
    text.clear();
    for (const std::string &line : driver().log) text += line + "\n";
    driver().log.clear();
    return text.c_str();
}

// Memory of the device: kernels are given no other.
HOOK void fake_own(CUdeviceptr place, size_t bytes) {
    std::lock_guard<std::recursive_mutex> hold(driver().lock);
    driver().memory[place] = place + bytes;
}

// Runs what is on a stream, as the next step there would find it done. Returns whether it captures.
HOOK bool fake_run(void *handle) {
    std::lock_guard<std::recursive_mutex> hold(driver().lock);
    Stream &stream = stream_of(handle);
    if (!stream.capturing) run_to(stream, stream.put);
    return stream.capturing;
}

// From now on a call returns this code; 0 lets it be.
HOOK void fake_refuse(const char *name, CUresult code) {
    std::lock_guard<std::recursive_mutex> hold(driver().lock);
    driver().refused.erase(name);
    if (code) driver().refused[name] = code;
}

// What is pretended.
HOOK void fake_be(int architecture, int version, int drawing) {
    driver().architecture = architecture;
    driver().version = version;
    driver().drawing = drawing;
}
