// connect/sparkplug/settings.h: what a Sparkplug B host is set to, and which metrics its signals
// are.
#pragma once

#include <string>
#include <vector>

#include "connect/mqtt/settings.h"

namespace lineshaft::connect {

struct SparkplugSettings {
  MqttBroker broker;
  // Under which name we tell that we are online; edge nodes may wait for it. "": only listens.
  std::string host_id;
  std::vector<std::string> groups;           // to listen to; empty: all
  std::uint32_t reorder_timeout_ms = 2'000;  // 100..60'000: how late a message may be
  std::uint32_t rebirth_pause_ms = 30'000;   // 1'000..3'600'000: between two requests to a node
  friend bool operator==(const SparkplugSettings&, const SparkplugSettings&) = default;
};

struct SparkplugPoint {
  std::string group;
  std::string node;
  std::string device;  // "": a metric of the node itself
  std::string metric;
  ValueType type = ValueType::kFloat64;  // that holds the metric's data type
  friend bool operator==(const SparkplugPoint&, const SparkplugPoint&) = default;
};

}  // namespace lineshaft::connect
