#include "connect/mtconnect/session.h"

#include <algorithm>
#include <utility>

#include "base/percent.h"
#include "base/utf8.h"

namespace lineshaft::connect {

namespace {

using mtconnect::Observation;
using mtconnect::StreamsDocument;

constexpr std::size_t kDocumentBytesMax = 16 << 20;
// An agent that does not stream is asked again after this at the earliest.
constexpr Nanoseconds kPollMin = std::chrono::milliseconds(100);
constexpr Nanoseconds kRestartPause = std::chrono::seconds(1);

Quality quality_of(const Error& why) {
  if (why.id == ErrorId::kTimeout) return quality::kBadTimeout;
  if (why.id == ErrorId::kBadAnswer) return quality::kBadCommunicationError;
  return quality::kBadNotConnected;
}

Error refused(std::string what) { return {ErrorId::kDeviceRefused, std::move(what)}; }

}  // namespace

MtconnectSession::MtconnectSession(sys::EventLoop& loop, sys::Random& random,
                                   const ConnectionConfig& config, DriverHost& host)
    : loop_(loop),
      host_(host),
      config_(config),
      settings_(std::get<MtconnectSettings>(config.settings)),
      tls_(tls_context(settings_.tls, sys::TlsSide::kClient)),
      backoff_(random),
      delivery_(host, config.signals.size()),
      items_(config.signals.size()),
      states_(config.signals.size()),
      next_ask_(loop.make_timer()) {
  for (std::size_t i = 0; i < config.signals.size(); ++i) {
    signals_[std::get<MtconnectPoint>(config.signals[i].point).data_item].push_back(i);
  }
  next_ask_->start(Nanoseconds(0), [this] { ask(Step::kProbe); });
}

void MtconnectSession::write(std::size_t /*signal*/, Value /*value*/, WriteDone done) {
  done(Error{ErrorId::kUnsupported, "MTConnect reads machines; it has no writing"});
}

void MtconnectSession::fill(ConnectionStatus& status) const {
  traffic_.fill(status);
  if (get_) {
    status.bytes_in += get_->bytes_in();
    status.bytes_out += get_->bytes_out();
  }
  status.reconnects = ups_ > 0 ? ups_ - 1 : 0;
  status.clock_ahead_ms = clock_ahead_ms_;
  if (retry_at_) {
    status.retry_in_ms =
        std::max(Nanoseconds(0), *retry_at_ - loop_.now()) / std::chrono::milliseconds(1);
  }
}

const mtconnect::Component* MtconnectSession::device() const {
  const auto& devices = devices_.devices;
  // Agents describe themselves as a device too.
  const auto machine = std::ranges::find(devices, "Device", &mtconnect::Component::element);
  return machine == devices.end() ? nullptr : &*machine;
}

std::string MtconnectSession::target(Step step) const {
  const std::string device = settings_.device.empty() ? "" : "/" + percent_encode(settings_.device);
  switch (step) {
    case Step::kProbe:
      return device + "/probe";
    case Step::kCurrent:
      return device + "/current";
    case Step::kSample:
      return device + "/sample?from=" + std::to_string(*next_) +
             "&interval=" + std::to_string(settings_.interval_ms) +
             "&heartbeat=" + std::to_string(settings_.heartbeat_ms) +
             "&count=" + std::to_string(settings_.count);
  }
  return device;
}

void MtconnectSession::ask(Step step) {
  using std::chrono::milliseconds;
  retry_at_.reset();
  step_ = step;
  follow_.reset();
  parts_.reset();
  asked_at_ = loop_.now();
  traffic_.requests += 1;
  HttpGetOptions options;
  options.endpoint = {settings_.host, settings_.port};
  options.tls = tls_;
  options.target = target(step);
  options.connect_timeout = milliseconds(settings_.timeout_ms);
  options.answer_timeout = milliseconds(settings_.timeout_ms);
  if (step == Step::kSample) options.answer_timeout += milliseconds(2 * settings_.heartbeat_ms);
  options.body_bytes_max = kDocumentBytesMax;
  get_ = std::make_unique<HttpGet>(
      loop_, std::move(options),
      HttpGet::Callbacks{
          [this](http::ResponseReader& reader) { return on_part(reader); },
          [this](const Status& how, http::ResponseReader& reader) { on_end(how, reader); }});
}

// Only a stream is looked at before it has ended.
Status MtconnectSession::on_part(http::ResponseReader& reader) {
  if (!parts_) {
    const std::string_view type = http::header(reader.head()->headers, "content-type");
    if (!http::same_word(type.substr(0, type.find(';')), "multipart/x-mixed-replace")) return {};
    auto parts = mtconnect::MultipartReader::make(http::header_parameter(type, "boundary"),
                                                  kDocumentBytesMax);
    if (!parts) return parts.error();
    parts_ = *std::move(parts);
  }
  while (true) {
    auto document = parts_->next(reader.body());
    if (!document) return document.error();
    if (!*document) return {};
    get_->extend();
    if (Status taken = on_document(**document); !taken) return taken;
    if (follow_) return refused("the stream has to begin anew");
  }
}

void MtconnectSession::on_end(const Status& how, http::ResponseReader& reader) {
  const std::unique_ptr<HttpGet> done = std::move(get_);
  traffic_.bytes_in += done->bytes_in();
  traffic_.bytes_out += done->bytes_out();
  if (follow_) return follow(*follow_);
  if (!how) return lost(how.error());
  if (parts_) return lost({ErrorId::kPeerClosed, "the agent has ended the stream"});
  traffic_.latency.add(loop_.now() - asked_at_);
  const int status = reader.head()->status;
  Status taken = on_document(reader.body());
  // Errors of HTTP come with a page for people; those of MTConnect with a document.
  if (!taken && status >= 300 && taken.error().id == ErrorId::kBadAnswer) {
    taken = refused("the agent answers with the HTTP status " + std::to_string(status));
  }
  if (!taken) return lost(taken.error());
  if (follow_) return follow(*follow_);
  // It answered with one document instead of a stream.
  const Nanoseconds pause =
      std::max<Nanoseconds>(kPollMin, std::chrono::milliseconds(settings_.interval_ms));
  next_ask_->start(pause, [this] { ask(Step::kSample); });
}

// Forward at once; back with a pause, or a strange agent would keep us running in circles.
void MtconnectSession::follow(Step step) {
  if (step > step_) return ask(step);
  next_ask_->start(kRestartPause, [this, step] { ask(step); });
}

Status MtconnectSession::on_document(std::string_view bytes) {
  auto document = mtconnect::read_document(bytes);
  if (!document) return document.error();
  if (const auto* errors = std::get_if<mtconnect::ErrorDocument>(&*document)) {
    return on_errors(*errors);
  }
  if (auto* devices = std::get_if<mtconnect::DevicesDocument>(&*document)) {
    if (step_ == Step::kProbe) return on_devices(std::move(*devices));
  }
  if (const auto* streams = std::get_if<StreamsDocument>(&*document)) {
    note_clock(streams->header);
    if (step_ == Step::kCurrent) return on_current(*streams);
    if (step_ == Step::kSample) return on_samples(*streams);
  }
  return Error{ErrorId::kBadAnswer, "the agent answers with a document that was not asked for"};
}

Status MtconnectSession::on_devices(mtconnect::DevicesDocument document) {
  const bool restarted =
      probed_ && document.header.instance_id != devices_.header.instance_id && next_.has_value();
  devices_ = std::move(document);
  probed_ = true;
  if (restarted) mark_gap("the agent has started anew and counts from the beginning");
  std::ranges::fill(items_, Item{});
  for (const mtconnect::Component& device : devices_.devices) find_items(device);
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (items_[i].known) continue;
    delivery_.no_value(i, std::nullopt, quality::kBadConfigurationError);
    host_.on_trouble("refused",
                     refused(config_.signals[i].path + ": the agent has no data item '" +
                             std::get<MtconnectPoint>(config_.signals[i].point).data_item + "'"));
  }
  follow_ = Step::kCurrent;
  return {};
}

void MtconnectSession::find_items(const mtconnect::Component& component) {
  for (const mtconnect::DataItem& item : component.data_items) {
    const auto found = signals_.find(item.id);
    if (found == signals_.end()) continue;
    const bool series = item.representation == mtconnect::Representation::kTimeSeries;
    for (const std::size_t i : found->second) items_[i] = {true, series, item.sample_rate};
  }
  for (const mtconnect::Component& part : component.components) find_items(part);
}

// How far its clock is ahead shows in the time at which it says that it made the document.
void MtconnectSession::note_clock(const mtconnect::Header& header) {
  if (header.creation_time.ns == 0) return;
  clock_ahead_ms_ = (header.creation_time - host_.now().wall) / std::chrono::milliseconds(1);
}

void MtconnectSession::mark_gap(const std::string& why) {
  delivery_.no_value_at_all(quality::kBadDataLost);
  host_.on_event("gap", why);
  next_.reset();
  present_.reset();
}

Status MtconnectSession::on_current(const StreamsDocument& document) {
  const mtconnect::Header& header = document.header;
  if (header.instance_id != devices_.header.instance_id) {
    follow_ = Step::kProbe;
    return {};
  }
  if (header.next_sequence == 0) {
    return Error{ErrorId::kBadAnswer, "the agent does not say its next sequence number"};
  }
  if (next_ && (*next_ < header.first_sequence || *next_ > header.next_sequence)) {
    mark_gap("sequence " + std::to_string(*next_) + " is wanted, the agent has " +
             std::to_string(header.first_sequence) + " to " + std::to_string(header.last_sequence));
  }
  if (next_) {
    present_ = document;
    settle_present();
  } else {
    // Of a condition all that is active is told here; what was active before is over.
    states_ = mtconnect::ItemStates(items_.size());
    for (const Observation& seen : document.observations) observe(seen, true);
    next_ = header.next_sequence;
  }
  connected();
  follow_ = Step::kSample;
  return {};
}

void MtconnectSession::connected() {
  if (std::exchange(up_, true)) return;
  ups_ += 1;
  host_.on_connected();
}

Status MtconnectSession::on_samples(const StreamsDocument& document) {
  const mtconnect::Header& header = document.header;
  if (header.instance_id != devices_.header.instance_id) {
    follow_ = Step::kProbe;
    return {};
  }
  if (header.next_sequence < *next_) {
    return Error{ErrorId::kBadAnswer, "the agent's sequence numbers run backwards"};
  }
  if (*next_ < header.first_sequence) {
    mark_gap("the agent has dropped what happened from sequence " + std::to_string(*next_) +
             " to " + std::to_string(header.first_sequence - 1));
    follow_ = Step::kCurrent;
    return {};
  }
  backoff_.reset();
  const std::uint64_t expected = *next_;
  for (const Observation& seen : document.observations) {
    // One that was told before came twice.
    if (seen.sequence >= expected) {
      observe(seen, false);
    } else {
      traffic_.late_answers += 1;
    }
  }
  next_ = header.next_sequence;
  settle_present();
  return {};
}

// What did not change while we were away has no observation that would tell it: it holds again as
// soon as the stream has passed the moment at which the agent said so.
void MtconnectSession::settle_present() {
  if (!present_ || *next_ < present_->header.next_sequence) return;
  const StreamsDocument present = *std::exchange(present_, std::nullopt);
  std::vector<bool> away(items_.size());
  for (std::size_t i = 0; i < away.size(); ++i) away[i] = delivery_.is_bad(i);
  for (const Observation& seen : present.observations) {
    const auto found = signals_.find(seen.data_item_id);
    if (found == signals_.end()) continue;
    for (const std::size_t i : found->second) {
      if (away[i] && items_[i].known) observe(i, seen, true);
    }
  }
}

Status MtconnectSession::on_errors(const mtconnect::ErrorDocument& document) {
  const mtconnect::DocumentError& error = document.errors.front();
  traffic_.errors += 1;
  if (error.code == "OUT_OF_RANGE" && step_ == Step::kSample) {
    mark_gap("the agent no longer has what happened since: " +
             std::string(utf8_prefix(error.message, 200)));
    follow_ = Step::kCurrent;
    return {};
  }
  return refused("the agent says " + std::string(utf8_prefix(error.code, 64)) + ": " +
                 std::string(utf8_prefix(error.message, 200)));
}

void MtconnectSession::observe(const Observation& seen, bool holds) {
  const auto found = signals_.find(seen.data_item_id);
  if (found == signals_.end()) return;
  for (const std::size_t signal : found->second) observe(signal, seen, holds);
}

void MtconnectSession::observe(std::size_t signal, const Observation& seen, bool holds) {
  states_.apply(signal, seen);
  if (seen.unavailable && holds) return delivery_.lacks(signal, seen.time, quality::kBadNoData);
  if (seen.unavailable) return delivery_.no_value(signal, seen.time, quality::kBadNoData);
  if (items_[signal].is_series) return observe_series(signal, seen);
  const auto& point = std::get<MtconnectPoint>(config_.signals[signal].point);
  auto value =
      observed_value(config_.signals[signal], point.type, point.part, seen, states_.of(signal));
  if (!value) return refuse(signal, seen, value.error());
  if (!*value) return delivery_.no_value(signal, seen.time, quality::kBadNoData);
  if (holds) {
    delivery_.holds(signal, seen.time, **std::move(value));
  } else {
    delivery_.happened(signal, seen.time, **std::move(value));
  }
}

void MtconnectSession::observe_series(std::size_t signal, const Observation& seen) {
  const double rate = seen.sample_rate > 0 ? seen.sample_rate : items_[signal].sample_rate;
  const auto& point = std::get<MtconnectPoint>(config_.signals[signal].point);
  for (const SeriesValue& one : series_values(seen, rate)) {
    auto value = text_value(config_.signals[signal], point.type, one.text);
    if (!value) return refuse(signal, seen, value.error());
    delivery_.happened(signal, one.time, *std::move(value));
  }
}

void MtconnectSession::refuse(std::size_t signal, const Observation& seen, const Error& why) {
  traffic_.errors += 1;
  delivery_.no_value(signal, seen.time, quality::kBadTypeMismatch);
  host_.on_trouble("refused",
                   Error{ErrorId::kBadAnswer, config_.signals[signal].path + ": " + why.what});
}

void MtconnectSession::lost(const Error& why) {
  if (why.id == ErrorId::kBadAnswer) traffic_.errors += 1;
  if (why.id == ErrorId::kTimeout) traffic_.timeouts += 1;
  present_.reset();
  up_ = false;
  const Nanoseconds delay = backoff_.next();
  retry_at_ = loop_.now() + delay;
  host_.on_lost(why);
  delivery_.no_value_at_all(quality_of(why));
  next_ask_->start(delay, [this] { ask(probed_ ? Step::kCurrent : Step::kProbe); });
}

}  // namespace lineshaft::connect
