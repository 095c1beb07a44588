// HistoryRead of what is computed from samples: aggregates over intervals (Part 13) and values at
// instants (Part 11, 6.4.5).
#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "connect/opcua/history.h"

namespace lineshaft::connect::opcua {

namespace {

using historian::Aggregate;
using historian::AggregateOptions;
using historian::AggregateValue;
using DataValue = Ua<UA_DataValue, UA_TYPES_DATAVALUE>;

// What the value of an aggregate is of.
enum class Kind : std::uint8_t { kSource, kDouble, kCount, kStatus };

struct Known {
  UA_UInt32 id;
  Aggregate aggregate;
  Kind kind;
};

constexpr Known kKnown[] = {
    {UA_NS0ID_AGGREGATEFUNCTION_INTERPOLATIVE, Aggregate::kInterpolative, Kind::kSource},
    {UA_NS0ID_AGGREGATEFUNCTION_AVERAGE, Aggregate::kAverage, Kind::kDouble},
    {UA_NS0ID_AGGREGATEFUNCTION_TIMEAVERAGE, Aggregate::kTimeAverage, Kind::kDouble},
    {UA_NS0ID_AGGREGATEFUNCTION_TIMEAVERAGE2, Aggregate::kTimeAverage2, Kind::kDouble},
    {UA_NS0ID_AGGREGATEFUNCTION_TOTAL, Aggregate::kTotal, Kind::kDouble},
    {UA_NS0ID_AGGREGATEFUNCTION_TOTAL2, Aggregate::kTotal2, Kind::kDouble},
    {UA_NS0ID_AGGREGATEFUNCTION_MINIMUM, Aggregate::kMinimum, Kind::kSource},
    {UA_NS0ID_AGGREGATEFUNCTION_MAXIMUM, Aggregate::kMaximum, Kind::kSource},
    {UA_NS0ID_AGGREGATEFUNCTION_MINIMUMACTUALTIME, Aggregate::kMinimumActualTime, Kind::kSource},
    {UA_NS0ID_AGGREGATEFUNCTION_MAXIMUMACTUALTIME, Aggregate::kMaximumActualTime, Kind::kSource},
    {UA_NS0ID_AGGREGATEFUNCTION_RANGE, Aggregate::kRange, Kind::kSource},
    {UA_NS0ID_AGGREGATEFUNCTION_COUNT, Aggregate::kCount, Kind::kCount},
    {UA_NS0ID_AGGREGATEFUNCTION_START, Aggregate::kStart, Kind::kSource},
    {UA_NS0ID_AGGREGATEFUNCTION_END, Aggregate::kEnd, Kind::kSource},
    {UA_NS0ID_AGGREGATEFUNCTION_DELTA, Aggregate::kDelta, Kind::kSource},
    {UA_NS0ID_AGGREGATEFUNCTION_STARTBOUND, Aggregate::kStartBound, Kind::kSource},
    {UA_NS0ID_AGGREGATEFUNCTION_ENDBOUND, Aggregate::kEndBound, Kind::kSource},
    {UA_NS0ID_AGGREGATEFUNCTION_DELTABOUNDS, Aggregate::kDeltaBounds, Kind::kSource},
    {UA_NS0ID_AGGREGATEFUNCTION_DURATIONGOOD, Aggregate::kDurationGood, Kind::kDouble},
    {UA_NS0ID_AGGREGATEFUNCTION_DURATIONBAD, Aggregate::kDurationBad, Kind::kDouble},
    {UA_NS0ID_AGGREGATEFUNCTION_PERCENTGOOD, Aggregate::kPercentGood, Kind::kDouble},
    {UA_NS0ID_AGGREGATEFUNCTION_PERCENTBAD, Aggregate::kPercentBad, Kind::kDouble},
    {UA_NS0ID_AGGREGATEFUNCTION_WORSTQUALITY, Aggregate::kWorstQuality, Kind::kStatus},
    {UA_NS0ID_AGGREGATEFUNCTION_STANDARDDEVIATIONSAMPLE, Aggregate::kStandardDeviationSample,
     Kind::kDouble},
    {UA_NS0ID_AGGREGATEFUNCTION_VARIANCESAMPLE, Aggregate::kVarianceSample, Kind::kDouble},
    {UA_NS0ID_AGGREGATEFUNCTION_STANDARDDEVIATIONPOPULATION,
     Aggregate::kStandardDeviationPopulation, Kind::kDouble},
    {UA_NS0ID_AGGREGATEFUNCTION_VARIANCEPOPULATION, Aggregate::kVariancePopulation, Kind::kDouble},
    {UA_NS0ID_AGGREGATEFUNCTION_NUMBEROFTRANSITIONS, Aggregate::kNumberOfTransitions, Kind::kCount},
    {UA_NS0ID_AGGREGATEFUNCTION_DURATIONINSTATEZERO, Aggregate::kDurationInStateZero,
     Kind::kDouble},
    {UA_NS0ID_AGGREGATEFUNCTION_DURATIONINSTATENONZERO, Aggregate::kDurationInStateNonZero,
     Kind::kDouble},
};

const Known* find_known(const UA_NodeId& id) {
  if (id.namespaceIndex != 0 || id.identifierType != UA_NODEIDTYPE_NUMERIC) return nullptr;
  const auto* const found = std::ranges::find(kKnown, id.identifier.numeric, &Known::id);
  return found == std::end(kKnown) ? nullptr : found;
}

UaVariant variant_of(double number, Kind kind, ValueType source) {
  UaVariant variant;
  const auto set = [&](auto value, int type) {
    (void)UA_Variant_setScalarCopy(variant.get(), &value, &UA_TYPES[type]);
    return variant;
  };
  switch (kind) {
    case Kind::kDouble:
      break;
    case Kind::kCount:
      return set(static_cast<UA_Int32>(std::min(number, 2'147'483'647.0)), UA_TYPES_INT32);
    case Kind::kStatus:
      return set(static_cast<UA_StatusCode>(number), UA_TYPES_STATUSCODE);
    case Kind::kSource:
      if (source == ValueType::kFloat32) return set(static_cast<UA_Float>(number), UA_TYPES_FLOAT);
      // Between two whole numbers there may be none: then it is what it is.
      if (source == ValueType::kInt64 && std::trunc(number) == number) {
        return set(static_cast<UA_Int64>(number), UA_TYPES_INT64);
      }
      if (source == ValueType::kBool && (number == 0 || number == 1)) {
        return set(static_cast<UA_Boolean>(number == 1), UA_TYPES_BOOLEAN);
      }
      break;
  }
  return set(number, UA_TYPES_DOUBLE);
}

DataValue computed_value(const AggregateValue& answer, Kind kind, ValueType source) {
  DataValue value;
  value->hasStatus = answer.status.code != UA_STATUSCODE_GOOD;
  value->status = answer.status.code;
  value->hasSourceTimestamp = true;
  value->sourceTimestamp = to_datetime(answer.time);
  if (!answer.value) return value;
  UaVariant variant = variant_of(*answer.value, kind, source);
  std::swap(value->value, *variant);
  value->hasValue = true;
  return value;
}

UA_StatusCode fill(const std::vector<AggregateValue>& answers, Kind kind, ValueType source,
                   UA_HistoryData& data) {
  if (answers.empty()) return UA_STATUSCODE_GOODNODATA;
  if (!allocate(data, answers.size())) return UA_STATUSCODE_BADOUTOFMEMORY;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    auto value = computed_value(answers[i], kind, source);
    std::swap(data.dataValues[i], *value);
  }
  return UA_STATUSCODE_GOOD;
}

AggregateOptions options_of(const UA_AggregateConfiguration& configuration) {
  AggregateOptions options;
  if (configuration.useServerCapabilitiesDefaults) return options;
  options.treat_uncertain_as_bad = configuration.treatUncertainAsBad;
  options.percent_data_bad = configuration.percentDataBad;
  options.percent_data_good = configuration.percentDataGood;
  options.use_sloped_extrapolation = configuration.useSlopedExtrapolation;
  return options;
}

UA_StatusCode read_processed(ServerBacking& backing, const Tag& tag, const Known& known,
                             const UA_ReadProcessedDetails& details,
                             const UA_HistoryReadValueId& what, UA_HistoryReadResult& result,
                             UA_HistoryData& data) {
  TimeRange range{to_timestamp(details.startTime), to_timestamp(details.endTime)};
  // Intervals that run backwards are not computed.
  if (details.startTime <= 0 || range.empty()) return UA_STATUSCODE_BADINVALIDTIMESTAMPARGUMENT;
  const double interval_ms = details.processingInterval;
  if (!(interval_ms >= 0)) return UA_STATUSCODE_BADAGGREGATEINVALIDINPUTS;
  Nanoseconds step = range.to - range.from;
  if (interval_ms > 0 && interval_ms * 1e6 < static_cast<double>(step.count())) {
    step = Nanoseconds(std::llround(interval_ms * 1e6));
  }
  if (step < Nanoseconds(1)) return UA_STATUSCODE_BADAGGREGATEINVALIDINPUTS;
  if (what.continuationPoint.length > 0) {
    const auto next = time_of_point(what.continuationPoint);
    if (!next || !range.contains(*next)) return UA_STATUSCODE_BADCONTINUATIONPOINTINVALID;
    range.from = *next;
  }
  const Timestamp end = range.to;
  // The intervals of an answer; the rest begins at a border of them.
  const std::uint64_t count = historian::Windows::steps_in(range, step);
  if (count > kHistoryValuesMax) {
    range.to = range.from + step * static_cast<std::int64_t>(kHistoryValuesMax);
  }
  const auto answers = backing.aggregates(tag.id, range, step, known.aggregate,
                                          options_of(details.aggregateConfiguration));
  if (!answers) return history_status(answers.error());
  if (range.to < end) result.continuationPoint = point_at(range.to);
  return fill(*answers, known.kind, tag.spec.type, data);
}

void on_read_processed(UA_Server* server, void* context, const UA_NodeId* /*session*/,
                       void* session_context, const UA_RequestHeader* /*header*/,
                       const UA_ReadProcessedDetails* details, UA_TimestampsToReturn /*times*/,
                       UA_Boolean release, size_t count, const UA_HistoryReadValueId* nodes,
                       UA_HistoryReadResponse* response, UA_HistoryData* const* const data) {
  if (release) return;  // points hold nothing that could be released
  auto& backing = *static_cast<ServerBacking*>(context);
  answer_each({server, session_context, backing, {nodes, count}}, *response,
              [&](std::size_t i, const Tag& tag) -> UA_StatusCode {
                const Known* known = nullptr;
                if (details->aggregateTypeSize == count) {
                  known = find_known(details->aggregateType[i]);
                }
                if (known == nullptr) return UA_STATUSCODE_BADAGGREGATENOTSUPPORTED;
                return read_processed(backing, tag, *known, *details, nodes[i],
                                      response->results[i], *data[i]);
              });
}

// A text has no value between two others: the one that stood then.
std::vector<DataValue> texts_at(ServerBacking& backing, TagId tag,
                                const std::vector<Timestamp>& times) {
  std::vector<DataValue> values;
  for (Timestamp time : times) {
    DataValue value;
    const auto stood = backing.history(tag, {kTimestampMin, time + Nanoseconds(1)}, true, 1);
    if (stood && stood->size() == 1) value = data_value(stood->front());
    if (!stood || stood->empty()) {
      value->hasStatus = true;
      value->status = UA_STATUSCODE_BADNODATA;
    }
    value->hasSourceTimestamp = true;
    value->sourceTimestamp = to_datetime(time);
    values.push_back(std::move(value));
  }
  return values;
}

UA_StatusCode read_at_time(ServerBacking& backing, const Tag& tag,
                           const std::vector<Timestamp>& times, UA_HistoryData& data) {
  if (tag.spec.type == ValueType::kString) {
    std::vector<DataValue> values = texts_at(backing, tag.id, times);
    if (!allocate(data, values.size())) return UA_STATUSCODE_BADOUTOFMEMORY;
    for (std::size_t i = 0; i < values.size(); ++i) std::swap(data.dataValues[i], *values[i]);
    return UA_STATUSCODE_GOOD;
  }
  const auto answers = backing.interpolated(tag.id, times, {});
  if (!answers) return history_status(answers.error());
  return fill(*answers, Kind::kSource, tag.spec.type, data);
}

void on_read_at_time(UA_Server* server, void* context, const UA_NodeId* /*session*/,
                     void* session_context, const UA_RequestHeader* /*header*/,
                     const UA_ReadAtTimeDetails* details, UA_TimestampsToReturn /*times*/,
                     UA_Boolean release, size_t count, const UA_HistoryReadValueId* nodes,
                     UA_HistoryReadResponse* response, UA_HistoryData* const* const data) {
  if (release) return;
  auto& backing = *static_cast<ServerBacking*>(context);
  std::vector<Timestamp> times;
  for (std::size_t i = 0; i < details->reqTimesSize; ++i) {
    times.push_back(to_timestamp(details->reqTimes[i]));
  }
  const bool fits = !times.empty() && times.size() <= kHistoryValuesMax;
  answer_each({server, session_context, backing, {nodes, count}}, *response,
              [&](std::size_t i, const Tag& tag) -> UA_StatusCode {
                if (!fits) return UA_STATUSCODE_BADINVALIDTIMESTAMPARGUMENT;
                return read_at_time(backing, tag, times, *data[i]);
              });
}

}  // namespace

void serve_computed_history(UA_HistoryDatabase& database) {
  database.readProcessed = &on_read_processed;
  database.readAtTime = &on_read_at_time;
}

}  // namespace lineshaft::connect::opcua
