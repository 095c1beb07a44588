// connect/opcua/history_request.h: one HistoryRead of raw values. Includes open62541's headers: for
// the .cpp files of this folder only.
#pragma once

#include <functional>
#include <vector>

#include "connect/opcua/access.h"

namespace lineshaft::connect::opcua {

using UaPoint = Ua<UA_ByteString, UA_TYPES_BYTESTRING>;

struct HistoryAsk {
  std::size_t signal = 0;          // requires: the server knows its node
  const UaPoint* point = nullptr;  // where to go on; borrowed for the call
};

struct HistoryRange {
  UA_DateTime start = 0;  // 0: none, so that the newest come first
  UA_DateTime end = 0;
  UA_UInt32 values_max = 0;  // of each signal
};

// `done` gets a status for each of `asks` and the values, where there are any. Its vector has the
// length of `asks` whatever the server answers.
struct HistoryPage {
  UA_StatusCode status = UA_STATUSCODE_GOOD;
  const UA_HistoryData* data = nullptr;  // null: none
  UA_ByteString* point = nullptr;        // to be taken; null or empty: there is no more
};
using HistoryDone = std::function<void(UA_StatusCode whole, std::vector<HistoryPage>& pages)>;
void read_history(Access& access, const HistoryRange& range, const std::vector<HistoryAsk>& asks,
                  HistoryDone done);

}  // namespace lineshaft::connect::opcua
