#include "connect/iec104/session.h"

#include <algorithm>
#include <string>

#include "base/assert.h"

namespace lineshaft::connect {

namespace {

using iec104::Cause;
using iec104::Type;

// Between two parts of an answer to an interrogation.
constexpr Nanoseconds kPauseMax = std::chrono::seconds(30);
// A station sends acknowledged frames one window at a time; more than this unread is no station.
constexpr std::size_t kUnsentBytesMax = 64 * 1024;

std::uint64_t key_of(std::uint16_t station, std::uint32_t address) {
  return std::uint64_t{station} << 24 | address;
}

Quality quality_of(const Error& why) {
  if (why.id == ErrorId::kTimeout) return quality::kBadTimeout;
  if (why.id == ErrorId::kBadAnswer) return quality::kBadCommunicationError;
  return quality::kBadNotConnected;
}

StreamLinkOptions stream_options(const Iec104Settings& settings) {
  StreamLinkOptions options;
  options.endpoint = {settings.host, settings.port};
  options.connect_timeout = std::chrono::seconds(settings.t0_s);
  options.tls = tls_context(settings.tls, sys::TlsSide::kClient);
  options.unsent_bytes_max = kUnsentBytesMax;
  return options;
}

template <typename T>
void sort_unique(std::vector<T>& values) {
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace

Iec104Session::Iec104Session(sys::EventLoop& loop, sys::Random& random,
                             const ConnectionConfig& config, DriverHost& host)
    : loop_(loop),
      host_(host),
      config_(config),
      settings_(std::get<Iec104Settings>(config.settings)),
      writer_(config, host, traffic_),
      heard_(config.signals.size()),
      times_(config.signals.size()),
      timer_(loop.make_timer()),
      stream_(loop, random, stream_options(settings_), *this) {
  for (std::size_t i = 0; i < config.signals.size(); ++i) {
    const auto& point = std::get<Iec104Point>(config.signals[i].point);
    const std::uint16_t station = point.common_address.value_or(settings_.common_address);
    points_.emplace_back(key_of(station, point.address), i);
    const bool counter = point.format.kind == iec104::PointKind::kCounter;
    (counter ? counter_stations_ : stations_).push_back(station);
  }
  std::ranges::sort(points_);
  if (config.signals.empty()) stations_.push_back(settings_.common_address);
  sort_unique(stations_);
  sort_unique(counter_stations_);
  using std::chrono::seconds;
  schedules_ = {
      {Question::kClock, seconds(settings_.clock_sync_interval_s), {}},
      {Question::kInterrogation, seconds(settings_.interrogation_interval_s), {}},
      {Question::kCounters, seconds(settings_.counter_interval_s), {}},
  };
}

Iec104Session::~Iec104Session() {
  end_looks({ErrorId::kCancelled, "the connection was changed meanwhile"});
}

void Iec104Session::end_looks(const Error& why) {
  for (Iec104Look* look : std::exchange(looks_, {})) look->on_lost(why);
}

bool Iec104Session::lets_look(const ProtocolSettings& settings) const {
  const auto& theirs = std::get<Iec104Settings>(settings);
  return link_ && link_->started() && theirs.host == settings_.host &&
         theirs.port == settings_.port && theirs.tls == settings_.tls;
}

std::unique_ptr<Task> Iec104Session::test(TestRequest request, ConnectionManager::TestDone done) {
  auto look = std::make_unique<Iec104Look>(loop_, std::move(request), std::move(done), looks_);
  for (const Procedure& procedure : look->procedures()) {
    // One that waits serves this too; one that is under way does not.
    if (std::ranges::find(waiting_, procedure) == waiting_.end()) waiting_.push_back(procedure);
  }
  pump();
  return look;
}

void Iec104Session::write(std::size_t signal, Value value, WriteDone done) {
  if (!link_ || !link_->started()) {
    return done(Error{ErrorId::kMachineNotConnected, "there is no connection to the station"});
  }
  writer_.write(signal, std::move(value), std::move(done));
  pump();
}

void Iec104Session::fill(ConnectionStatus& status) const {
  traffic_.fill(status);
  status.bytes_in = stream_.bytes_in();
  status.bytes_out = stream_.bytes_out();
  status.reconnects = stream_.connects() > 0 ? stream_.connects() - 1 : 0;
  status.cycles_missed = cycles_missed_;
  status.clock_ahead_ms = clock_ahead_ms_;
  if (const auto retry = stream_.retry_in()) {
    status.retry_in_ms = *retry / std::chrono::milliseconds(1);
  }
}

void Iec104Session::on_up() {
  reader_ = {};
  link_.emplace(iec104::Role::kControlling, link_settings(settings_), loop_.now());
  link_->request_start(loop_.now());
  pump();
}

Status Iec104Session::on_bytes(ByteSpan bytes) {
  while (!bytes.empty()) {
    auto frame = reader_.next(bytes);
    if (!frame) return frame.error();
    if (!*frame) break;
    const auto received = link_->take(**frame, loop_.now());
    if (!received) return received.error();
    if (received->event == iec104::Received::Event::kStarted) on_started();
    if (received->event == iec104::Received::Event::kAsdu) on_asdu(received->asdu);
  }
  pump();
  return {};
}

void Iec104Session::on_down(const Error& why, Nanoseconds /*retry_in*/) {
  if (why.id == ErrorId::kBadAnswer) traffic_.errors += 1;
  if (why.id == ErrorId::kTimeout && link_) traffic_.timeouts += 1;
  link_.reset();
  timer_->cancel();
  armed_for_.reset();
  waiting_.clear();
  active_.reset();
  up_to_date_ = false;
  host_.on_lost(why);
  end_looks(why);
  const Instant at = host_.now();
  lost_at_ = at.wall;
  for (std::size_t i = 0; i < heard_.size(); ++i) host_.on_bad(i, at, quality_of(why));
  writer_.fail_all(why);
}

void Iec104Session::on_started() {
  stream_.settled();
  host_.on_connected();
  heard_.assign(heard_.size(), false);
  for (Schedule& schedule : schedules_) {
    schedule.due.reset();
    if (schedule.question == Question::kClock && schedule.interval == Nanoseconds(0)) continue;
    ask_all(schedule.question);
    if (schedule.interval > Nanoseconds(0)) schedule.due = loop_.now() + schedule.interval;
  }
}

void Iec104Session::ask_all(Question question) {
  const auto& stations = question == Question::kCounters ? counter_stations_ : stations_;
  for (const std::uint16_t station : stations) {
    const Procedure procedure{question, station};
    const bool runs = active_ && active_->procedure == procedure;
    if (runs || std::ranges::find(waiting_, procedure) != waiting_.end()) {
      cycles_missed_ += 1;
    } else {
      waiting_.push_back(procedure);
    }
  }
}

iec104::Asdu Iec104Session::ask(const Procedure& procedure) {
  iec104::Asdu asdu;
  asdu.head.cause = Cause::kActivation;
  asdu.head.originator = settings_.originator;
  asdu.head.common_address = procedure.station;
  iec104::InformationObject object;
  switch (procedure.question) {
    case Question::kClock:
      asdu.head.type = Type::kClockSync;
      object.element = iec104::ClockSync{};
      object.time =
          iec104::to_time56(host_.now().wall, iec104::StationClock{settings_.utc_offset_minutes});
      break;
    case Question::kInterrogation:
      asdu.head.type = Type::kInterrogation;
      object.element = iec104::Interrogation{};
      break;
    case Question::kCounters:
      asdu.head.type = Type::kCounterInterrogation;
      object.element = iec104::CounterInterrogation{};
      break;
  }
  asdu.objects.push_back(object);
  return asdu;
}

void Iec104Session::on_asdu(ByteSpan bytes) {
  const auto asdu = iec104::decode_asdu(bytes);
  if (!asdu) {
    // Where frames begin is still sure, so the others go on.
    traffic_.errors += 1;
    return host_.on_trouble("refused", asdu.error());
  }
  switch (iec104::find_type(asdu->head.type)->type_class) {
    case iec104::TypeClass::kMonitor:
      return on_values(*asdu);
    case iec104::TypeClass::kInitialization:
      host_.on_event("restarted",
                     "station " + std::to_string(asdu->head.common_address) + " has started anew");
      return ask_all(Question::kInterrogation);
    case iec104::TypeClass::kCommand:
    case iec104::TypeClass::kSystem:
      return on_confirmation(*asdu);
  }
}

void Iec104Session::on_confirmation(const iec104::Asdu& asdu) {
  if (writer_.on_confirmation(asdu, loop_.now()) || on_answer(asdu)) return;
  traffic_.late_answers += 1;
}

// True if it answers the question under way.
bool Iec104Session::on_answer(const iec104::Asdu& asdu) {
  if (!active_) return false;
  const Procedure& procedure = active_->procedure;
  if (ask(procedure).head.type != asdu.head.type || asdu.head.common_address != procedure.station) {
    return false;
  }
  const bool confirms = asdu.head.cause == Cause::kActivationConfirmed;
  if ((confirms && asdu.head.negative) || asdu.head.cause >= Cause::kUnknownType) {
    traffic_.errors += 1;
    end_procedure(Error{ErrorId::kDeviceRefused, "station " + std::to_string(procedure.station) +
                                                     " refused " +
                                                     iec104::type_name(asdu.head.type) + ": " +
                                                     iec104::cause_name(asdu.head.cause)});
    return true;
  }
  if (confirms && !active_->confirmed) {
    active_->latency = loop_.now() - active_->sent;
    traffic_.latency.add(*active_->latency);
    active_->confirmed = true;
    active_->deadline = loop_.now() + kPauseMax;
    if (procedure.question == Question::kClock) end_procedure(std::nullopt);
    return true;
  }
  if (asdu.head.cause == Cause::kActivationTerminated && active_->confirmed) {
    if (procedure.question == Question::kInterrogation) mark_missing(procedure.station);
    end_procedure(std::nullopt);
    return true;
  }
  return false;
}

// Whether it is about a station of the signals, not only of a test.
bool Iec104Session::is_ours(const Procedure& procedure) const {
  if (procedure.question == Question::kClock) return true;
  const auto& stations = procedure.question == Question::kCounters ? counter_stations_ : stations_;
  return std::ranges::binary_search(stations, procedure.station);
}

void Iec104Session::end_procedure(std::optional<Error> trouble) {
  if (trouble && is_ours(active_->procedure)) host_.on_trouble("refused", *trouble);
  if (active_->procedure.question == Question::kInterrogation) up_to_date_ = true;
  for (Iec104Look* look : looks_) look->on_ended(active_->procedure, active_->latency, trouble);
  active_.reset();
}

// Whatever an interrogation of the whole station does not tell of may not exist there.
void Iec104Session::mark_missing(std::uint16_t station) {
  const Instant at = host_.now();
  for (const auto& [key, signal] : points_) {
    const auto& point = std::get<Iec104Point>(config_.signals[signal].point);
    const bool counter = point.format.kind == iec104::PointKind::kCounter;
    if (key >> 24 != station || heard_[signal] || counter) continue;
    host_.on_bad(signal, at, quality::kBadNoData);
  }
}

void Iec104Session::on_values(const iec104::Asdu& asdu) {
  if (asdu.head.test) return;  // not to be used in the plant
  const bool asked = asdu.head.cause >= Cause::kInterrogatedByStation &&
                     asdu.head.cause <= Cause::kCountersByGroup4;
  if (active_ && active_->confirmed && asked &&
      active_->procedure.station == asdu.head.common_address) {
    active_->deadline = loop_.now() + kPauseMax;
  }
  const Instant now = host_.now();
  for (const iec104::InformationObject& object : asdu.objects) {
    const std::uint64_t key = key_of(asdu.head.common_address, object.address);
    auto found = std::ranges::lower_bound(points_, key, {}, &decltype(points_)::value_type::first);
    for (; found != points_.end() && found->first == key; ++found) {
      on_point(found->second, asdu.head, object, now);
    }
    for (Iec104Look* look : looks_) look->on_object(asdu.head, object);
  }
}

void Iec104Session::on_point(std::size_t signal, const iec104::AsduHead& head,
                             const iec104::InformationObject& object, Instant now) {
  heard_[signal] = true;
  const iec104::PointFormat& format = std::get<Iec104Point>(config_.signals[signal].point).format;
  auto reading = iec104::read_point(format, object.element);
  if (reading) return deliver(signal, now, source_time(head, object, now), *std::move(reading));
  host_.on_bad(signal, now, quality::kBadTypeMismatch);
  host_.on_trouble("refused", Error{ErrorId::kBadAnswer,
                                    config_.signals[signal].path + " is set to be " +
                                        std::string(iec104::point_kind_name(format.kind)) +
                                        "; the station sends " + iec104::type_name(head.type)});
}

// The time that the station gives, if it gives one that can be true.
std::optional<Timestamp> Iec104Session::source_time(const iec104::AsduHead& head,
                                                    const iec104::InformationObject& object,
                                                    Instant now) {
  const iec104::StationClock clock{settings_.utc_offset_minutes};
  std::optional<Timestamp> time;
  if (const auto* full = std::get_if<iec104::Time56>(&object.time)) {
    time = iec104::to_timestamp(*full, clock);
    // What was buffered while nobody listened says nothing of the clock.
    if (time && head.cause == Cause::kSpontaneous && up_to_date_) {
      clock_ahead_ms_ = (*time - now.wall) / std::chrono::milliseconds(1);
    }
  }
  if (const auto* part = std::get_if<iec104::Time24>(&object.time)) {
    time = iec104::to_timestamp(*part, clock, now.wall);
  }
  return believed(time, now);
}

void Iec104Session::deliver(std::size_t signal, Instant now, std::optional<Timestamp> source,
                            iec104::Reading reading) {
  // What was buffered from before the loss is not the present; the interrogation tells that.
  const bool is_backlog = source && !up_to_date_ && lost_at_ && *source <= *lost_at_;
  const auto time = is_backlog ? std::nullopt : times_[signal].of_value(source, now);
  if (!time) return host_.on_past(signal, *source, std::move(reading.value), reading.quality);
  const Instant at{*time, now.steady};
  if (reading.quality.bad()) return host_.on_bad(signal, at, reading.quality);
  writer_.on_reading(signal, reading.value);
  host_.on_value(signal, at, std::move(reading.value), reading.quality);
}

Nanoseconds Iec104Session::next_time() const {
  Nanoseconds next = link_->next_time();
  if (const auto write = writer_.next_time()) next = std::min(next, *write);
  if (active_) next = std::min(next, active_->deadline);
  for (const Schedule& schedule : schedules_) {
    if (schedule.due) next = std::min(next, *schedule.due);
  }
  return next;
}

void Iec104Session::on_time() {
  const Nanoseconds now = loop_.now();
  if (Status alive = link_->on_time(now); !alive) return stream_.lose(alive.error());
  writer_.on_time(now);
  if (!link_) return;  // whoever was told wrote at once, to a station that does not read
  if (active_ && active_->deadline <= now) {
    traffic_.timeouts += 1;
    traffic_.errors += 1;
    end_procedure(
        Error{ErrorId::kTimeout,
              "station " + std::to_string(active_->procedure.station) +
                  (active_->confirmed ? " does not end its answer to " : " does not confirm ") +
                  iec104::type_name(ask(active_->procedure).head.type)});
  }
  for (Schedule& schedule : schedules_) {
    if (!schedule.due || *schedule.due > now) continue;
    ask_all(schedule.question);
    schedule.due = now + schedule.interval;
  }
  pump();
}

// Commands go before questions; both wait for the window.
void Iec104Session::pump() {
  const Nanoseconds now = loop_.now();
  while (link_->can_send()) {
    if (const auto command = writer_.next_ask(now)) {
      link_->send(iec104::encode_asdu(*command), now);
    } else if (!active_ && !waiting_.empty()) {
      active_ = Active{waiting_.front(), false, std::nullopt, now,
                       now + std::chrono::milliseconds(settings_.command_timeout_ms)};
      waiting_.pop_front();
      for (Iec104Look* look : looks_) look->on_asked(active_->procedure);
      traffic_.requests += 1;
      link_->send(iec104::encode_asdu(ask(active_->procedure)), now);
    } else {
      break;
    }
  }
  if (!link_->output().empty()) {
    const Bytes frames = std::exchange(link_->output(), {});
    if (Status sent = stream_.send(frames); !sent) return stream_.lose(sent.error());
  }
  arm();
}

// A timer that fires too early looks again: cheaper than setting it anew for each frame.
void Iec104Session::arm() {
  const Nanoseconds next = next_time();
  if (armed_for_ && *armed_for_ <= next) return;
  armed_for_ = next;
  timer_->start(next - loop_.now(), [this] {
    armed_for_.reset();
    on_time();
  });
}

}  // namespace lineshaft::connect
