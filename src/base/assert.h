// base/assert.h: stops the program at a bug of ours. Never for outside data: that is a Result.
#pragma once

namespace lineshaft {

// Prints `file:line: assertion failed: text` to stderr and aborts. Threads: any.
[[noreturn]] void assert_failed(const char* text, const char* file, int line) noexcept;

}  // namespace lineshaft

// On in every build: a wrong state is worse than a stop, and the log brings us back.
#define LS_ASSERT(condition)              \
  (static_cast<bool>(condition) ? void(0) \
                                : ::lineshaft::assert_failed(#condition, __FILE__, __LINE__))
