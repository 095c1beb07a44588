#include "connect/opcua/history.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"

namespace lineshaft::connect::opcua {

namespace {

constexpr std::size_t kPointBytes = 8;
constexpr Nanoseconds kTick{100};  // OPC UA's

using DataValue = Ua<UA_DataValue, UA_TYPES_DATAVALUE>;

struct Span {
  TimeRange range;
  bool newest_first = false;
  // Ends that the client has named, for bounding values; in the order of the answer.
  std::optional<Timestamp> start;
  std::optional<Timestamp> end;
};

// Part 11, 6.4.3: a start after the end, or no start, asks for the newest first.
std::optional<Span> span_of(const UA_ReadRawModifiedDetails& details) {
  const bool has_start = details.startTime > 0;
  const bool has_end = details.endTime > 0 && details.endTime != UA_INT64_MAX;
  const Timestamp start = to_timestamp(details.startTime);
  const Timestamp end = to_timestamp(details.endTime);
  const auto after = [](Timestamp t) { return t + kTick; };
  if (!has_start && !has_end) return std::nullopt;
  if (!has_start) return Span{{kTimestampMin, after(end)}, true, end, std::nullopt};
  if (!has_end) return Span{{start, kTimestampMax}, false, start, std::nullopt};
  if (start == end) return Span{{start, after(start)}, false, start, end};
  if (start < end) return Span{{start, end}, false, start, end};
  return Span{{after(end), after(start)}, true, start, end};
}

// Where a read before stopped: its last time. False: not a point of ours.
bool resume(Span& span, const UA_ByteString& point) {
  if (point.length == 0) return true;
  const auto last = time_of_point(point);
  if (!last || !span.range.contains(*last)) return false;
  span.start.reset();  // its bounding value stood in the first answer
  if (span.newest_first) {
    span.range.to = *last;
  } else {
    span.range.from = *last + Nanoseconds(1);
  }
  return true;
}

// The sample at that end, or the next one beyond it; a value without one if there is none.
DataValue bound(ServerBacking& backing, TagId tag, Timestamp at, bool look_back) {
  const TimeRange range =
      look_back ? TimeRange{kTimestampMin, at + kTick} : TimeRange{at, kTimestampMax};
  const auto found = backing.history(tag, range, look_back, 1);
  if (found && found->size() == 1) return data_value(found->front());
  DataValue none;
  none->hasStatus = true;
  none->status = UA_STATUSCODE_BADBOUNDNOTFOUND;
  none->hasSourceTimestamp = true;
  none->sourceTimestamp = to_datetime(at);
  return none;
}

bool is_at(const std::vector<Sample>& samples, bool first, Timestamp time) {
  if (samples.empty()) return false;
  return to_datetime((first ? samples.front() : samples.back()).time) == to_datetime(time);
}

UA_StatusCode fill(const std::vector<DataValue>& values, UA_HistoryData& data) {
  if (values.empty()) return UA_STATUSCODE_GOODNODATA;
  if (!allocate(data, values.size())) return UA_STATUSCODE_BADOUTOFMEMORY;
  for (std::size_t i = 0; i < values.size(); ++i) {
    (void)UA_DataValue_copy(values[i].get(), &data.dataValues[i]);
  }
  return UA_STATUSCODE_GOOD;
}

UA_StatusCode read_raw(ServerBacking& backing, TagId tag, const UA_ReadRawModifiedDetails& details,
                       const UA_HistoryReadValueId& what, UA_HistoryReadResult& result,
                       UA_HistoryData& data) {
  auto span = span_of(details);
  if (!span) return UA_STATUSCODE_BADINVALIDTIMESTAMPARGUMENT;
  if (!resume(*span, what.continuationPoint)) return UA_STATUSCODE_BADCONTINUATIONPOINTINVALID;
  const std::size_t asked = details.numValuesPerNode;
  const std::size_t max = asked == 0 ? kHistoryValuesMax : std::min(asked, kHistoryValuesMax);
  // One more tells whether there are more.
  auto samples = backing.history(tag, span->range, span->newest_first, max + 1);
  if (!samples) return history_status(samples.error());
  const bool bounds = details.returnBounds && max > 1;
  const bool ahead = bounds && span->start && !is_at(*samples, true, *span->start);
  const std::size_t room = max - (ahead ? 1 : 0);
  bool more = samples->size() > room;
  if (more) samples->resize(room);
  std::vector<DataValue> values;
  if (ahead) values.push_back(bound(backing, tag, *span->start, !span->newest_first));
  for (const Sample& sample : *samples) values.push_back(data_value(sample));
  const bool behind = bounds && span->end && !more && !is_at(*samples, false, *span->end);
  if (behind && values.size() < max) {
    values.push_back(bound(backing, tag, *span->end, span->newest_first));
  } else if (behind) {
    more = true;  // the bounding value comes by itself
  }
  // Who asked for so many has them; whoever asked for all gets the rest with the point.
  if (more && !samples->empty()) result.continuationPoint = point_at(samples->back().time);
  return fill(values, data);
}

// Those that others of the same time replaced; when, and by whom, is not kept.
UA_StatusCode read_modified(ServerBacking& backing, TagId tag,
                            const UA_ReadRawModifiedDetails& details,
                            const UA_HistoryReadValueId& what, UA_HistoryReadResult& result,
                            UA_HistoryModifiedData& data) {
  auto span = span_of(details);
  if (!span) return UA_STATUSCODE_BADINVALIDTIMESTAMPARGUMENT;
  if (!resume(*span, what.continuationPoint)) return UA_STATUSCODE_BADCONTINUATIONPOINTINVALID;
  auto samples = backing.replaced(tag, span->range);
  if (!samples) return history_status(samples.error());
  if (span->newest_first) std::ranges::reverse(*samples);
  const std::size_t asked = details.numValuesPerNode;
  std::size_t count = asked == 0 ? kHistoryValuesMax : std::min(asked, kHistoryValuesMax);
  // All of one time go together: the point is a time.
  while (count < samples->size() && (*samples)[count].time == (*samples)[count - 1].time) ++count;
  if (count < samples->size()) {
    samples->resize(count);
    result.continuationPoint = point_at(samples->back().time);
  }
  if (samples->empty()) return UA_STATUSCODE_GOODNODATA;
  data.dataValues =
      static_cast<UA_DataValue*>(UA_Array_new(samples->size(), &UA_TYPES[UA_TYPES_DATAVALUE]));
  data.modificationInfos = static_cast<UA_ModificationInfo*>(
      UA_Array_new(samples->size(), &UA_TYPES[UA_TYPES_MODIFICATIONINFO]));
  if (data.dataValues == nullptr || data.modificationInfos == nullptr) {
    return UA_STATUSCODE_BADOUTOFMEMORY;
  }
  data.dataValuesSize = samples->size();
  data.modificationInfosSize = samples->size();
  for (std::size_t i = 0; i < samples->size(); ++i) {
    auto value = data_value((*samples)[i]);
    std::swap(data.dataValues[i], *value);
    data.modificationInfos[i].updateType = UA_HISTORYUPDATETYPE_REPLACE;
  }
  return UA_STATUSCODE_GOOD;
}

void on_read_raw(UA_Server* server, void* context, const UA_NodeId* /*session*/,
                 void* session_context, const UA_RequestHeader* /*header*/,
                 const UA_ReadRawModifiedDetails* details, UA_TimestampsToReturn /*times*/,
                 UA_Boolean release, size_t count, const UA_HistoryReadValueId* nodes,
                 UA_HistoryReadResponse* response, UA_HistoryData* const* const data) {
  if (release) return;  // points hold nothing that could be released
  auto& backing = *static_cast<ServerBacking*>(context);
  answer_each({server, session_context, backing, {nodes, count}}, *response,
              [&](std::size_t i, const Tag& tag) {
                return read_raw(backing, tag.id, *details, nodes[i], response->results[i],
                                *data[i]);
              });
}

void on_read_modified(UA_Server* server, void* context, const UA_NodeId* /*session*/,
                      void* session_context, const UA_RequestHeader* /*header*/,
                      const UA_ReadRawModifiedDetails* details, UA_TimestampsToReturn /*times*/,
                      UA_Boolean release, size_t count, const UA_HistoryReadValueId* nodes,
                      UA_HistoryReadResponse* response, UA_HistoryModifiedData* const* const data) {
  if (release) return;
  auto& backing = *static_cast<ServerBacking*>(context);
  answer_each({server, session_context, backing, {nodes, count}}, *response,
              [&](std::size_t i, const Tag& tag) {
                return read_modified(backing, tag.id, *details, nodes[i], response->results[i],
                                     *data[i]);
              });
}

// The tag of a node whose history that session may read. Otherwise a status that is bad.
UA_StatusCode find_tag_node(UA_Server* server, void* session, ServerBacking& backing,
                            const UA_NodeId& id, const TagNode** node) {
  const auto* user = static_cast<const ServerUser*>(session);
  void* context = nullptr;
  if (UA_Server_getNodeContext(server, id, &context) != UA_STATUSCODE_GOOD) {
    return UA_STATUSCODE_BADNODEIDUNKNOWN;
  }
  UA_NodeClass node_class = UA_NODECLASS_UNSPECIFIED;
  (void)UA_Server_readNodeClass(server, id, &node_class);
  if (context == nullptr || node_class != UA_NODECLASS_VARIABLE) {
    return UA_STATUSCODE_BADHISTORYOPERATIONUNSUPPORTED;
  }
  const auto* found = static_cast<const TagNode*>(context);
  if (user == nullptr || !backing.may_read(*user, found->tag.id)) {
    return UA_STATUSCODE_BADUSERACCESSDENIED;
  }
  *node = found;
  return UA_STATUSCODE_GOOD;
}

}  // namespace

void answer_each(const ServedRead& ask, UA_HistoryReadResponse& response,
                 const std::function<UA_StatusCode(std::size_t index, const Tag& tag)>& read) {
  for (std::size_t i = 0; i < ask.nodes.size(); ++i) {
    const TagNode* node = nullptr;
    UA_StatusCode& status = response.results[i].statusCode;
    status = find_tag_node(ask.server, ask.session, ask.backing, ask.nodes[i].nodeId, &node);
    if (node != nullptr) status = read(i, node->tag);
  }
}

UA_ByteString point_at(Timestamp time) {
  Bytes bytes;
  ByteWriter(bytes).write_le(static_cast<std::uint64_t>(time.ns));
  return copy_of(as_text(bytes));
}

std::optional<Timestamp> time_of_point(const UA_ByteString& point) {
  if (point.length != kPointBytes) return std::nullopt;
  ByteReader reader({point.data, point.length});
  return Timestamp{static_cast<std::int64_t>(reader.read_le<std::uint64_t>())};
}

bool allocate(UA_HistoryData& data, std::size_t count) {
  data.dataValues = static_cast<UA_DataValue*>(UA_Array_new(count, &UA_TYPES[UA_TYPES_DATAVALUE]));
  if (data.dataValues == nullptr) return false;
  data.dataValuesSize = count;
  return true;
}

UA_StatusCode history_status(const Error& error) {
  switch (error.id) {
    case ErrorId::kUnsupported:
    case ErrorId::kTypeMismatch:
      return UA_STATUSCODE_BADAGGREGATENOTSUPPORTED;
    case ErrorId::kInvalidArgument:
      return UA_STATUSCODE_BADAGGREGATEINVALIDINPUTS;
    default:
      return UA_STATUSCODE_BADDATAUNAVAILABLE;
  }
}

void serve_history(UA_ServerConfig& config, ServerBacking& backing) {
  config.historizingEnabled = true;
  config.accessHistoryDataCapability = true;
  config.maxReturnDataValues = kHistoryValuesMax;
  config.historyDatabase = {};
  config.historyDatabase.context = &backing;
  config.historyDatabase.readRaw = &on_read_raw;
  config.historyDatabase.readModified = &on_read_modified;
  serve_computed_history(config.historyDatabase);
}

}  // namespace lineshaft::connect::opcua
