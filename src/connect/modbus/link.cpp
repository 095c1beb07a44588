#include "connect/modbus/link.h"

#include <algorithm>
#include <utility>

namespace lineshaft::connect {

namespace {

// Frames in a row that nobody asked for: a device that talks like this is not in step with us.
constexpr std::size_t kStraysMax = 64;
constexpr std::size_t kExpiredKept = 64;

}  // namespace

ModbusLink::ModbusLink(sys::EventLoop& loop, sys::Random& random, LinkOptions options)
    : loop_(loop),
      random_(random),
      options_(std::move(options)),
      pause_(loop.make_timer()),
      deadline_(loop.make_timer()),
      inform_(loop.make_timer()) {
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
}

std::optional<Nanoseconds> ModbusLink::retry_in() const {
  return stream_ ? stream_->retry_in() : std::nullopt;
}

// Tells users that joined meanwhile; the first one starts the connection.
void ModbusLink::inform() {
  if (users_.empty()) return;
  if (!stream_) {
    StreamLinkOptions options{options_.endpoint, options_.connect_timeout, options_.tls};
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
  timeouts_in_a_row_ = 0;
  strays_in_a_row_ = 0;
  for (User& user : users_) user.informed = false;
  inform();
}

void ModbusLink::on_down(const Error& why, Nanoseconds retry_in) {
  in_flight_.clear();
  expired_.clear();
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
  while (!bytes.empty()) {
    const auto frame = reader_.next(bytes);
    if (!frame) return frame.error();
    if (!*frame) break;
    if (Status taken = on_frame(**frame); !taken) return taken;
  }
  pump();
  return {};
}

Status ModbusLink::on_frame(const modbus::Frame& frame) {
  const auto found = std::ranges::find(in_flight_, frame.head.transaction, &InFlight::transaction);
  if (found == in_flight_.end()) return on_stray(frame.head.transaction);
  const InFlight asked = std::move(*found);
  in_flight_.erase(found);
  watch_deadlines();
  strays_in_a_row_ = 0;
  timeouts_in_a_row_ = 0;
  stream_->settled();
  not_before_ = loop_.now() + options_.request_delay;
  if (asked.client != nullptr) deliver(asked, frame);
  return {};
}

void ModbusLink::deliver(const InFlight& asked, const modbus::Frame& frame) {
  Traffic& traffic = asked.client->traffic;
  traffic.bytes_in += modbus::kHeaderBytes + frame.pdu.size();
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
Status ModbusLink::on_stray(std::uint16_t transaction) {
  const auto late = std::ranges::find(expired_, transaction, [](const auto& e) { return e.first; });
  if (late != expired_.end()) {
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
  modbus::append_frame({next_transaction_, ask.unit}, pdu, to_write_);
  client.traffic.requests += 1;
  client.traffic.bytes_out += modbus::kHeaderBytes + pdu.size();
  const Nanoseconds now = loop_.now();
  const Nanoseconds deadline = now + ask.timeout;
  in_flight_.push_back({next_transaction_, &client, std::move(ask), now, deadline});
  watch_deadlines();
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
    if (asked.client == nullptr) continue;
    asked.client->traffic.timeouts += 1;
    asked.client->traffic.errors += 1;
    expired_.emplace_back(asked.transaction, asked.client);
    if (expired_.size() > kExpiredKept) expired_.pop_front();
    asked.client->on_answer(
        asked.ask.token,
        Error{ErrorId::kTimeout,
              "unit " + std::to_string(asked.ask.unit) + " of " + options_.endpoint.text() +
                  " did not answer within " +
                  std::to_string(asked.ask.timeout / std::chrono::milliseconds(1)) + " ms"});
  }
  // Bytes of an answer that does not end cannot be told from those of the next one.
  if (reader_.pending_bytes() > 0) {
    return stream_->lose(Error{ErrorId::kBadAnswer, "an answer stopped in the middle"});
  }
  if (timeouts_in_a_row_ >= options_.timeouts_in_a_row_max) {
    return stream_->lose(Error{ErrorId::kTimeout, options_.endpoint.text() + " left " +
                                                      std::to_string(timeouts_in_a_row_) +
                                                      " requests in a row without an answer"});
  }
  pump();
}

std::shared_ptr<ModbusLink> ModbusLinkPool::get(const LinkOptions& options, bool share) {
  const std::string key = options.endpoint.text();
  if (const auto found = shared_.find(key); found != shared_.end()) {
    if (auto link = found->second.lock()) return link;
    shared_.erase(found);
  }
  auto link = std::make_shared<ModbusLink>(loop_, random_, options);
  if (share) shared_[key] = link;
  return link;
}

}  // namespace lineshaft::connect
