// connect/forward/settings.h: how much a flow to a destination that may be away keeps on disk.
#pragma once

#include <cstdint>

#include "connect/fields.h"

namespace lineshaft::connect::forward {

struct QueueSettings {
  std::uint32_t queue_mib_max = 1'024;  // 16..1'048'576
  std::uint32_t queue_hours_max = 168;  // 1..87'600
  friend bool operator==(const QueueSettings&, const QueueSettings&) = default;
};

// Members "queue_mib_max" and "queue_hours_max" of every kind that sends.
void read_queue(Fields& fields, QueueSettings& queue);
void add_queue_json(const QueueSettings& queue, Json& settings);

}  // namespace lineshaft::connect::forward
