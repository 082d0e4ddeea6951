// glibc: what the allocator holds, and giving it back.
#pragma once
#include <malloc.h>
