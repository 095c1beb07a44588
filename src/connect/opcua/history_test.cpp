// HistoryRead of our server, asked by a plain client: bounds, replaced values, instants,
// aggregates.
#include <gtest/gtest.h>

#include "connect/opcua/testing.h"
#include "connect/opcua/visit.h"

namespace lineshaft::connect::opcua {
namespace {

using testing::Plant;
using namespace std::chrono_literals;

constexpr UA_StatusCode kGood = UA_STATUSCODE_GOOD;
constexpr std::int64_t kBegin = 1'767'225'600'000'000'000;  // 2026-01-01

Timestamp at_second(double second) { return {kBegin + static_cast<std::int64_t>(second * 1e9)}; }

struct Page {
  UA_StatusCode status = kGood;
  std::vector<double> values;
  std::vector<Timestamp> times;
  std::vector<UA_StatusCode> codes;
  std::vector<std::string> types;
  std::vector<UA_HistoryUpdateType> updates;
  Ua<UA_ByteString, UA_TYPES_BYTESTRING> point;
};

// A session with a server that has recorded 0, 1, 2... at 10 s, 20 s, 30 s...
struct Reader {
  Plant plant;
  std::unique_ptr<Visit> visit;
  Settings settings = std::get<Settings>(Plant::connection().settings);
  std::string node = "acme/hall/press/force";

  Reader() {
    for (int i = 0; i < 10; ++i) {
      plant.backing.past[1].push_back(
          {{1}, at_second(10 * (i + 1)), quality::kGood, Value(static_cast<double>(i))});
    }
    plant.serve();
    plant.set_all();
    bool ready = false;
    visit = std::make_unique<Visit>(
        Way{plant.loop, plant.clock, *plant.client_trust}, settings,
        [&](const Status& status) { ready = status.ok(); }, [](const Status&) {});
    EXPECT_TRUE(plant.run_until([&] { return ready; }, 10s));
  }

  template <typename Details>
  Page read(const Details& details, int type, const UA_ByteString& point = UA_BYTESTRING_NULL) {
    const UaNodeId id =
        visit->access().resolve(parse_node_id("nsu=urn:lineshaft:tags;s=" + node).value()).value();
    UA_HistoryReadValueId what;
    UA_HistoryReadValueId_init(&what);
    what.nodeId = *id;
    what.continuationPoint = point;
    UA_HistoryReadRequest request;
    UA_HistoryReadRequest_init(&request);
    request.timestampsToReturn = UA_TIMESTAMPSTORETURN_SOURCE;
    request.nodesToRead = &what;
    request.nodesToReadSize = 1;
    UA_ExtensionObject_setValueNoDelete(&request.historyReadDetails, const_cast<Details*>(&details),
                                        &UA_TYPES[type]);
    std::optional<Page> page;
    visit->client()
        .call<UA_TYPES_HISTORYREADREQUEST, UA_TYPES_HISTORYREADRESPONSE, UA_HistoryReadRequest,
              UA_HistoryReadResponse>(
            request, [&](UA_HistoryReadResponse& answer) { page = page_of(answer); });
    EXPECT_TRUE(plant.run_until([&] { return page.has_value(); }, 10s));
    return page.value_or(Page());
  }

  static Page page_of(UA_HistoryReadResponse& answer) {
    Page page;
    page.status = answer.responseHeader.serviceResult;
    if (page.status != kGood || answer.resultsSize != 1) return page;
    UA_HistoryReadResult& result = answer.results[0];
    page.status = result.statusCode;
    std::swap(*page.point, result.continuationPoint);
    const UA_ExtensionObject& object = result.historyData;
    if (object.encoding != UA_EXTENSIONOBJECT_DECODED) return page;
    const UA_DataValue* values = nullptr;
    std::size_t count = 0;
    if (object.content.decoded.type == &UA_TYPES[UA_TYPES_HISTORYMODIFIEDDATA]) {
      const auto& data = *static_cast<UA_HistoryModifiedData*>(object.content.decoded.data);
      values = data.dataValues;
      count = data.dataValuesSize;
      for (std::size_t i = 0; i < data.modificationInfosSize; ++i) {
        page.updates.push_back(data.modificationInfos[i].updateType);
      }
    } else {
      const auto& data = *static_cast<UA_HistoryData*>(object.content.decoded.data);
      values = data.dataValues;
      count = data.dataValuesSize;
    }
    for (std::size_t i = 0; i < count; ++i) {
      page.times.push_back(to_timestamp(values[i].sourceTimestamp));
      page.codes.push_back(values[i].hasStatus ? values[i].status : kGood);
      page.types.push_back(values[i].hasValue ? values[i].value.type->typeName : "");
      const bool real = UA_Variant_hasScalarType(&values[i].value, &UA_TYPES[UA_TYPES_DOUBLE]);
      page.values.push_back(real ? *static_cast<UA_Double*>(values[i].value.data) : -1);
    }
    return page;
  }

  Page raw(double from, double to, UA_UInt32 max, bool bounds, bool modified = false,
           const UA_ByteString& point = UA_BYTESTRING_NULL) {
    UA_ReadRawModifiedDetails details;
    UA_ReadRawModifiedDetails_init(&details);
    details.startTime = to_datetime(at_second(from));
    details.endTime = to_datetime(at_second(to));
    details.numValuesPerNode = max;
    details.returnBounds = bounds;
    details.isReadModified = modified;
    return read(details, UA_TYPES_READRAWMODIFIEDDETAILS, point);
  }

  Page processed(double from, double to, double interval_ms, UA_UInt32 aggregate,
                 const UA_ByteString& point = UA_BYTESTRING_NULL) {
    UA_NodeId kind = UA_NODEID_NUMERIC(0, aggregate);
    UA_ReadProcessedDetails details;
    UA_ReadProcessedDetails_init(&details);
    details.startTime = to_datetime(at_second(from));
    details.endTime = to_datetime(at_second(to));
    details.processingInterval = interval_ms;
    details.aggregateType = &kind;
    details.aggregateTypeSize = 1;
    details.aggregateConfiguration.percentDataBad = 90;
    details.aggregateConfiguration.percentDataGood = 80;
    return read(details, UA_TYPES_READPROCESSEDDETAILS, point);
  }
};

using Values = std::vector<double>;

TEST(OpcUaServedHistory, GivesBoundingValuesWhereTheyAreAskedFor) {
  Reader reader;
  EXPECT_EQ(reader.raw(25, 45, 0, false).values, (Values{2, 3}));
  EXPECT_EQ(reader.raw(25, 45, 0, true).values, (Values{1, 2, 3, 4}));
  EXPECT_EQ(reader.raw(20, 45, 0, true).values, (Values{1, 2, 3, 4}))
      << "there is one at the start";
  EXPECT_EQ(reader.raw(45, 25, 0, true).values, (Values{4, 3, 2, 1})) << "the newest first";
}

TEST(OpcUaServedHistory, SaysWhichBoundIsMissing) {
  Reader reader;
  const Page page = reader.raw(5, 1000, 0, true);
  ASSERT_EQ(page.values.size(), 12u);
  EXPECT_EQ(page.codes.front(), UA_STATUSCODE_BADBOUNDNOTFOUND);
  EXPECT_EQ(page.times.front(), at_second(5));
  EXPECT_EQ(page.codes.back(), UA_STATUSCODE_BADBOUNDNOTFOUND);
  EXPECT_EQ(page.times.back(), at_second(1000));
}

TEST(OpcUaServedHistory, GivesEachValueAndBoundOnceOverSeveralPages) {
  for (UA_UInt32 max : {2u, 3u, 4u, 5u}) {
    Reader reader;
    Values all;
    Page page = reader.raw(25, 85, max, true);
    for (int pages = 0; pages < 10; ++pages) {
      EXPECT_LE(page.values.size(), max);
      all.insert(all.end(), page.values.begin(), page.values.end());
      if (page.point->length == 0) break;
      page = reader.raw(25, 85, max, true, false, *page.point);
    }
    EXPECT_EQ(all, (Values{1, 2, 3, 4, 5, 6, 7, 8})) << max << " a page";
  }
}

TEST(OpcUaServedHistory, ShowsWhatWasReplaced) {
  Reader reader;
  for (double old : {100.0, 101.0, 102.0}) {
    reader.plant.backing.old.push_back({{1}, at_second(20), quality::kGood, Value(old)});
  }
  reader.plant.backing.old.push_back({{1}, at_second(30), quality::kGood, Value(103.0)});
  const Page page = reader.raw(0, 100, 2, false, true);
  EXPECT_EQ(page.values, (Values{100, 101, 102})) << "all of one time stay together";
  EXPECT_EQ(page.updates, (std::vector<UA_HistoryUpdateType>(3, UA_HISTORYUPDATETYPE_REPLACE)));
  const Page rest = reader.raw(0, 100, 2, false, true, *page.point);
  EXPECT_EQ(rest.values, (Values{103}));
  EXPECT_EQ(rest.point->length, 0u);
}

TEST(OpcUaServedHistory, ComputesAggregatesOverIntervals) {
  Reader reader;
  const Page page = reader.processed(0, 60, 20'000, UA_NS0ID_AGGREGATEFUNCTION_AVERAGE);
  EXPECT_EQ(page.status, kGood);
  EXPECT_EQ(page.values, (Values{2.5, 2.5, 2.5}));
  EXPECT_EQ(page.times, (std::vector<Timestamp>{at_second(0), at_second(20), at_second(40)}));
  EXPECT_EQ(page.codes[0], 0x00000401u) << "calculated";
  ASSERT_EQ(reader.plant.backing.computed.size(), 1u);
  const auto& asked = reader.plant.backing.computed[0];
  EXPECT_EQ(asked.aggregate, historian::Aggregate::kAverage);
  EXPECT_EQ(asked.range, (TimeRange{at_second(0), at_second(60)}));
  EXPECT_EQ(asked.step, Nanoseconds(20s));
  EXPECT_EQ(asked.options.percent_data_bad, 90u);
  EXPECT_FALSE(asked.options.treat_uncertain_as_bad);

  (void)reader.processed(0, 60, 0, UA_NS0ID_AGGREGATEFUNCTION_AVERAGE);
  EXPECT_EQ(reader.plant.backing.computed[1].step, Nanoseconds(60s)) << "one for all";
}

TEST(OpcUaServedHistory, GivesAggregatesTheirTypes) {
  Reader reader;
  const auto type = [&](UA_UInt32 aggregate) {
    const Page page = reader.processed(0, 60, 0, aggregate);
    return page.types.empty() ? std::string() : page.types[0];
  };
  EXPECT_EQ(type(UA_NS0ID_AGGREGATEFUNCTION_MAXIMUM), "Double");
  EXPECT_EQ(type(UA_NS0ID_AGGREGATEFUNCTION_COUNT), "Int32");
  EXPECT_EQ(type(UA_NS0ID_AGGREGATEFUNCTION_WORSTQUALITY), "StatusCode");
  reader.node = "acme/hall/press/temperature";
  EXPECT_EQ(type(UA_NS0ID_AGGREGATEFUNCTION_MAXIMUM), "Float");
  EXPECT_EQ(type(UA_NS0ID_AGGREGATEFUNCTION_AVERAGE), "Double");
}

TEST(OpcUaServedHistory, GivesManyIntervalsInPagesThatJoin) {
  Reader reader;
  std::vector<Timestamp> times;
  Page page = reader.processed(0, 25'000, 1'000, UA_NS0ID_AGGREGATEFUNCTION_AVERAGE);
  EXPECT_EQ(page.times.size(), 10'000u);
  while (true) {
    times.insert(times.end(), page.times.begin(), page.times.end());
    if (page.point->length == 0) break;
    page = reader.processed(0, 25'000, 1'000, UA_NS0ID_AGGREGATEFUNCTION_AVERAGE, *page.point);
  }
  ASSERT_EQ(times.size(), 25'000u);
  for (std::size_t i = 0; i < times.size(); ++i) {
    ASSERT_EQ(times[i], at_second(static_cast<double>(i)));
  }
}

TEST(OpcUaServedHistory, RefusesWhatItCannotCompute) {
  Reader reader;
  EXPECT_EQ(reader.processed(0, 60, 0, UA_NS0ID_AGGREGATEFUNCTION_ANNOTATIONCOUNT).status,
            UA_STATUSCODE_BADAGGREGATENOTSUPPORTED);
  EXPECT_EQ(reader.processed(60, 0, 0, UA_NS0ID_AGGREGATEFUNCTION_AVERAGE).status,
            UA_STATUSCODE_BADINVALIDTIMESTAMPARGUMENT);
  EXPECT_EQ(reader.processed(0, 60, -5, UA_NS0ID_AGGREGATEFUNCTION_AVERAGE).status,
            UA_STATUSCODE_BADAGGREGATEINVALIDINPUTS);
  UA_Byte nonsense[3] = {1, 2, 3};
  EXPECT_EQ(reader.processed(0, 60, 0, UA_NS0ID_AGGREGATEFUNCTION_AVERAGE, {3, nonsense}).status,
            UA_STATUSCODE_BADCONTINUATIONPOINTINVALID);
}

TEST(OpcUaServedHistory, GivesTheValueAtInstants) {
  Reader reader;
  UA_DateTime times[2] = {to_datetime(at_second(15)), to_datetime(at_second(20))};
  UA_ReadAtTimeDetails details;
  UA_ReadAtTimeDetails_init(&details);
  details.reqTimes = times;
  details.reqTimesSize = 2;
  Page page = reader.read(details, UA_TYPES_READATTIMEDETAILS);
  EXPECT_EQ(page.values, (Values{7, 7}));
  EXPECT_EQ(page.codes[0], 0x00000402u) << "interpolated";
  reader.node = "acme/hall/press/pieces";
  EXPECT_EQ(reader.read(details, UA_TYPES_READATTIMEDETAILS).types[0], "Int64");
  reader.node = "acme/hall/press/order";
  reader.plant.backing.past[4].push_back(
      {{4}, at_second(18), quality::kGood, Value(std::string("A-17"))});
  page = reader.read(details, UA_TYPES_READATTIMEDETAILS);
  EXPECT_EQ(page.codes[0], UA_STATUSCODE_BADNODATA) << "nothing stood yet";
  EXPECT_EQ(page.types[1], "String");
}

TEST(OpcUaServedHistory, IsShownOnlyToWhoMayReadTheTag) {
  Reader reader;
  reader.plant.backing.readable = [](const ServerUser&, TagId) { return false; };
  EXPECT_EQ(reader.raw(0, 100, 0, false).status, UA_STATUSCODE_BADUSERACCESSDENIED);
  EXPECT_EQ(reader.processed(0, 60, 0, UA_NS0ID_AGGREGATEFUNCTION_AVERAGE).status,
            UA_STATUSCODE_BADUSERACCESSDENIED);
}

}  // namespace
}  // namespace lineshaft::connect::opcua
