// wire/mqtt/topic.h: topic names, topic filters, and which of them belong together (4.7, 4.8.2).
// Pure functions. Threads: any.
#pragma once

#include <string_view>

#include "base/result.h"

namespace lineshaft::mqtt {

// 1 to 65,535 bytes of UTF-8 without NUL, + and #. Errors: broken, with the rule that is broken.
Status check_topic_name(std::string_view name);

// As a name, but + may stand for a whole level, and # for all levels at the end. Also
// "$share/<group>/<filter>". Errors: as above.
Status check_topic_filter(std::string_view filter);

// Whether a message on `name` belongs to a subscription of `filter`. A filter that begins with a
// wildcard does not match names that begin with $. Of a shared subscription the filter behind the
// group counts. Requires: both are well formed. Cost: one pass, no allocation.
bool topic_matches(std::string_view filter, std::string_view name);

}  // namespace lineshaft::mqtt
