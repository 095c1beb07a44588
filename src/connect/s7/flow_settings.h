// connect/s7/flow_settings.h: what a flow is set to that serves tags as an S7 CPU does.
#pragma once

#include <cstdint>
#include <string>

namespace lineshaft::connect {

struct S7ServerFlowSettings {
  std::string listen = "127.0.0.1";  // a numeric address of ours
  std::uint16_t port = 102;          // 0: a free one, for tests
  std::uint16_t db = 1;              // 1..60'000: the first data block of values
  std::uint16_t quality_db = 1'001;  // 1..60'000: that of their qualities; apart from the former
  // Numbers in 32 bits, for clients that know no others: DINT and REAL instead of LINT and LREAL.
  // What does not fit has no good quality then.
  bool narrow = false;
  std::uint16_t string_chars = 64;     // 1..254: of each text
  std::uint16_t connections_max = 32;  // 1..1000
  friend bool operator==(const S7ServerFlowSettings&, const S7ServerFlowSettings&) = default;
};

// Data blocks of one flow: from `db` on, and as many from `quality_db` on.
inline constexpr std::uint32_t kServedBlocksMax = 100;

}  // namespace lineshaft::connect
