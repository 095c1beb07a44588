// wire/sparkplug/publication.h: what a Sparkplug participant asks its MQTT connection to do, and
// names that both sides know.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace lineshaft::sparkplug {

// A message to publish, or a will.
struct Publication {
  std::string topic;
  Bytes payload;
  std::uint8_t qos = 0;
  bool retain = false;
  friend bool operator==(const Publication&, const Publication&) = default;
};

struct SubscriptionWish {
  std::string filter;
  std::uint8_t qos = 0;
  bool no_local = false;  // not what the subscriber says itself, where MQTT can tell (5)
  friend bool operator==(const SubscriptionWish&, const SubscriptionWish&) = default;
};

inline constexpr std::string_view kRebirth = "Node Control/Rebirth";
inline constexpr std::string_view kBdSeq = "bdSeq";

}  // namespace lineshaft::sparkplug
