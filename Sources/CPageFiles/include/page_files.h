#pragma once
#include <stddef.h>

/// A file of the built-in page, as the compiler put it into the binary.
struct page_file {
    const char *name;
    const unsigned char *bytes;
    size_t length;
};

/// The file of that number, NULL behind the last.
const struct page_file *page_file_at(size_t index);
