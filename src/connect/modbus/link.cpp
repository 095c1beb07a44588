#include "connect/modbus/link.h"

#include <algorithm>
#include <utility>

namespace lineshaft::connect {

namespace {

// Frames in a row that nobody asked for: a device that talks like this is not in step with us.
constexpr std::size_t kStraysMax = 64;
constexpr std::size_t kExpiredKept = 64;

// MODBUS over Serial Line V1.02, 2.5.1.1: frames lie 3.5 characters apart, above 19200 baud 1.75
// ms.
constexpr std::uint32_t kFixedGapAbove = 19200;
constexpr Nanoseconds kFixedGap = std::chrono::microseconds(1750);

Nanoseconds gap_of(const std::optional<sys::SerialOptions>& serial) {
  if (!serial) return Nanoseconds(0);
  return serial->baud > kFixedGapAbove ? kFixedGap : sys::line_time(*serial, 7) / 2;
}

// How long the answer may be, as a PDU.
std::size_t answer_bytes_max(const modbus::Request& request) {
  if (const auto* read = std::get_if<modbus::ReadBits>(&request)) {
    return std::size_t{2} + (read->count + 7u) / 8;
  }
  if (const auto* read = std::get_if<modbus::ReadRegisters>(&request)) {
    return std::size_t{2} + 2u * read->count;
  }
  return std::holds_alternative<modbus::ReadDeviceId>(request) ? modbus::kPduBytesMax : 7;
}

}  // namespace

ModbusLink::ModbusLink(sys::EventLoop& loop, sys::Random& random, LinkOptions options)
    : loop_(loop),
      random_(random),
      options_(std::move(options)),
      pause_(loop.make_timer()),
      deadline_(loop.make_timer()),
      inform_(loop.make_timer()),
      opening_(loop.make_timer()) {
  // A device that still answers a request of a connection before must not hit one of this one.
  next_transaction_ = static_cast<std::uint16_t>(random_.next_u64());
}

ModbusLink::~ModbusLink() { LS_ASSERT(users_.empty()); }

void ModbusLink::join(LinkClient& client, const LinkOptions& options) {
  options_.connect_timeout = std::max(options_.connect_timeout, options.connect_timeout);
  options_.request_delay = std::max(options_.request_delay, options.request_delay);
  options_.in_flight_max = std::min(options_.in_flight_max, options.in_flight_max);
  options_.timeouts_in_a_row_max =
      std::max(options_.timeouts_in_a_row_max, options.timeouts_in_a_row_max);
  users_.push_back({&client, false});
  inform_->start(Nanoseconds(0), [this] { inform(); });
}

void ModbusLink::leave(LinkClient& client) {
  std::erase_if(users_, [&](const User& user) { return user.client == &client; });
  for (InFlight& asked : in_flight_) {
    if (asked.client == &client) asked.client = nullptr;
  }
  std::erase_if(expired_, [&](const auto& entry) { return entry.second == &client; });
  for (Overdue& overdue : overdue_) {
    if (overdue.client == &client) overdue.client = nullptr;
  }
}

std::optional<Nanoseconds> ModbusLink::retry_in() const {
  return stream_ ? stream_->retry_in() : std::nullopt;
}

// Tells users that joined meanwhile; the first one starts the connection.
void ModbusLink::inform() {
  if (users_.empty()) return;
  if (!stream_) {
    StreamLinkOptions options{options_.endpoint, options_.connect_timeout, options_.tls};
    options.serial = options_.serial;
    StreamUser& user = *this;
    stream_ = std::make_unique<StreamLink>(loop_, random_, std::move(options), user);
    return;
  }
  const auto waits = stream_->retry_in();
  for (User& user : users_) {
    if (user.informed || (!stream_->up() && !waits)) continue;
    user.informed = true;
    if (waits) {
      user.client->on_down(*last_error_, *waits);
    } else {
      user.client->on_up();
    }
  }
  pump();
}

void ModbusLink::on_up() {
  reader_ = {};
  rtu_reader_ = modbus::RtuReader(modbus::RtuSide::kAnswers);
  timeouts_in_a_row_ = 0;
  strays_in_a_row_ = 0;
  for (User& user : users_) user.informed = false;
  inform();
}

void ModbusLink::on_down(const Error& why, Nanoseconds retry_in) {
  in_flight_.clear();
  expired_.clear();
  overdue_.clear();
  closed_.reset();
  opening_->cancel();
  to_write_.clear();
  deadline_->cancel();
  pause_->cancel();
  last_error_ = why;
  for (User& user : users_) {
    user.informed = true;
    user.client->on_down(why, retry_in);
  }
}

Status ModbusLink::on_bytes(ByteSpan bytes) {
  // Whatever it was, the next request keeps its distance.
  not_before_ = std::max(not_before_, loop_.now() + gap_of(options_.serial));
  for (;;) {
    const auto frame = next_frame(bytes);
    if (!frame) return frame.error();
    if (!*frame) break;
    if (Status taken = on_frame(**frame); !taken) return taken;
  }
  pump();
  return {};
}

Result<std::optional<modbus::Frame>> ModbusLink::next_frame(ByteSpan& bytes) {
  if (options_.rtu) return rtu_reader_.next(bytes);
  return reader_.next(bytes);
}

bool ModbusLink::is_answer(const InFlight& asked, const modbus::Frame& frame) const {
  if (!options_.rtu) return frame.head.transaction == asked.transaction;
  const int function = frame.pdu[0] & ~modbus::kExceptionBit;
  return frame.head.unit == asked.ask.unit &&
         function == static_cast<int>(modbus::function_of(asked.ask.request));
}

Status ModbusLink::on_frame(const modbus::Frame& frame) {
  const auto found = std::ranges::find_if(
      in_flight_, [&](const InFlight& asked) { return is_answer(asked, frame); });
  if (found == in_flight_.end()) return on_stray(frame);
  const InFlight asked = std::move(*found);
  in_flight_.erase(found);
  watch_deadlines();
  strays_in_a_row_ = 0;
  timeouts_in_a_row_ = 0;
  stream_->settled();
  not_before_ = std::max(not_before_, loop_.now() + options_.request_delay);
  if (asked.client != nullptr) deliver(asked, frame);
  return {};
}

void ModbusLink::deliver(const InFlight& asked, const modbus::Frame& frame) {
  Traffic& traffic = asked.client->traffic;
  traffic.bytes_in += frame_bytes(frame.pdu.size());
  traffic.latency.add(loop_.now() - asked.sent);
  if (frame.head.unit != asked.ask.unit) {
    traffic.errors += 1;
    return asked.client->on_answer(
        asked.ask.token, Error{ErrorId::kBadAnswer, "unit " + std::to_string(frame.head.unit) +
                                                        " answered a request to unit " +
                                                        std::to_string(asked.ask.unit)});
  }
  auto answer = modbus::decode_response(frame.pdu, asked.ask.request);
  if (!answer || std::holds_alternative<modbus::Exception>(*answer)) traffic.errors += 1;
  asked.client->on_answer(asked.ask.token, std::move(answer));
}

// An answer to nothing under way: late, twice, or to a transaction that never was. It is counted
// and thrown away; the next answer is as good as before.
Status ModbusLink::on_stray(const modbus::Frame& frame) {
  const auto late =
      std::ranges::find(expired_, frame.head.transaction, [](const auto& e) { return e.first; });
  const auto overdue = std::ranges::find(overdue_, frame.head.unit, &Overdue::unit);
  if (options_.rtu && overdue != overdue_.end()) {
    if (overdue->client != nullptr) overdue->client->traffic.late_answers += 1;
    overdue->until = loop_.now();
    open_units();
  } else if (!options_.rtu && late != expired_.end()) {
    late->second->traffic.late_answers += 1;
    expired_.erase(late);
  } else if (!users_.empty()) {
    users_.front().client->traffic.late_answers += 1;
  }
  if (++strays_in_a_row_ < kStraysMax) return {};
  return Error{ErrorId::kBadAnswer,
               std::to_string(kStraysMax) + " answers in a row that nobody asked for"};
}

void ModbusLink::pump() {
  // next_ask may lead back here.
  if (pumping_ || !up()) return;
  pumping_ = true;
  while (in_flight_.size() < options_.in_flight_max) {
    const Nanoseconds wait = not_before_ - loop_.now();
    if (wait > Nanoseconds(0)) {
      pause_->start(wait, [this] { pump(); });
      break;
    }
    auto next = next_ask();
    if (!next) break;
    send(*next->first, std::move(next->second));
  }
  pumping_ = false;
  if (to_write_.empty()) return;
  const Status sent = stream_->send(to_write_);
  to_write_.clear();
  if (!sent) stream_->lose(sent.error());
}

std::optional<std::pair<LinkClient*, LinkAsk>> ModbusLink::next_ask() {
  for (Urgency urgency : {Urgency::kWrite, Urgency::kPoll}) {
    for (std::size_t i = 0; i < users_.size(); ++i) {
      const std::size_t whose = (turn_ + i) % users_.size();
      if (!users_[whose].informed) continue;
      if (auto ask = users_[whose].client->next_ask(urgency)) {
        turn_ = (whose + 1) % users_.size();
        return std::pair(users_[whose].client, std::move(*ask));
      }
    }
  }
  return std::nullopt;
}

void ModbusLink::send(LinkClient& client, LinkAsk ask) {
  Bytes pdu;
  LS_ASSERT(modbus::encode_request(ask.request, pdu).ok());
  do {  // 16 bits come round: pass over what is under way or may still be answered late
    next_transaction_ = static_cast<std::uint16_t>(next_transaction_ + 1);
  } while (std::ranges::count(in_flight_, next_transaction_, &InFlight::transaction) > 0 ||
           std::ranges::count(expired_, next_transaction_, [](const auto& e) { return e.first; }));
  if (options_.rtu) {
    // What is left of an answer before belongs to nobody.
    rtu_reader_ = modbus::RtuReader(modbus::RtuSide::kAnswers);
    modbus::append_rtu_frame(ask.unit, pdu, to_write_);
  } else {
    modbus::append_frame({next_transaction_, ask.unit}, pdu, to_write_);
  }
  client.traffic.requests += 1;
  client.traffic.bytes_out += frame_bytes(pdu.size());
  const Nanoseconds now = loop_.now();
  // The timeout is for the device; a slow line needs its time besides.
  const Nanoseconds deadline =
      now + ask.timeout +
      line_time(frame_bytes(pdu.size()) + frame_bytes(answer_bytes_max(ask.request)));
  in_flight_.push_back({next_transaction_, &client, std::move(ask), now, deadline});
  watch_deadlines();
}

std::size_t ModbusLink::frame_bytes(std::size_t pdu_bytes) const {
  constexpr std::size_t kUnitAndCrc = 3;
  return pdu_bytes + (options_.rtu ? kUnitAndCrc : modbus::kHeaderBytes);
}

Nanoseconds ModbusLink::line_time(std::size_t bytes) const {
  return options_.serial ? sys::line_time(*options_.serial, bytes) : Nanoseconds(0);
}

// One timer for all requests: the earliest deadline.
void ModbusLink::watch_deadlines() {
  if (in_flight_.empty()) return deadline_->cancel();
  const auto first = std::ranges::min_element(in_flight_, {}, &InFlight::deadline);
  deadline_->start(first->deadline - loop_.now(), [this] { on_deadline(); });
}

void ModbusLink::on_deadline() {
  const Nanoseconds now = loop_.now();
  std::vector<InFlight> late;
  for (InFlight& asked : in_flight_) {
    if (asked.deadline <= now) late.push_back(asked);
  }
  std::erase_if(in_flight_, [&](const InFlight& asked) { return asked.deadline <= now; });
  watch_deadlines();
  timeouts_in_a_row_ += late.size();
  for (const InFlight& asked : late) {
    expect_late(asked);
    if (asked.client == nullptr) continue;
    asked.client->traffic.timeouts += 1;
    asked.client->traffic.errors += 1;
    asked.client->on_answer(
        asked.ask.token,
        Error{ErrorId::kTimeout,
              "unit " + std::to_string(asked.ask.unit) + " of " + options_.place() +
                  " did not answer within " +
                  std::to_string(asked.ask.timeout / std::chrono::milliseconds(1)) + " ms"});
  }
  // Bytes of an answer that does not end cannot be told from those of the next one.
  if (!options_.rtu && reader_.pending_bytes() > 0) {
    return stream_->lose(Error{ErrorId::kBadAnswer, "an answer stopped in the middle"});
  }
  if (!options_.serial && timeouts_in_a_row_ >= options_.timeouts_in_a_row_max) {
    return stream_->lose(Error{ErrorId::kTimeout, options_.place() + " left " +
                                                      std::to_string(timeouts_in_a_row_) +
                                                      " requests in a row without an answer"});
  }
  pump();
}

void ModbusLink::expect_late(const InFlight& asked) {
  if (options_.rtu) {
    overdue_.push_back({asked.ask.unit, asked.client, loop_.now() + (asked.deadline - asked.sent)});
    return open_units();
  }
  if (asked.client == nullptr) return;
  expired_.emplace_back(asked.transaction, asked.client);
  if (expired_.size() > kExpiredKept) expired_.pop_front();
}

// Opens the units that have had their time to answer late, and wakes up for the next one.
void ModbusLink::open_units() {
  const Nanoseconds now = loop_.now();
  std::erase_if(overdue_, [&](const Overdue& overdue) { return overdue.until <= now; });
  closed_.reset();
  for (const Overdue& overdue : overdue_) closed_.set(overdue.unit);
  if (overdue_.empty()) return opening_->cancel();
  const auto next = std::ranges::min_element(overdue_, {}, &Overdue::until);
  opening_->start(next->until - now, [this] {
    open_units();
    pump();
  });
}

std::shared_ptr<ModbusLink> ModbusLinkPool::get(const LinkOptions& options, bool share) {
  std::string key = options.place();
  if (options.serial) {  // two settings for one line: the second user finds it in use
    key += " " + std::to_string(options.serial->baud) + " " +
           std::to_string(static_cast<int>(options.serial->parity)) + " " +
           std::to_string(options.serial->stop_bits);
  }
  if (const auto found = shared_.find(key); found != shared_.end()) {
    if (auto link = found->second.lock()) return link;
    shared_.erase(found);
  }
  auto link = std::make_shared<ModbusLink>(loop_, random_, options);
  if (share || options.serial) shared_[key] = link;
  return link;
}

}  // namespace lineshaft::connect
