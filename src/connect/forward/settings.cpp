#include "connect/forward/settings.h"

#include <nlohmann/json.hpp>

namespace lineshaft::connect::forward {

void read_queue(Fields& fields, QueueSettings& queue) {
  fields.integer("queue_mib_max", queue.queue_mib_max, 16, 1'048'576);
  fields.integer("queue_hours_max", queue.queue_hours_max, 1, 87'600);
}

void add_queue_json(const QueueSettings& queue, Json& settings) {
  settings["queue_mib_max"] = queue.queue_mib_max;
  settings["queue_hours_max"] = queue.queue_hours_max;
}

}  // namespace lineshaft::connect::forward
