#pragma once
#include <zlib.h>

/// `inflateInit2` is a macro, which Swift cannot call. No logic lives here.
static inline int czlib_inflate_start(z_stream *stream, int window_bits) {
    return inflateInit2(stream, window_bits);
}

/// The same of `deflateInit2`, at the strongest level.
static inline int czlib_deflate_start(z_stream *stream, int window_bits) {
    return deflateInit2(stream, Z_BEST_COMPRESSION, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
}
