#pragma once
#include <zlib.h>

/// `inflateInit2` is a macro, which Swift cannot call. No logic lives here.
static inline int czlib_inflate_start(z_stream *stream, int window_bits) {
    return inflateInit2(stream, window_bits);
}
