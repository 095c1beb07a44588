// wire/sparkplug/edge_node_fixture.h: an edge node whose broker and hosts are the test.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/sparkplug/edge_node.h"
#include "wire/sparkplug/payload.h"
#include "wire/sparkplug/topic.h"
#include "wire/sparkplug/value.h"

namespace lineshaft::sparkplug {

using Words = std::vector<std::string>;

inline constexpr std::uint64_t kNow = 1'700'000'000'000;

// A node "g/n" with a metric of its own and a device; the test plays the broker and the hosts.
class SparkplugEdge : public ::testing::Test, public EdgeNodeEvents {
 protected:
  EdgeNodeOptions options;
  std::unique_ptr<EdgeNode> node;
  std::vector<Publication> published;
  Words commands;
  Words trouble;
  int host_offline = 0;
  Nanoseconds now{0};
  EdgeMetricId mine = 0;
  EdgeMetricId speed = 0;
  DeviceId press = 0;

  SparkplugEdge() { options.node = {"g", "n"}; }

  void publish(Publication publication) override { published.push_back(std::move(publication)); }
  void on_command(EdgeMetricId metric, Value value) override {
    commands.push_back(std::to_string(metric) + "=" + to_text(value));
  }
  void on_host_offline() override { host_offline += 1; }
  void on_trouble(const Error& what) override { trouble.push_back(what.what); }
  void on_birth() override { births_told += 1; }
  std::optional<EdgeValue> present(EdgeMetricId metric) override {
    return metric == speed ? known : std::nullopt;
  }
  int births_told = 0;
  std::optional<EdgeValue> known;  // of speed, by the owner

  void make() {
    node = std::make_unique<EdgeNode>(options, *this);
    press = node->add_device("press");
    mine = node->add_metric(kNodeItself, "uptime", DataType::kInt64, false).value();
    speed = node->add_metric(press, "speed", DataType::kFloat, true, "m/s").value();
  }
  void connect() {
    if (node == nullptr) make();
    node->next_will(kNow);
    node->on_connected(kNow, now);
  }
  std::vector<Publication> take() { return std::exchange(published, {}); }
  static Payload payload(const Publication& publication) {
    return decode_payload(publication.payload).value();
  }
  static const Metric* find(const Payload& in, std::string_view name) {
    const auto found =
        std::ranges::find_if(in.metrics, [&](const Metric& one) { return one.name == name; });
    return found == in.metrics.end() ? nullptr : &*found;
  }
  static EdgeValue value(Value v, std::uint64_t time = kNow, Quality q = quality::kGood) {
    return {std::move(v), q, time};
  }
  // "TOPIC-TYPE seq" of each.
  static Words outline(const std::vector<Publication>& publications) {
    Words words;
    for (const Publication& one : publications) {
      const Topic topic = parse_topic(one.topic).value();
      const auto seq = payload(one).seq;
      words.push_back(std::string(message_name(topic.type)) + topic.device + " " +
                      (seq ? std::to_string(*seq) : "-"));
    }
    return words;
  }
  void command(const std::string& topic, Metric metric) {
    Payload sent;
    sent.timestamp_ms = kNow;
    sent.metrics.push_back(std::move(metric));
    Bytes bytes;
    encode_payload(sent, bytes);
    node->on_message(topic, bytes, kNow, now);
  }
  void ask_rebirth() {
    Metric metric;
    metric.name = kRebirth;
    metric.value = true;
    command("spBv1.0/g/NCMD/n", metric);
  }
  void state(const char* host, HostState said) {
    node->on_message(state_topic(host), as_bytes(encode_state(said)), kNow, now);
  }
};

}  // namespace lineshaft::sparkplug
