#include "connect/shdr/session.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "base/utf8.h"

namespace lineshaft::connect {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Nanoseconds kFirstPing = seconds(10);  // until the adapter has said how often
constexpr std::int64_t kHeartbeatMinMs = 100;
constexpr std::int64_t kHeartbeatMaxMs = 3'600'000;

StreamLinkOptions stream_options(const ShdrSettings& settings) {
  StreamLinkOptions options;
  options.endpoint = {settings.host, settings.port};
  options.connect_timeout = milliseconds(settings.timeout_ms);
  options.tls = tls_context(settings.tls, sys::TlsSide::kClient);
  options.unsent_bytes_max = 4096;  // pings
  return options;
}

Quality quality_of(const Error& why) {
  if (why.id == ErrorId::kTimeout) return quality::kBadTimeout;
  if (why.id == ErrorId::kBadAnswer) return quality::kBadCommunicationError;
  return quality::kBadNotConnected;
}

mtconnect::Category category_of(shdr::Kind kind) {
  if (kind == shdr::Kind::kCondition) return mtconnect::Category::kCondition;
  if (kind == shdr::Kind::kTimeSeries) return mtconnect::Category::kSample;
  return mtconnect::Category::kEvent;
}

mtconnect::Observation observation_of(const shdr::Reading& reading, Timestamp time) {
  mtconnect::Observation seen;
  seen.data_item_id = reading.key;
  seen.category = category_of(reading.kind);
  seen.time = time;
  seen.text = reading.text;
  seen.unavailable = reading.unavailable;
  seen.level = static_cast<mtconnect::Level>(reading.level);
  seen.native_code = reading.native_code;
  seen.native_severity = reading.native_severity;
  seen.qualifier = reading.qualifier;
  seen.sample_rate = reading.sample_rate;
  seen.is_set = reading.kind == shdr::Kind::kDataSet;
  for (const auto& [key, value] : reading.entries) {
    seen.entries.push_back({key, value.value_or(""), !value.has_value(), {}});
  }
  return seen;
}

}  // namespace

ShdrSession::ShdrSession(sys::EventLoop& loop, sys::Random& random, const ConnectionConfig& config,
                         DriverHost& host)
    : loop_(loop),
      host_(host),
      config_(config),
      settings_(std::get<ShdrSettings>(config.settings)),
      delivery_(host, config.signals.size()),
      states_(config.signals.size()),
      timer_(loop.make_timer()),
      stream_(loop, random, stream_options(settings_), *this) {
  for (std::size_t i = 0; i < config.signals.size(); ++i) {
    signals_[std::get<ShdrPoint>(config.signals[i].point).key].push_back(i);
  }
}

void ShdrSession::write(std::size_t /*signal*/, Value /*value*/, WriteDone done) {
  done(Error{ErrorId::kUnsupported, "an MTConnect adapter takes no values"});
}

void ShdrSession::fill(ConnectionStatus& status) const {
  traffic_.fill(status);
  status.bytes_in = stream_.bytes_in();
  status.bytes_out = stream_.bytes_out();
  status.reconnects = stream_.connects() > 0 ? stream_.connects() - 1 : 0;
  status.clock_ahead_ms = clock_ahead_ms_;
  if (const auto retry = stream_.retry_in()) status.retry_in_ms = *retry / milliseconds(1);
}

void ShdrSession::on_up() {
  reader_ = {};
  heartbeat_.reset();
  ponged_ = true;
  heard_ = loop_.now();
  states_ = mtconnect::ItemStates(config_.signals.size());
  host_.on_connected();
  ping();
}

void ShdrSession::ping() {
  if (ponged_) {
    pinged_ = loop_.now();
    traffic_.requests += 1;
  }
  ponged_ = false;
  if (Status sent = stream_.send(as_bytes(shdr::kPing)); !sent) return stream_.lose(sent.error());
  arm();
}

void ShdrSession::arm() {
  timer_->start(heartbeat_.value_or(kFirstPing), [this] {
    // An adapter that promised signs of life is given up when two of them are missing.
    const Nanoseconds silence_max = heartbeat_ ? 2 * *heartbeat_ : seconds(settings_.silence_max_s);
    if (loop_.now() - heard_ < silence_max) return ping();
    traffic_.timeouts += 1;
    stream_.lose({ErrorId::kTimeout, "the adapter has said nothing for " +
                                         std::to_string(silence_max / seconds(1)) + " s"});
  });
}

Status ShdrSession::on_bytes(ByteSpan bytes) {
  heard_ = loop_.now();
  while (!bytes.empty()) {
    const auto line = reader_.next(bytes);
    if (!line) return line.error();
    if (*line) on_line(**line);
  }
  return {};
}

void ShdrSession::on_line(const shdr::Line& line) {
  if (const auto command = shdr::parse_command(line.text)) return on_command(*command);
  if (const auto asset = shdr::parse_asset(line)) {
    return host_.on_event("asset", asset->command + " " + asset->type + " " + asset->id);
  }
  const auto readings =
      shdr::parse_readings(line.text, [this](std::string_view key) { return kind_of(key); });
  if (!readings) {
    // Where lines begin is still sure, so the others go on.
    traffic_.errors += 1;
    return host_.on_trouble("refused", readings.error());
  }
  stream_.settled();
  if (readings->time) {
    clock_ahead_ms_ = (*readings->time - host_.now().wall) / milliseconds(1);
  }
  for (const shdr::Reading& reading : readings->readings) {
    for (const std::size_t signal : signals_.at(reading.key)) {
      observe(signal, readings->time, reading);
    }
  }
}

void ShdrSession::on_command(const shdr::Command& command) {
  if (command.name == "PONG") {
    std::int64_t ms = 0;
    const char* last = command.value.data() + command.value.size();
    const auto [end, error] = std::from_chars(command.value.data(), last, ms);
    if (error == std::errc() && end == last && !command.value.empty()) {
      heartbeat_ = milliseconds(std::clamp(ms, kHeartbeatMinMs, kHeartbeatMaxMs));
    }
    if (!std::exchange(ponged_, true)) traffic_.latency.add(loop_.now() - pinged_);
    stream_.settled();
    return arm();
  }
  const std::string value(is_utf8(command.value) ? utf8_prefix(command.value, 128) : "");
  if (command.name == "manufacturer") plate_.vendor = value;
  if (command.name == "description") plate_.product = value;
  if (command.name == "serialNumber") plate_.revision = value;
}

shdr::Kind ShdrSession::kind_of(std::string_view key) const {
  const auto found = signals_.find(std::string(key));
  if (found == signals_.end()) return shdr::Kind::kUnknown;
  return std::get<ShdrPoint>(config_.signals[found->second.front()].point).kind;
}

void ShdrSession::observe(std::size_t signal, std::optional<Timestamp> time,
                          const shdr::Reading& reading) {
  const SignalConfig& config = config_.signals[signal];
  const auto& point = std::get<ShdrPoint>(config.point);
  const mtconnect::Observation seen = observation_of(reading, time.value_or(host_.now().wall));
  states_.apply(signal, seen);
  if (seen.unavailable) return delivery_.lacks(signal, time, quality::kBadNoData);
  if (reading.kind == shdr::Kind::kTimeSeries) {
    for (const SeriesValue& one : series_values(seen, seen.sample_rate)) {
      auto value = text_value(config, point.type, one.text);
      if (!value) return refuse(signal, value.error());
      delivery_.happened(signal, one.time, *std::move(value));
    }
    return;
  }
  auto value = observed_value(config, point.type, point.part, seen, states_.of(signal));
  if (!value) return refuse(signal, value.error());
  if (*value) return deliver(signal, time, **std::move(value));
  delivery_.lacks(signal, time, quality::kBadNoData);
}

// What an adapter repeats after connecting holds now, whenever that began.
void ShdrSession::deliver(std::size_t signal, std::optional<Timestamp> time, Value value) {
  if (delivery_.is_bad(signal)) return delivery_.holds(signal, time, std::move(value));
  delivery_.happened(signal, time, std::move(value));
}

void ShdrSession::refuse(std::size_t signal, const Error& why) {
  traffic_.errors += 1;
  delivery_.no_value(signal, std::nullopt, quality::kBadTypeMismatch);
  host_.on_trouble("refused",
                   Error{ErrorId::kBadAnswer, config_.signals[signal].path + ": " + why.what});
}

void ShdrSession::on_down(const Error& why, Nanoseconds /*retry_in*/) {
  if (why.id == ErrorId::kBadAnswer) traffic_.errors += 1;
  timer_->cancel();
  host_.on_lost(why);
  delivery_.no_value_at_all(quality_of(why));
}

}  // namespace lineshaft::connect
