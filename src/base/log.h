// base/log.h: one line per event on stderr: time, level, room, text. Never a secret, never a value
// of a signal at info or above.
#pragma once

#include <cstdint>
#include <string_view>

namespace lineshaft {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError };

// Lines below `level` are dropped. Default: kInfo. Threads: any.
void set_log_level(LogLevel level);

// Requires: `room` names the part that speaks ("historian", "connect"); `text` is one line; control
// characters in it are replaced, so that outside data cannot forge lines. Threads: any.
void log(LogLevel level, std::string_view room, std::string_view text);

inline void log_debug(std::string_view room, std::string_view text) {
  log(LogLevel::kDebug, room, text);
}
inline void log_info(std::string_view room, std::string_view text) {
  log(LogLevel::kInfo, room, text);
}
inline void log_warn(std::string_view room, std::string_view text) {
  log(LogLevel::kWarn, room, text);
}
inline void log_error(std::string_view room, std::string_view text) {
  log(LogLevel::kError, room, text);
}

}  // namespace lineshaft
