#include "connect/opcua/history.h"

#include <algorithm>

#include "base/bytes.h"
#include "connect/opcua/address_space.h"

namespace lineshaft::connect::opcua {

namespace {

constexpr std::size_t kValuesMax = 10'000;
constexpr std::size_t kPointBytes = 8;

struct Span {
  TimeRange range;
  bool newest_first = false;
};

// Part 11, 6.4.3: a start after the end, or no start, asks for the newest first.
std::optional<Span> span_of(const UA_ReadRawModifiedDetails& details) {
  const bool has_start = details.startTime > 0;
  const bool has_end = details.endTime > 0 && details.endTime != UA_INT64_MAX;
  const Timestamp start = to_timestamp(details.startTime);
  const Timestamp end = to_timestamp(details.endTime);
  const auto after = [](Timestamp t) { return t + Nanoseconds(100); };  // OPC UA's tick
  if (!has_start && !has_end) return std::nullopt;
  if (!has_start) return Span{{kTimestampMin, after(end)}, true};
  if (!has_end) return Span{{start, kTimestampMax}, false};
  if (start == end) return Span{{start, after(start)}, false};
  if (start < end) return Span{{start, end}, false};
  return Span{{after(end), after(start)}, true};
}

// Where a read before stopped: its last time. False: not a point of ours.
bool resume(Span& span, const UA_ByteString& point) {
  if (point.length == 0) return true;
  if (point.length != kPointBytes) return false;
  ByteReader reader({point.data, point.length});
  const Timestamp last{static_cast<std::int64_t>(reader.read_le<std::uint64_t>())};
  if (!span.range.contains(last)) return false;
  if (span.newest_first) {
    span.range.to = last;
  } else {
    span.range.from = last + Nanoseconds(1);
  }
  return true;
}

UA_ByteString point_after(Timestamp last) {
  Bytes bytes;
  ByteWriter(bytes).write_le(static_cast<std::uint64_t>(last.ns));
  return copy_of(as_text(bytes));
}

UA_StatusCode read_node(UA_Server* server, ServerBacking& backing, const ServerUser* user,
                        const UA_ReadRawModifiedDetails& details, const UA_HistoryReadValueId& what,
                        UA_HistoryReadResult& result, UA_HistoryData& data) {
  void* context = nullptr;
  if (UA_Server_getNodeContext(server, what.nodeId, &context) != UA_STATUSCODE_GOOD) {
    return UA_STATUSCODE_BADNODEIDUNKNOWN;
  }
  if (context == nullptr) return UA_STATUSCODE_BADHISTORYOPERATIONUNSUPPORTED;
  const auto& node = *static_cast<const TagNode*>(context);
  if (user == nullptr || !backing.may_read(*user, node.tag.id)) {
    return UA_STATUSCODE_BADUSERACCESSDENIED;
  }
  auto span = span_of(details);
  if (!span) return UA_STATUSCODE_BADINVALIDTIMESTAMPARGUMENT;
  if (!resume(*span, what.continuationPoint)) return UA_STATUSCODE_BADCONTINUATIONPOINTINVALID;
  const std::size_t asked = details.numValuesPerNode;
  const std::size_t max = asked == 0 ? kValuesMax : std::min(asked, kValuesMax);
  // One more tells whether there are more.
  auto samples = backing.history(node.tag.id, span->range, span->newest_first, max + 1);
  if (!samples) return UA_STATUSCODE_BADDATAUNAVAILABLE;
  const bool more = samples->size() > max;
  if (more) samples->resize(max);
  if (samples->empty()) return UA_STATUSCODE_GOODNODATA;
  data.dataValues =
      static_cast<UA_DataValue*>(UA_Array_new(samples->size(), &UA_TYPES[UA_TYPES_DATAVALUE]));
  if (data.dataValues == nullptr) return UA_STATUSCODE_BADOUTOFMEMORY;
  data.dataValuesSize = samples->size();
  for (std::size_t i = 0; i < samples->size(); ++i) {
    auto value = data_value((*samples)[i]);
    std::swap(data.dataValues[i], *value);
  }
  // Who asked for so many has them; whoever asked for all gets the rest with the point.
  if (more) result.continuationPoint = point_after(samples->back().time);
  return UA_STATUSCODE_GOOD;
}

void on_read_raw(UA_Server* server, void* context, const UA_NodeId* /*session*/,
                 void* session_context, const UA_RequestHeader* /*header*/,
                 const UA_ReadRawModifiedDetails* details, UA_TimestampsToReturn /*times*/,
                 UA_Boolean release, size_t count, const UA_HistoryReadValueId* nodes,
                 UA_HistoryReadResponse* response, UA_HistoryData* const* const data) {
  if (release) return;  // points hold nothing that could be released
  auto& backing = *static_cast<ServerBacking*>(context);
  const auto* user = static_cast<const ServerUser*>(session_context);
  for (std::size_t i = 0; i < count; ++i) {
    UA_HistoryReadResult& result = response->results[i];
    result.statusCode = read_node(server, backing, user, *details, nodes[i], result, *data[i]);
  }
}

}  // namespace

void serve_history(UA_ServerConfig& config, ServerBacking& backing) {
  config.historizingEnabled = true;
  config.accessHistoryDataCapability = true;
  config.maxReturnDataValues = kValuesMax;
  config.historyDatabase = {};
  config.historyDatabase.context = &backing;
  config.historyDatabase.readRaw = &on_read_raw;
}

}  // namespace lineshaft::connect::opcua
