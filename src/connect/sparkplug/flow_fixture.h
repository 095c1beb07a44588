// connect/sparkplug/flow_fixture.h: a flow that goes out as an edge node, and what hosts understand
// of it, for the tests of sparkplug/carrier.h.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "connect/forward/outlet_fixture.h"
#include "connect/mqtt/testing.h"
#include "connect/sparkplug/carrier.h"
#include "wire/sparkplug/payload.h"
#include "wire/sparkplug/topic.h"
#include "wire/sparkplug/value.h"

namespace lineshaft::connect::testing {

inline const sys::Endpoint kBroker{"broker", 1};

struct FlowNode {
  std::string primary_host;
  std::string other_brokers = {};
  std::unique_ptr<forward::Carrier> operator()(const OutletMeans& means,
                                               forward::CarrierUser& user) const {
    SparkplugFlowSettings settings;
    settings.broker = broker_at(1);
    settings.group_id = "g";
    settings.node_id = "n";
    settings.primary_host = primary_host;
    settings.other_brokers = other_brokers;
    return std::make_unique<SparkplugCarrier>(means, settings, user);
  }
};

struct Told {
  std::string metric;  // "device/metric"
  double value = 0;
  std::uint64_t time_ms = 0;
  bool historical = false;
  bool is_null = false;
  std::int64_t quality = 192;
};

// What a host understands that hears everything from the beginning. Data before its birth, or out
// of sequence, is a failure.
struct Hearing {
  std::vector<std::string> outline;  // "NBIRTH", "DDATA works"
  std::vector<Told> births;
  std::vector<Told> data;
  std::map<std::uint64_t, std::string> names;
  std::optional<std::uint64_t> seq;

  explicit Hearing(const std::vector<mqtt::Publish>& messages) {
    for (const mqtt::Publish& message : messages) hear(message);
  }

  void hear(const mqtt::Publish& message) {
    using enum sparkplug::MessageType;
    const auto topic = sparkplug::parse_topic(message.topic);
    if (!topic) return;  // STATE
    const std::string device = topic->device.empty() ? "" : " " + topic->device;
    outline.push_back(std::string(sparkplug::message_name(topic->type)) + device);
    const auto payload = sparkplug::decode_payload(message.payload);
    ASSERT_TRUE(payload.ok());
    if (topic->type == kNDeath) return names.clear();
    EXPECT_EQ(message.qos, mqtt::Qos::kAtMostOnce);
    if (topic->type == kNBirth) {
      names.clear();
      seq.reset();
    }
    EXPECT_EQ(payload->seq, seq ? (*seq + 1) % 256 : 0) << message.topic;
    seq = payload->seq;
    const bool is_birth = topic->type == kNBirth || topic->type == kDBirth;
    for (const sparkplug::Metric& metric : payload->metrics) {
      if (!metric.alias) continue;  // bdSeq and the request for birth
      if (is_birth) names[*metric.alias] = topic->device + "/" + metric.name.value();
      ASSERT_EQ(names.count(*metric.alias), 1u) << "a metric that was not born";
      (is_birth ? births : data).push_back(told(names[*metric.alias], metric));
    }
  }

  static Told told(std::string name, const sparkplug::Metric& metric) {
    const auto* number = std::get_if<double>(&metric.value);
    return {std::move(name),
            number != nullptr ? *number : 0,
            metric.timestamp_ms.value_or(0),
            metric.is_historical,
            metric.is_null,
            sparkplug::quality_property(metric).value_or(192)};
  }

  // In the order in which they came first; what comes again is the same.
  std::vector<int> values_without_doubles() const {
    std::set<int> seen;
    std::vector<int> values;
    for (const Told& one : data) {
      if (one.quality != 192) continue;
      if (seen.insert(static_cast<int>(one.value)).second) {
        values.push_back(static_cast<int>(one.value));
      }
    }
    return values;
  }
};

inline std::vector<int> one_to(int n) {
  std::vector<int> values(static_cast<std::size_t>(n));
  std::iota(values.begin(), values.end(), 1);
  return values;
}

}  // namespace lineshaft::connect::testing
