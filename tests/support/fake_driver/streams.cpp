// Streams, events, copies and graphs, see driver.h.
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "driver.h"

Stream &stream_of(void *handle) {
    // 0 and 1 are the legacy default stream.
    return handle <= reinterpret_cast<void *>(1) ? driver().legacy : *static_cast<Stream *>(handle);
}

void put(Stream &stream, Work work) {
    if (stream.capturing) {
        stream.capturing->steps.push_back(std::move(work));
        return;
    }
    stream.queue.push_back(std::move(work));
    ++stream.put;
}

void run_to(Stream &stream, unsigned long long step) {
    while (stream.done < step && !stream.queue.empty()) {
        Work work = std::move(stream.queue.front());
        stream.queue.pop_front();
        work();
        ++stream.done;
    }
}

static double now() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

API cuStreamCreateWithPriority(Stream **stream, unsigned flags, int) {
    CALL(IN_CONTEXT);
    if (flags != 1) return INVALID_VALUE;  // torch's do not wait for the legacy stream
    driver().streams.push_back(*stream = new Stream);
    return SUCCESS;
}

API cuStreamSynchronize(void *handle) {
    CALL(IN_CONTEXT | NOT_IN_CAPTURE, named(handle));
    Stream &stream = stream_of(handle);
    if (stream.capturing) {
        stream.broken = true;
        return CAPTURE_UNSUPPORTED;
    }
    run_to(stream, stream.put);
    return SUCCESS;
}

// Of the whole context: not allowed while anyone captures, and then it ends every capture.
API cuCtxSynchronize() {
    CALL(IN_CONTEXT | NOT_IN_CAPTURE);
    for (Stream *each : driver().streams)
        if (each->capturing) {
            break_captures(true);
            return CAPTURE_UNSUPPORTED;
        }
    run_to(driver().legacy, driver().legacy.put);
    for (Stream *each : driver().streams) run_to(*each, each->put);
    return SUCCESS;
}

API cuEventCreate(Event **event, unsigned flags) {
    CALL(IN_CONTEXT);
    *event = new Event{!(flags & 2)};
    return SUCCESS;
}

API cuEventDestroy(Event *) {
    CALL(ANYWHERE);  // kept: a graph may have it
    return SUCCESS;
}

// External (flag 1) is a step that records, and only in a capture; else a capture takes it for a mere
// dependency.
API cuEventRecordWithFlags(Event *event, void *handle, unsigned flags) {
    CALL(IN_CONTEXT, "stream=" + named(handle) + (flags ? " external" : ""));
    Stream &stream = stream_of(handle);
    if (flags && !stream.capturing) return INVALID_VALUE;
    if (stream.capturing && !flags) {
        event->captured = true;
        return SUCCESS;
    }
    event->captured = false;
    if (!stream.capturing) {
        event->stream = &stream;
        event->behind = stream.put + 1;
    }
    put(stream, [event] { event->time = now(); });
    return SUCCESS;
}

static CUresult known(Event *event) {
    if (!event->captured) return SUCCESS;
    break_captures(true);
    return CAPTURE_UNSUPPORTED;
}

// Time passes: what is asked about twice is there the second time.
API cuEventQuery(Event *event) {
    CALL(IN_CONTEXT | NOT_IN_CAPTURE);
    if (CUresult code = known(event)) return code;
    if (!event->stream || event->stream->done >= event->behind) return SUCCESS;
    run_to(*event->stream, event->behind);
    return NOT_READY;
}

API cuEventSynchronize(Event *event) {
    CALL(IN_CONTEXT | NOT_IN_CAPTURE);
    if (CUresult code = known(event)) return code;
    if (event->stream) run_to(*event->stream, event->behind);
    return SUCCESS;
}

API cuEventElapsedTime(float *milliseconds, Event *first, Event *last) {
    CALL(IN_CONTEXT);
    if (!first->timing || !last->timing) return INVALID_HANDLE;
    for (Event *each : {first, last}) {
        if (each->captured) return INVALID_VALUE;
        if (each->stream && each->stream->done < each->behind) return NOT_READY;
        if (!each->time) return INVALID_HANDLE;  // never recorded
    }
    *milliseconds = float(1e3 * (last->time - first->time));
    return SUCCESS;
}

API cuStreamWaitEvent(void *handle, Event *event, unsigned) {
    CALL(IN_CONTEXT, "stream=" + named(handle));
    if (CUresult code = known(event)) return code;
    Stream *other = event->stream;
    unsigned long long behind = event->behind;
    if (other) put(stream_of(handle), [other, behind] { run_to(*other, behind); });
    return SUCCESS;
}

// Of pinned memory: nobody waits.
API cuMemcpyAsync(CUdeviceptr to, CUdeviceptr from, size_t bytes, void *handle) {
    CALL(IN_CONTEXT, std::to_string(bytes) + " stream=" + named(handle));
    put(stream_of(handle), [=] {
        memcpy(reinterpret_cast<void *>(to), reinterpret_cast<void *>(from), bytes);
    });
    return SUCCESS;
}

API cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t bytes, void *handle) {
    CALL(IN_CONTEXT, std::to_string(bytes) + " stream=" + named(handle));
    put(stream_of(handle), [=] { memset(reinterpret_cast<void *>(to), value, bytes); });
    return SUCCESS;
}

API cuStreamBeginCapture(void *handle, int mode) {
    CALL(IN_CONTEXT | NOT_IN_CAPTURE, "stream=" + named(handle) + " mode=" + std::to_string(mode));
    Stream &stream = stream_of(handle);
    if (&stream == &driver().legacy) return CAPTURE_UNSUPPORTED;
    stream.capturing = new Graph;
    stream.broken = false;
    stream.thread = pthread_self();
    return SUCCESS;
}

API cuStreamIsCapturing(void *handle, int *status) {
    CALL(ANYWHERE);
    Stream &stream = stream_of(handle);
    *status = stream.capturing ? (stream.broken ? 2 : 1) : 0;
    return SUCCESS;
}

API cuStreamEndCapture(void *handle, Graph **graph) {
    CALL(IN_CONTEXT, "stream=" + named(handle));
    Stream &stream = stream_of(handle);
    *graph = stream.capturing;
    stream.capturing = nullptr;
    if (!*graph) return CAPTURE_UNMATCHED;
    if (!stream.broken) return SUCCESS;
    *graph = nullptr;
    return CAPTURE_INVALIDATED;
}

API cuGraphInstantiateWithFlags(Graph **made, Graph *graph, unsigned long long) {
    CALL(IN_CONTEXT, "steps=" + std::to_string(graph->steps.size()));
    *made = graph;
    return SUCCESS;
}

API cuGraphLaunch(Graph *graph, void *handle) {
    CALL(IN_CONTEXT, "stream=" + named(handle));
    put(stream_of(handle), [graph] {
        for (const Work &work : graph->steps) work();
    });
    return SUCCESS;
}
