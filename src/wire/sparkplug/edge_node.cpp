#include "wire/sparkplug/edge_node.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

namespace lineshaft::sparkplug {

namespace {

// A broker repeats births in their order; those of before a pause have long come back.
constexpr std::size_t kOwnBirthsKept = 4;

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

std::uint64_t hash_of(ByteSpan bytes) { return std::hash<std::string_view>()(as_text(bytes)); }

}  // namespace

EdgeNode::EdgeNode(EdgeNodeOptions options, EdgeNodeEvents& events)
    : options_(std::move(options)),
      events_(events),
      bd_seq_(options_.first_bd_seq),
      next_bd_seq_(options_.first_bd_seq) {
  LS_ASSERT(check_name("group", options_.node.group).ok());
  LS_ASSERT(check_name("node", options_.node.node).ok());
  LS_ASSERT(options_.metrics_per_message > 0);
  devices_.emplace_back();  // the node itself
}

DeviceId EdgeNode::add_device(std::string name) {
  LS_ASSERT(check_name("device", name).ok());
  const auto known = std::ranges::find(devices_, name, &Device::name);
  if (known != devices_.end()) return static_cast<DeviceId>(known - devices_.begin());
  devices_.emplace_back();
  devices_.back().name = std::move(name);
  return static_cast<DeviceId>(devices_.size() - 1);
}

Result<EdgeMetricId> EdgeNode::add_metric(DeviceId device, std::string name, DataType type,
                                          bool writable, std::string unit) {
  LS_ASSERT(device < devices_.size());
  if (const auto held = tag_type(type); !held) return held.error();
  const auto id = static_cast<EdgeMetricId>(metrics_.size());
  const bool ours = device == kNodeItself && (name == kRebirth || name == kBdSeq);
  if (ours) return Error{ErrorId::kConflict, "the metric " + name + " exists already"};
  const auto [like, is_new] = devices_[device].by_lower_name.emplace(lower(name), id);
  if (!is_new) {
    const std::string& other = metrics_[like->second].name;
    return Error{ErrorId::kConflict,
                 "the metric " + other + " exists already" +
                     (other == name ? "" : "; " + name + " differs in the case of letters only")};
  }
  devices_[device].by_name.emplace(name, id);
  devices_[device].metrics.push_back(id);
  metrics_.push_back({device, std::move(name), type, writable, std::move(unit), {}});
  metrics_.back().last.quality = quality::kBadWaitingForInitialData;
  return id;
}

void EdgeNode::remove_metric(EdgeMetricId id) {
  LS_ASSERT(id < metrics_.size() && !metrics_[id].removed);
  EdgeMetric& metric = metrics_[id];
  metric.removed = true;
  std::erase(devices_[metric.device].metrics, id);
  devices_[metric.device].by_name.erase(metric.name);
  devices_[metric.device].by_lower_name.erase(lower(metric.name));
  std::erase_if(backlog_, [id](const Waiting& one) { return one.metric == id; });
}

// --- the connection ---

Publication EdgeNode::death(std::uint64_t now_ms) const {
  Payload payload;
  payload.timestamp_ms = now_ms;
  Metric metric;
  metric.name = kBdSeq;
  metric.timestamp_ms = now_ms;
  metric.datatype = DataType::kInt64;
  metric.value = LongBits{bd_seq_};
  payload.metrics.push_back(std::move(metric));
  Publication publication;
  publication.topic = Topic{MessageType::kNDeath, options_.node, ""}.text();
  publication.qos = 1;
  encode_payload(payload, publication.payload);
  return publication;
}

Publication EdgeNode::next_will(std::uint64_t now_ms) {
  bd_seq_ = next_bd_seq_++;  // 255 is followed by 0
  return death(now_ms);
}

std::vector<SubscriptionWish> EdgeNode::subscriptions() const {
  const std::string base = std::string(kNamespace) + "/" + options_.node.group;
  std::vector<SubscriptionWish> wishes = {{base + "/NCMD/" + options_.node.node, 1},
                                          {base + "/DCMD/" + options_.node.node + "/#", 1}};
  if (!options_.primary_host.empty()) wishes.push_back({state_topic(options_.primary_host), 1});
  wishes.push_back({base + "/NBIRTH/" + options_.node.node, 0, true});
  return wishes;
}

void EdgeNode::on_connected(std::uint64_t now_ms, Nanoseconds now) {
  connected_ = true;
  host_time_.reset();
  own_births_.clear();
  rival_told_ = false;
  if (options_.primary_host.empty()) return birth(now_ms, now);
  if (options_.has_other_servers) leave_at_ = now + options_.host_patience;
}

void EdgeNode::on_lost() {
  connected_ = false;
  born_ = false;
  rebirth_at_.reset();
  leave_at_.reset();
  last_birth_.reset();
  // What was waiting to be sent was not seen by anybody.
  for (Waiting& one : backlog_) one.historical = true;
}

void EdgeNode::publish_death(std::uint64_t now_ms) {
  events_.publish(death(now_ms));
  born_ = false;
  for (Waiting& one : backlog_) one.historical = true;
}

void EdgeNode::say_goodbye(std::uint64_t now_ms) {
  if (born_) publish_death(now_ms);
}

void EdgeNode::on_time(std::uint64_t now_ms, Nanoseconds now) {
  if (rebirth_at_ && now >= *rebirth_at_ && born_) birth(now_ms, now);
  if (!leave_at_ || now < *leave_at_) return;
  leave_at_.reset();
  events_.on_host_offline();
}

void EdgeNode::rebirth(std::uint64_t now_ms, Nanoseconds now) {
  if (!born_) return;
  if (!last_birth_ || now - *last_birth_ >= options_.rebirth_pause) return birth(now_ms, now);
  rebirth_at_ = *last_birth_ + options_.rebirth_pause;
}

std::uint64_t EdgeNode::next_seq() { return seq_++; }  // 255 is followed by 0

void EdgeNode::publish(MessageType type, const std::string& device, Payload payload,
                       std::uint8_t qos) {
  Publication publication;
  publication.topic = Topic{type, options_.node, device}.text();
  publication.qos = qos;
  encode_payload(payload, publication.payload);
  if (type == MessageType::kNBirth) {
    own_births_.push_back(hash_of(publication.payload));
    if (own_births_.size() > kOwnBirthsKept) own_births_.pop_front();
  }
  events_.publish(std::move(publication));
}

// --- births ---

void EdgeNode::put_value(const EdgeMetric& metric, const EdgeValue& value, Metric& into) {
  into.timestamp_ms = value.timestamp_ms;
  into.is_null = true;
  if (value.value) {
    // A number outside of the data type has no form on the wire: it is told as null and bad.
    Result<WireValue> wire = to_wire(metric.type, *value.value);
    if (wire) {
      into.value = *std::move(wire);
      into.is_null = false;
    }
  }
  const bool usable = !into.is_null || !value.quality.good();
  const std::int32_t number = usable ? quality_number(value.quality) : 0;
  if (number != quality_number(quality::kGood)) set_quality_property(into, number);
}

Metric EdgeNode::birth_metric(EdgeMetricId id, std::uint64_t now_ms) {
  EdgeMetric& known = metrics_[id];
  if (auto present = events_.present(id)) known.last = *std::move(present);
  Metric metric;
  metric.name = known.name;
  metric.alias = id;
  metric.datatype = known.type;
  put_value(known, known.last, metric);
  if (*metric.timestamp_ms == 0) metric.timestamp_ms = now_ms;  // never had a value
  if (!known.unit.empty()) {
    metric.properties.push_back({"engUnit", DataType::kString, known.unit});
  }
  return metric;
}

void EdgeNode::birth(std::uint64_t now_ms, Nanoseconds now) {
  flush(now_ms);  // what was seen before a birth goes before it
  events_.on_birth();
  last_birth_ = now;
  rebirth_at_.reset();
  leave_at_.reset();
  born_ = true;
  seq_ = 0;
  Payload payload;
  payload.timestamp_ms = now_ms;
  payload.seq = next_seq();
  Metric session;
  session.name = kBdSeq;
  session.timestamp_ms = now_ms;
  session.datatype = DataType::kInt64;
  session.value = LongBits{bd_seq_};
  payload.metrics.push_back(std::move(session));
  Metric control;  // without an alias: a host must be able to ask before it knows aliases
  control.name = kRebirth;
  control.timestamp_ms = now_ms;
  control.datatype = DataType::kBoolean;
  control.value = false;
  payload.metrics.push_back(std::move(control));
  for (const EdgeMetricId id : devices_[kNodeItself].metrics) {
    payload.metrics.push_back(birth_metric(id, now_ms));
  }
  publish(MessageType::kNBirth, "", std::move(payload), 0);
  for (std::size_t i = 1; i < devices_.size(); ++i) {
    const bool is_there = devices_[i].online && !devices_[i].metrics.empty();
    if (is_there) publish_device_birth(devices_[i], now_ms);
  }
  flush(now_ms);
}

void EdgeNode::publish_device_birth(const Device& device, std::uint64_t now_ms) {
  Payload payload;
  payload.timestamp_ms = now_ms;
  payload.seq = next_seq();
  for (const EdgeMetricId id : device.metrics) {
    payload.metrics.push_back(birth_metric(id, now_ms));
  }
  publish(MessageType::kDBirth, device.name, std::move(payload), 0);
}

void EdgeNode::set_device_online(DeviceId id, bool online, std::uint64_t now_ms) {
  LS_ASSERT(id != kNodeItself && id < devices_.size());
  Device& device = devices_[id];
  if (device.online == online) return;
  flush(now_ms);
  device.online = online;
  if (!born_) return;
  if (online) {
    publish_device_birth(device, now_ms);
    return flush(now_ms);
  }
  Payload payload;
  payload.timestamp_ms = now_ms;
  payload.seq = next_seq();
  publish(MessageType::kDDeath, device.name, std::move(payload), 0);
}

// --- values ---

void EdgeNode::update(EdgeMetricId id, EdgeValue value) {
  LS_ASSERT(id < metrics_.size() && !metrics_[id].removed);
  if (backlog_.size() == options_.backlog_max) {
    backlog_.pop_front();
    dropped_ += 1;
  }
  if (!value.is_historical) metrics_[id].last = value;
  const bool seen = born_ && devices_[metrics_[id].device].online && !value.is_historical;
  backlog_.push_back({id, std::move(value), !seen});
}

// In the order in which the values came, so that those of one device follow each other as long as
// they do; values of a device that is away stay where they are.
void EdgeNode::flush(std::uint64_t now_ms) {
  if (!born_) return;
  std::deque<Waiting> kept;
  for (std::size_t i = 0; i < backlog_.size();) {
    const DeviceId device = metrics_[backlog_[i].metric].device;
    if (!devices_[device].online) {
      kept.push_back(std::move(backlog_[i++]));
      continue;
    }
    Payload payload;
    payload.timestamp_ms = now_ms;
    payload.seq = next_seq();
    i = take_run(i, payload);
    const bool of_node = device == kNodeItself;
    publish(of_node ? MessageType::kNData : MessageType::kDData, devices_[device].name,
            std::move(payload), 0);
  }
  backlog_ = std::move(kept);
}

// As many of one device as a message takes. Returns the place of the next.
std::size_t EdgeNode::take_run(std::size_t from, Payload& payload) const {
  constexpr std::size_t kMetricBytes = 40;  // of one with a number
  const DeviceId device = metrics_[backlog_[from].metric].device;
  std::size_t bytes = 0;
  std::size_t i = from;
  for (; i < backlog_.size() && payload.metrics.size() < options_.metrics_per_message; ++i) {
    const Waiting& one = backlog_[i];
    if (metrics_[one.metric].device != device) break;
    const auto* text = one.value.value ? std::get_if<std::string>(&*one.value.value) : nullptr;
    bytes += kMetricBytes + (text != nullptr ? text->size() : 0);
    if (i > from && bytes > options_.bytes_per_message) break;
    Metric& metric = payload.metrics.emplace_back();
    metric.alias = one.metric;
    metric.is_historical = one.historical;
    put_value(metrics_[one.metric], one.value, metric);
  }
  return i;
}

// --- what comes ---

void EdgeNode::on_message(std::string_view topic, ByteSpan bytes, std::uint64_t now_ms,
                          Nanoseconds now) {
  if (const auto host = host_of_state(topic)) {
    if (*host == options_.primary_host) on_state(bytes, now_ms, now);
    return;
  }
  const Result<Topic> parsed = parse_topic(topic);
  if (!parsed) return events_.on_trouble(parsed.error());
  if (parsed->type == MessageType::kNBirth && parsed->node == options_.node) {
    return on_birth_heard(bytes);
  }
  const bool command = parsed->type == MessageType::kNCmd || parsed->type == MessageType::kDCmd;
  if (!command || parsed->node != options_.node) return;
  const Result<Payload> payload = decode_payload(bytes);
  if (!payload) return events_.on_trouble(payload.error());
  on_command_message(*parsed, *payload, now_ms, now);
}

// Brokers of MQTT 3.1.1 repeat our own births to us.
void EdgeNode::on_birth_heard(ByteSpan bytes) {
  if (!connected_ || rival_told_) return;
  if (std::ranges::find(own_births_, hash_of(bytes)) != own_births_.end()) return;
  rival_told_ = true;
  events_.on_rival({ErrorId::kConflict, "another edge node is " + options_.node.text() +
                                            " at this broker; give each a name of its own"});
}

// A STATE older than one already seen is an echo of the past: a retained message of another server,
// or a will that came late.
void EdgeNode::on_state(ByteSpan bytes, std::uint64_t now_ms, Nanoseconds now) {
  const Result<HostState> state = decode_state(bytes);
  if (!state) return events_.on_trouble(state.error());
  if (host_time_ && state->timestamp_ms < *host_time_) return;
  host_time_ = state->timestamp_ms;
  if (state->online) {
    if (connected_ && !born_) birth(now_ms, now);
    return;
  }
  if (!born_) return;
  publish_death(now_ms);
  events_.on_host_offline();
}

void EdgeNode::on_command_message(const Topic& topic, const Payload& payload, std::uint64_t now_ms,
                                  Nanoseconds now) {
  const auto device =
      std::ranges::find_if(devices_, [&](const Device& one) { return one.name == topic.device; });
  if (device == devices_.end()) {
    return events_.on_trouble(
        {ErrorId::kNotFound, "a command for the device " + topic.device + ", which is not ours"});
  }
  for (const Metric& metric : payload.metrics) {
    if (topic.device.empty() && metric.name == kRebirth) {
      const auto* flag = std::get_if<bool>(&metric.value);
      if (flag != nullptr && *flag) rebirth(now_ms, now);
      continue;
    }
    take_command(*device, metric);
  }
}

void EdgeNode::take_command(const Device& device, const Metric& metric) {
  const std::string name =
      metric.name ? *metric.name : "of alias " + std::to_string(metric.alias.value_or(0));
  std::optional<EdgeMetricId> id;
  if (metric.name) {
    const auto found = device.by_name.find(*metric.name);
    if (found != device.by_name.end()) id = found->second;
  } else if (metric.alias && *metric.alias < metrics_.size() && !metrics_[*metric.alias].removed) {
    id = static_cast<EdgeMetricId>(*metric.alias);
    if (&devices_[metrics_[*id].device] != &device) id.reset();
  }
  if (!id) {
    return events_.on_trouble(
        {ErrorId::kNotFound, "a command for the metric " + name + ", which does not exist"});
  }
  if (!metrics_[*id].writable) {
    return events_.on_trouble(
        {ErrorId::kWritesDisabled, "a command for the metric " + name + ", which takes none"});
  }
  Result<Value> value = to_value(metrics_[*id].type, metric.value);
  if (!value) return events_.on_trouble(value.error());
  events_.on_command(*id, *std::move(value));
}

}  // namespace lineshaft::sparkplug
