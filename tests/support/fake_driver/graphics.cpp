// Buffers of OpenGL's, whose context must be current; see driver.h.
//
// Mapped memory is the host's, of no numbers, and reaches OpenGL when it is unmapped, never before.
#include <dlfcn.h>
#include <string.h>

#include "driver.h"

static const unsigned COPY_WRITE_BUFFER = 0x8F37, BUFFER_SIZE = 0x8764;

struct Resource {
    unsigned buffer;
    std::vector<char> mapped;
};

template <class F>
static F gl(const char *name) {
    static void *library = dlopen("libGL.so.1", RTLD_NOW);
    return reinterpret_cast<F>(dlsym(library, name));
}

static void bind(const Resource &r) {
    gl<void (*)(unsigned, unsigned)>("glBindBuffer")(COPY_WRITE_BUFFER, r.buffer);
}

static int size_of(const Resource &r) {
    int size = 0;
    bind(r);
    gl<void (*)(unsigned, unsigned, int *)>("glGetBufferParameteriv")(COPY_WRITE_BUFFER, BUFFER_SIZE,
                                                                     &size);
    return size;
}

API cuGLGetDevices(unsigned *count, CUdevice *devices, unsigned room, int which) {
    CALL(ANYWHERE, std::to_string(which));
    if (which != 1 || !room) return INVALID_VALUE;
    *count = 1;
    devices[0] = driver().drawing;
    return SUCCESS;
}

API cuGraphicsGLRegisterBuffer(Resource **resource, unsigned buffer, unsigned flags) {
    CALL(IN_CONTEXT, std::to_string(buffer) + " flags=" + std::to_string(flags));
    Resource made{buffer, {}};
    if (!size_of(made)) return OPERATING_SYSTEM;
    *resource = new Resource(made);
    return SUCCESS;
}

API cuGraphicsMapResources(unsigned count, Resource **resources, void *handle) {
    CALL(IN_CONTEXT, "stream=" + named(handle));
    Resource &r = **resources;
    if (count != 1) return INVALID_VALUE;
    if (!r.mapped.empty()) return ALREADY_MAPPED;
    int size = size_of(r);
    if (!size) return OPERATING_SYSTEM;
    r.mapped.assign(size, char(0xff));
    return SUCCESS;
}

API cuGraphicsResourceGetMappedPointer(CUdeviceptr *pointer, size_t *size, Resource *resource) {
    CALL(IN_CONTEXT);
    if (resource->mapped.empty()) return NOT_MAPPED;
    *pointer = reinterpret_cast<CUdeviceptr>(resource->mapped.data());
    *size = resource->mapped.size();
    driver().memory[*pointer] = *pointer + *size;
    return SUCCESS;
}

API cuGraphicsUnmapResources(unsigned, Resource **resources, void *handle) {
    CALL(IN_CONTEXT, "stream=" + named(handle));
    Resource &r = **resources;
    if (r.mapped.empty()) return NOT_MAPPED;
    Stream &stream = stream_of(handle);
    run_to(stream, stream.put);  // OpenGL waits for it
    bind(r);
    gl<void (*)(unsigned, long, long, const void *)>("glBufferSubData")(
        COPY_WRITE_BUFFER, 0, r.mapped.size(), r.mapped.data());
    driver().memory.erase(reinterpret_cast<CUdeviceptr>(r.mapped.data()));
    r.mapped.clear();
    return SUCCESS;
}

API cuGraphicsUnregisterResource(Resource *resource) {
    CALL(IN_CONTEXT, std::to_string(resource->buffer));
    delete resource;
    return SUCCESS;
}
