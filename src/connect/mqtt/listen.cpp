#include "connect/mqtt/listen.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/utf8.h"
#include "connect/mqtt/broker.h"
#include "model/json.h"

namespace lineshaft::connect {

namespace {

// Sparkplug's payloads are not text; its own protocol reads them.
constexpr std::string_view kSparkplug = "spBv1.0/";

std::vector<std::string> levels_of(std::string_view topic) {
  std::vector<std::string> levels;
  while (true) {
    const std::size_t slash = topic.find('/');
    levels.emplace_back(topic.substr(0, slash));
    if (slash == std::string_view::npos) return levels;
    topic.remove_prefix(slash + 1);
  }
}

std::string escaped(const std::string& token) {  // RFC 6901
  std::string text;
  for (const char c : token) {
    if (c == '~') text += "~0";
    if (c == '/') text += "~1";
    if (c != '~' && c != '/') text += c;
  }
  return text;
}

// A number may have a fraction the next time, whatever it is now.
std::optional<ValueType> type_in(const Json& node) {
  if (node.is_boolean()) return ValueType::kBool;
  if (node.is_number()) return ValueType::kFloat64;
  if (node.is_string()) return ValueType::kString;
  return std::nullopt;
}

class Collector {
 public:
  explicit Collector(std::string topic) : topic_(std::move(topic)) {}

  void add(std::vector<std::string> levels, const std::string& pointer, ValueType type) {
    if (entries.size() >= kMessageSignalsMax) return;
    BrowseEntry entry;
    entry.levels = std::move(levels);
    entry.node = topic_;
    entry.type = type_name(type);
    MqttPoint point;
    point.topic = topic_;
    point.pointer = pointer;
    point.type = type;
    SignalConfig signal;
    signal.path = proposed_path(entry.levels);
    signal.point = std::move(point);
    signal.interpolation =
        type == ValueType::kFloat64 ? Interpolation::kLinear : Interpolation::kStep;
    entry.signal = std::move(signal);
    entries.push_back(std::move(entry));
  }

  // parse_json limits how deep this goes.
  void walk(const Json& node, const std::vector<std::string>& levels, const std::string& pointer) {
    if (const auto type = type_in(node)) return add(levels, pointer, *type);
    const auto below = [&](const std::string& name, const Json& child) {
      std::vector<std::string> longer = levels;
      longer.push_back(name);
      walk(child, longer, pointer + "/" + escaped(name));
    };
    if (node.is_object()) {
      for (const auto& [name, child] : node.items()) below(name, child);
    } else if (node.is_array()) {
      for (std::size_t i = 0; i < node.size(); ++i) below(std::to_string(i), node[i]);
    }
  }

  std::vector<BrowseEntry> entries;

 private:
  std::string topic_;
};

}  // namespace

std::vector<BrowseEntry> signals_in_message(const std::string& topic, ByteSpan payload) {
  const std::string_view text = as_text(payload);
  Collector found(topic);
  if (!is_utf8(text) || text.size() > kStringValueBytesMax) {
    BrowseEntry bytes;
    bytes.levels = levels_of(topic);
    bytes.node = topic;
    bytes.type = "bytes";
    found.entries.push_back(std::move(bytes));
  } else if (text.starts_with('{') || text.starts_with('[')) {
    const Result<Json> json = parse_json(text);
    if (json) found.walk(*json, levels_of(topic), "");
    if (!json) found.add(levels_of(topic), "", ValueType::kString);
  } else {
    ValueType type = ValueType::kString;
    if (text == "true" || text == "false") type = ValueType::kBool;
    if (parse_value(ValueType::kFloat64, text)) type = ValueType::kFloat64;
    found.add(levels_of(topic), "", type);
  }
  return std::move(found.entries);
}

MqttListen::MqttListen(sys::EventLoop& loop, sys::Random& random, BrowseRequest request,
                       BrowseDone done)
    : request_(std::move(request)),
      done_(std::move(done)),
      limit_(loop.make_timer()),
      finish_(loop.make_timer()) {
  // Another name than that of a connection to the same broker, whose session stays undisturbed.
  MqttBroker broker = std::get<MqttSettings>(request_.settings).broker;
  broker.client_id.clear();
  link_ = std::make_unique<MqttLink>(loop, random, broker, client_options(broker, random),
                                     static_cast<MqttUser&>(*this));
}

void MqttListen::on_session() {
  mqtt::Subscription all;
  all.filter = request_.node.empty() ? "#" : request_.node + "/#";
  link_->subscribe({all});
  limit_->start(std::chrono::milliseconds(request_.listen_ms), [this] { finish({}); });
}

void MqttListen::on_message(const mqtt::Publish& message) {
  if (message.topic.starts_with(kSparkplug) || message.payload.empty()) return;
  std::vector<BrowseEntry>& known = topics_[message.topic];
  count_ -= known.size();
  known = signals_in_message(message.topic, message.payload);
  count_ += known.size();
  if (count_ < kBrowseEntriesMax) return;
  cut_ = true;
  finish({});
}

void MqttListen::on_subscribed(std::uint16_t /*id*/, const std::vector<mqtt::Reason>& reasons) {
  for (const mqtt::Reason reason : reasons) {
    if (!is_failure(reason)) continue;
    return finish(Error{ErrorId::kDenied, "the broker refuses to let us listen to everything (" +
                                              mqtt::reason_name(reason) +
                                              "); name a topic to listen below"});
  }
}

void MqttListen::on_down(const Error& why) { finish(why); }

void MqttListen::finish(Status status) {
  if (std::exchange(finished_, true)) return;
  finish_->start(Nanoseconds(0), [this, status = std::move(status)] {
    link_.reset();
    const BrowseDone done = std::move(done_);
    if (!status) return done(status.error());
    BrowseReport report;
    report.cut = cut_;
    for (auto& [topic, entries] : topics_) {
      for (BrowseEntry& entry : entries) {
        if (report.entries.size() < kBrowseEntriesMax) report.entries.push_back(std::move(entry));
      }
    }
    done(std::move(report));  // may destroy this
  });
}

}  // namespace lineshaft::connect
