#pragma once
#include <uv.h>

// Variadic, which Swift cannot call. No logic lives here.
static inline int cuv_measure_idle_time(uv_loop_t *loop) {
    return uv_loop_configure(loop, UV_METRICS_IDLE_TIME);
}
