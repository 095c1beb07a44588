#include "wire/sparkplug/host.h"

#include <algorithm>
#include <utility>

namespace lineshaft::sparkplug {

namespace {

constexpr std::uint8_t kAheadMax = 127;  // beyond it a sequence number lies behind, not ahead

std::optional<std::int64_t> bd_seq_of(const Payload& payload) {
  for (const Metric& metric : payload.metrics) {
    if (metric.name != kBdSeq) continue;
    if (const auto* number = std::get_if<LongBits>(&metric.value)) {
      return static_cast<std::int64_t>(number->bits);
    }
    if (const auto* number = std::get_if<IntBits>(&metric.value)) return number->bits;
  }
  return std::nullopt;
}

}  // namespace

// --- the connection ---

std::optional<Publication> Host::next_will(std::uint64_t now_ms) {
  if (options_.host_id.empty()) return std::nullopt;
  state_time_ms_ = now_ms;
  const std::string payload = encode_state({false, state_time_ms_});
  return Publication{state_topic(options_.host_id), Bytes(payload.begin(), payload.end()), 1, true};
}

std::vector<SubscriptionWish> Host::subscriptions() const {
  std::vector<SubscriptionWish> wishes;
  if (!options_.host_id.empty()) wishes.push_back({state_topic(options_.host_id), 1});
  if (options_.groups.empty()) wishes.push_back({std::string(kNamespace) + "/#", 1});
  for (const std::string& group : options_.groups) {
    wishes.push_back({std::string(kNamespace) + "/" + group + "/#", 1});
  }
  return wishes;
}

void Host::publish_state(bool online, std::uint64_t timestamp_ms) {
  if (options_.host_id.empty()) return;
  const std::string payload = encode_state({online, timestamp_ms});
  events_.publish({state_topic(options_.host_id), Bytes(payload.begin(), payload.end()), 1, true});
}

void Host::on_connected(Nanoseconds now) {
  connected_ = true;
  rival_told_ = false;
  publish_state(true, state_time_ms_);  // the time of the will, so that the two belong together
  for (const NodeId& id : options_.expected) {
    Node* node = node_of(id);
    if (node == nullptr || node->online) continue;
    node->request_at = now + options_.birth_patience;
    wake_at(*node->request_at);
  }
}

void Host::say_goodbye(std::uint64_t now_ms) {
  if (connected_) publish_state(false, now_ms);
}

void Host::on_lost() {
  connected_ = false;
  for (auto& [id, node] : nodes_) {
    end_session(node);
    node.last_request.reset();
    node.request_at.reset();
  }
}

// Nothing is known of the node any more, but what its metrics were.
void Host::end_session(Node& node) {
  const bool was_online = node.online;
  node.online = false;
  node.held.clear();
  node.held_bytes = 0;
  node.missing.clear();
  node.gap_until.reset();
  for (auto& [name, device] : node.devices) make_stale(device);
  if (was_online) events_.on_node(node.id, false);
}

// Somebody else's will, or our own of an earlier connection, says that we are offline: we are not.
// A time after that of our will is nobody's of before: the id is taken twice.
void Host::on_state(std::string_view host, ByteSpan bytes) {
  if (!connected_ || host != options_.host_id) return;
  const Result<HostState> state = decode_state(bytes);
  if (state && !state->online) return publish_state(true, state_time_ms_);
  if (!state || state->timestamp_ms <= state_time_ms_ || std::exchange(rival_told_, true)) return;
  events_.on_rival({ErrorId::kConflict, "another host application says that it is " +
                                            options_.host_id + "; give each an id of its own"});
}

void Host::on_message(std::string_view topic, ByteSpan bytes, std::uint64_t now_ms,
                      Nanoseconds now) {
  if (const auto host = host_of_state(topic)) return on_state(*host, bytes);
  const Result<Topic> parsed = parse_topic(topic);
  if (!parsed || parsed->type == MessageType::kNCmd || parsed->type == MessageType::kDCmd) return;
  counters_.messages += 1;
  Node* node = node_of(parsed->node);
  if (node == nullptr) return;
  Result<Payload> payload = decode_payload(bytes);
  if (!payload) {
    counters_.broken += 1;
    return events_.on_trouble(parsed->node, payload.error());
  }
  if (parsed->type == MessageType::kNDeath) return on_node_death(*node, *payload);
  if (payload->timestamp_ms) events_.on_told_time(*payload->timestamp_ms, now_ms);
  if (parsed->type == MessageType::kNBirth) return on_node_birth(*node, *payload);
  on_sequenced(*node, *parsed, *std::move(payload), bytes.size(), now_ms, now);
}

Host::Node* Host::node_of(const NodeId& id) {
  const auto found = nodes_.find(id);
  if (found != nodes_.end()) return &found->second;
  if (nodes_.size() == options_.nodes_max) {
    events_.on_trouble(id, {ErrorId::kQueueFull, "more than " + std::to_string(options_.nodes_max) +
                                                     " edge nodes; this one is not read"});
    return nullptr;
  }
  Node& node = nodes_[id];
  node.id = id;
  return &node;
}

// --- births and deaths of nodes ---

void Host::on_node_birth(Node& node, const Payload& payload) {
  const auto bd_seq = bd_seq_of(payload);
  // A birth on the same connection was asked for: its devices live on until they are born again.
  const bool again = node.online && bd_seq && bd_seq == node.bd_seq;
  if (!again) {
    for (auto& [name, device] : node.devices) {
      if (!name.empty()) make_stale(device);
    }
  }
  if (!bd_seq) {
    events_.on_trouble(node.id, {ErrorId::kInvalidArgument,
                                 "NBIRTH of " + node.id.text() + " without the metric bdSeq"});
  }
  const bool was_online = node.online;
  node.online = true;
  node.bd_seq = bd_seq;
  node.next_seq = static_cast<std::uint8_t>(payload.seq.value_or(0) + 1);
  node.held.clear();
  node.held_bytes = 0;
  node.missing.clear();
  node.gap_until.reset();
  node.request_at.reset();
  if (!was_online) events_.on_node(node.id, true);
  apply_birth(node, "", payload);
}

// The will of an earlier connection may come after the birth on a new one: its bdSeq tells.
void Host::on_node_death(Node& node, const Payload& payload) {
  const auto bd_seq = bd_seq_of(payload);
  if (!node.online || (bd_seq && node.bd_seq && bd_seq != node.bd_seq)) return;
  node.request_at.reset();
  end_session(node);
}

void Host::make_stale(Device& device) {
  device.online = false;
  for (KnownMetric& metric : device.metrics) {
    if (metric.stale || metric.handle == kIgnored) continue;
    metric.stale = true;
    events_.on_stale(metric.handle);
  }
}

void Host::forget(Node& node, Device& device) {
  for (const KnownMetric& metric : device.metrics) {
    if (!metric.alias) continue;
    const auto alias = node.aliases.find(*metric.alias);
    if (alias != node.aliases.end() && alias->second.device == &device) node.aliases.erase(alias);
  }
  metric_count_ -= device.metrics.size();
  device.metrics.clear();
  device.by_name.clear();
}

void Host::apply_birth(Node& node, const std::string& name, const Payload& payload) {
  Device& device = node.devices[name];
  std::map<std::string, Handle> before;
  for (const KnownMetric& metric : device.metrics) {
    if (metric.handle != kIgnored && !metric.stale) before[metric.name] = metric.handle;
  }
  forget(node, device);
  device.online = true;
  for (const Metric& metric : payload.metrics) {
    if (!metric.name || !metric.datatype || metric_count_ == options_.metrics_max) {
      const char* why = !metric.name       ? "a metric without a name"
                        : !metric.datatype ? "a metric without a datatype"
                                           : "more metrics than are read";
      events_.on_trouble(node.id, {ErrorId::kInvalidArgument,
                                   "the birth of " + node.id.text() + "/" + name + " has " + why});
      continue;
    }
    if (!device.by_name.emplace(*metric.name, device.metrics.size()).second) continue;
    before.erase(*metric.name);
    const bool readable = tag_type(*metric.datatype).ok();
    const Handle handle =
        readable ? events_.on_born({node.id, name, *metric.name}, *metric.datatype) : kIgnored;
    metric_count_ += 1;
    if (metric.alias) node.aliases[*metric.alias] = {&device, device.metrics.size()};
    device.metrics.push_back({*metric.name, *metric.datatype, metric.alias, handle});
    read(device.metrics.back(), metric, payload, false);
  }
  for (const auto& [gone, handle] : before) events_.on_stale(handle);
}

// --- the sequence ---

void Host::on_sequenced(Node& node, const Topic& topic, Payload payload, std::size_t bytes,
                        std::uint64_t now_ms, Nanoseconds now) {
  if (!node.online) {
    counters_.not_understood += payload.metrics.size();
    return ask_rebirth(node, now_ms, now);
  }
  if (!payload.seq) {
    events_.on_trouble(node.id,
                       {ErrorId::kInvalidArgument, topic.text() + " without a sequence number"});
    return apply(node, topic, payload, false, now_ms, now);
  }
  const auto ahead = static_cast<std::uint8_t>(*payload.seq - node.next_seq);
  if (ahead == 0) {
    node.missing.erase(node.next_seq++);
    apply(node, topic, payload, false, now_ms, now);
    return release_held(node, now_ms, now);
  }
  if (ahead > kAheadMax) return on_behind(node, topic, payload, now_ms, now);
  hold(node, topic, std::move(payload), bytes, now_ms, now);
}

// A number that was passed already. It is a message that was given up; or the last one once more;
// or the sequence began anew with a birth that got lost, and then aliases may mean something else.
void Host::on_behind(Node& node, const Topic& topic, const Payload& payload, std::uint64_t now_ms,
                     Nanoseconds now) {
  const auto seq = static_cast<std::uint8_t>(*payload.seq);
  if (node.missing.erase(seq) > 0) return apply(node, topic, payload, true, now_ms, now);
  if (static_cast<std::uint8_t>(seq + 1) == node.next_seq) {
    counters_.doubles += 1;
    return;
  }
  events_.on_trouble(node.id, {ErrorId::kTimeout, "the birth of " + node.id.text() +
                                                      " was missed; another is asked for"});
  counters_.gaps += 1;
  counters_.not_understood += payload.metrics.size();
  end_session(node);
  ask_rebirth(node, now_ms, now);
}

// held is keyed by the sequence number itself; how far ahead it is follows from next_seq.
void Host::hold(Node& node, const Topic& topic, Payload payload, std::size_t bytes,
                std::uint64_t now_ms, Nanoseconds now) {
  const auto seq = static_cast<std::uint8_t>(*payload.seq);
  if (!node.held.emplace(seq, Held{topic, std::move(payload), bytes}).second) return;
  node.held_bytes += bytes;
  counters_.reordered += 1;
  if (!node.gap_until) node.gap_until = now + options_.reorder_timeout;
  wake_at(*node.gap_until);
  if (node.held_bytes > options_.held_bytes_max) give_up_gap(node, now_ms, now);
}

void Host::release_held(Node& node, std::uint64_t now_ms, Nanoseconds now) {
  bool any = false;
  while (!node.held.empty()) {
    const auto next = node.held.find(node.next_seq);
    if (next == node.held.end()) break;
    any = true;
    const Held held = std::move(next->second);
    node.held.erase(next);
    node.held_bytes -= held.bytes;
    node.missing.erase(node.next_seq++);
    apply(node, held.topic, held.payload, false, now_ms, now);
  }
  if (node.held.empty()) {
    node.gap_until.reset();
  } else if (any) {
    node.gap_until = now + options_.reorder_timeout;  // another gap behind the first
    wake_at(*node.gap_until);
  }
}

// The message before the held ones is lost. They are still good: what they tell is applied in
// order, and a birth brings what the lost one told.
void Host::give_up_gap(Node& node, std::uint64_t now_ms, Nanoseconds now) {
  counters_.gaps += 1;
  while (!node.held.empty()) {
    auto next = node.held.begin();
    for (auto it = node.held.begin(); it != node.held.end(); ++it) {
      const auto ahead = static_cast<std::uint8_t>(it->first - node.next_seq);
      if (ahead < static_cast<std::uint8_t>(next->first - node.next_seq)) next = it;
    }
    for (; node.next_seq != next->first; ++node.next_seq) node.missing.insert(node.next_seq);
    release_held(node, now_ms, now);
  }
  node.gap_until.reset();
  events_.on_trouble(node.id, {ErrorId::kTimeout, "a message of " + node.id.text() +
                                                      " is missing; a birth is asked for"});
  ask_rebirth(node, now_ms, now);
}

// --- messages ---

void Host::apply(Node& node, const Topic& topic, const Payload& payload, bool late,
                 std::uint64_t now_ms, Nanoseconds now) {
  if (topic.type == MessageType::kDBirth) {
    if (!late) apply_birth(node, topic.device, payload);
    return;
  }
  const auto device = node.devices.find(topic.device);
  if (topic.type == MessageType::kDDeath) {
    if (!late && device != node.devices.end()) make_stale(device->second);
    return;
  }
  if (device == node.devices.end() || !device->second.online) {
    counters_.not_understood += payload.metrics.size();
    return ask_rebirth(node, now_ms, now);
  }
  apply_data(node, device->second, payload, late, now_ms, now);
}

const Host::KnownMetric* Host::find(Node& node, Device& device, const Metric& metric) const {
  if (metric.name) {
    const auto found = device.by_name.find(*metric.name);
    return found == device.by_name.end() ? nullptr : &device.metrics[found->second];
  }
  if (!metric.alias) return nullptr;
  const auto found = node.aliases.find(*metric.alias);
  const bool ours = found != node.aliases.end() && found->second.device == &device;
  return ours ? &device.metrics[found->second.metric] : nullptr;
}

void Host::apply_data(Node& node, Device& device, const Payload& payload, bool late,
                      std::uint64_t now_ms, Nanoseconds now) {
  bool unknown = false;
  for (const Metric& metric : payload.metrics) {
    const KnownMetric* known = find(node, device, metric);
    if (known != nullptr) {
      read(*known, metric, payload, late);
      continue;
    }
    unknown = true;
    counters_.not_understood += 1;
  }
  if (unknown) ask_rebirth(node, now_ms, now);
}

void Host::read(const KnownMetric& known, const Metric& metric, const Payload& payload, bool late) {
  if (known.handle == kIgnored) return;
  Reading reading;
  reading.timestamp_ms = metric.timestamp_ms ? metric.timestamp_ms : payload.timestamp_ms;
  reading.historical = metric.is_historical || late;
  const auto told = quality_property(metric);
  reading.quality = told ? quality_of(*told) : quality::kGood;
  if (metric.is_null || std::holds_alternative<std::monostate>(metric.value)) {
    if (reading.quality.good()) reading.quality = quality::kBadNoData;
  } else if (Result<Value> value = to_value(known.type, metric.value)) {
    reading.value = *std::move(value);
  } else {
    reading.quality = quality::kBadTypeMismatch;
  }
  events_.on_reading(known.handle, reading);
}

// --- asking for births ---

void Host::ask_rebirth(Node& node, std::uint64_t now_ms, Nanoseconds now) {
  if (node.last_request && now - *node.last_request < options_.rebirth_pause) {
    node.request_at = *node.last_request + options_.rebirth_pause;
    return wake_at(*node.request_at);
  }
  node.last_request = now;
  node.request_at.reset();
  counters_.rebirths += 1;
  Payload payload;
  payload.timestamp_ms = now_ms;
  Metric& metric = payload.metrics.emplace_back();
  metric.name = kRebirth;
  metric.timestamp_ms = now_ms;
  metric.datatype = DataType::kBoolean;
  metric.value = true;
  Publication publication;
  publication.topic = Topic{MessageType::kNCmd, node.id, ""}.text();
  encode_payload(payload, publication.payload);
  events_.publish(std::move(publication));
}

void Host::wake_at(Nanoseconds at) {
  if (!wake_at_ || at < *wake_at_) wake_at_ = at;
}

void Host::on_time(std::uint64_t now_ms, Nanoseconds now) {
  if (!wake_at_ || now < *wake_at_) return;
  wake_at_.reset();
  for (auto& [id, node] : nodes_) {
    if (node.gap_until && now >= *node.gap_until) give_up_gap(node, now_ms, now);
    if (node.request_at && now >= *node.request_at) ask_rebirth(node, now_ms, now);
    if (node.gap_until) wake_at(*node.gap_until);
    if (node.request_at) wake_at(*node.request_at);
  }
}

// --- commands ---

Result<Publication> Host::command(const MetricId& id, const Value& value,
                                  std::uint64_t now_ms) const {
  const Error unknown{ErrorId::kNotFound, "no metric " + id.name + " was born by " +
                                              id.node.text() +
                                              (id.device.empty() ? "" : "/" + id.device)};
  const auto node = nodes_.find(id.node);
  if (node == nodes_.end()) return unknown;
  const auto device = node->second.devices.find(id.device);
  if (device == node->second.devices.end()) return unknown;
  const auto index = device->second.by_name.find(id.name);
  if (index == device->second.by_name.end()) return unknown;
  if (!node->second.online || !device->second.online) {
    return Error{ErrorId::kMachineNotConnected, id.node.text() + " is away"};
  }
  const KnownMetric& known = device->second.metrics[index->second];
  Result<WireValue> wire = to_wire(known.type, value);
  if (!wire) return wire.error();
  Payload payload;
  payload.timestamp_ms = now_ms;
  Metric& metric = payload.metrics.emplace_back();
  // A metric that was born with an alias is called by it alone.
  metric.alias = known.alias;
  if (!known.alias) metric.name = known.name;
  metric.timestamp_ms = now_ms;
  metric.datatype = known.type;
  metric.value = *std::move(wire);
  Publication publication;
  const MessageType type = id.device.empty() ? MessageType::kNCmd : MessageType::kDCmd;
  publication.topic = Topic{type, id.node, id.device}.text();
  encode_payload(payload, publication.payload);
  return publication;
}

}  // namespace lineshaft::sparkplug
