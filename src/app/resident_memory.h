// app/resident_memory.h: how much memory this process holds, as the system counts it.
#pragma once

#include <cstdint>

namespace lineshaft::app {

// Resident set size in bytes, from /proc/self/statm; 0 where that does not exist.
std::uint64_t resident_memory_bytes();

}  // namespace lineshaft::app
