#include "connect/s7/link.h"

#include <algorithm>
#include <string>
#include <utility>

namespace lineshaft::connect {

namespace {

// Answers in a row that nobody waits for: a device that floods us makes no sense any more.
constexpr std::size_t kStraysMax = 64;
constexpr std::uint16_t kOurReference = 1;
constexpr std::uint16_t kSetupReference = 0xFFFF;  // no job carries it

StreamLinkOptions stream_options(const S7Settings& settings) {
  StreamLinkOptions options;
  options.endpoint = {settings.host, settings.port};
  options.connect_timeout = std::chrono::milliseconds(settings.timeout_ms);
  options.unsent_bytes_max = 64 * 1024;  // jobs under way are few, and bounded by the PDU
  return options;
}

std::uint16_t remote_tsap(const S7Settings& settings) {
  return settings.remote_tsap.value_or(
      s7::tsap_of(settings.connection_type, settings.rack, settings.slot));
}

// Ours names no slot: 1.00 for a PG, 2.00 for an OP, 3.00 for the rest.
std::uint16_t local_tsap(const S7Settings& settings) {
  return settings.local_tsap.value_or(s7::tsap_of(settings.connection_type, 0, 0));
}

}  // namespace

S7Link::S7Link(sys::EventLoop& loop, sys::Random& random, const S7Settings& settings,
               S7LinkUser& user, std::size_t timeouts_in_a_row_max)
    : loop_(loop),
      settings_(settings),
      user_(user),
      timeouts_in_a_row_max_(timeouts_in_a_row_max),
      deadline_(loop.make_timer()),
      stream_(loop, random, stream_options(settings), *this) {}

Traffic S7Link::traffic() const {
  Traffic traffic = traffic_;
  traffic.bytes_in = stream_.bytes_in();
  traffic.bytes_out = stream_.bytes_out();
  return traffic;
}

void S7Link::on_up() {
  state_ = State::kTransport;
  reader_.emplace(settings_.pdu_bytes_max);
  tpdu_bytes_ = std::size_t{1} << s7::kTpduExponentAsked;
  s7::ConnectRequest request;
  request.source = kOurReference;
  request.tpdu_exponent = s7::kTpduExponentAsked;
  request.calling = s7::tsap_bytes(local_tsap(settings_));
  request.called = s7::tsap_bytes(remote_tsap(settings_));
  Bytes bytes;
  s7::append_connect_request(request, bytes);
  if (Status sent = stream_.send(bytes); !sent) return stream_.lose(sent.error());
  watch(loop_.now() + std::chrono::milliseconds(settings_.timeout_ms));
}

void S7Link::on_down(const Error& why, Nanoseconds retry_in) {
  Error told = why;
  // CPUs say nothing when rack and slot are wrong: they close.
  if (state_ == State::kTransport && why.id != ErrorId::kTimeout) {
    told.what += "; it was asked for rack and slot " + s7::tsap_text(remote_tsap(settings_)) +
                 ": check them";
  }
  state_ = State::kDown;
  deadline_->cancel();
  jobs_.clear();
  strays_in_a_row_ = 0;
  timeouts_in_a_row_ = 0;
  user_.on_down(told, retry_in);
}

Status S7Link::on_bytes(ByteSpan bytes) {
  while (!bytes.empty()) {
    const auto tpdu = reader_->next(bytes);
    if (!tpdu) return tpdu.error();
    if (!*tpdu) break;
    if (Status taken = on_tpdu(**tpdu); !taken) return taken;
  }
  pump();
  return {};
}

Status S7Link::on_tpdu(const s7::Tpdu& tpdu) {
  if (const auto* data = std::get_if<s7::Data>(&tpdu)) return on_pdu(data->pdu);
  if (const auto* confirm = std::get_if<s7::ConnectConfirm>(&tpdu)) return on_confirm(*confirm);
  if (const auto* end = std::get_if<s7::Disconnect>(&tpdu)) {
    return Error{ErrorId::kPeerClosed,
                 "the device ends the connection: " + s7::disconnect_text(end->reason)};
  }
  return Error{ErrorId::kBadAnswer, "the device wants to connect instead of answering"};
}

Status S7Link::on_confirm(const s7::ConnectConfirm& confirm) {
  if (state_ != State::kTransport || confirm.destination != kOurReference) {
    return Error{ErrorId::kBadAnswer, "a confirmation of a connection that nobody asked for"};
  }
  if (confirm.tpdu_exponent) {
    tpdu_bytes_ = std::min(tpdu_bytes_, std::size_t{1} << *confirm.tpdu_exponent);
  }
  state_ = State::kSetup;
  Bytes pdu;
  const std::uint16_t jobs = settings_.jobs_in_flight_max;
  s7::encode_request(kSetupReference, s7::SetupCommunication{jobs, jobs, settings_.pdu_bytes_max},
                     pdu);
  send_pdu(pdu);
  watch(loop_.now() + std::chrono::milliseconds(settings_.timeout_ms));
  return {};
}

Status S7Link::on_pdu(ByteSpan pdu) {
  const auto message = s7::decode_message(pdu);
  if (!message) return message.error();
  if (!message->is_answer()) {
    return Error{ErrorId::kBadAnswer, "the device asks instead of answering"};
  }
  if (state_ == State::kSetup) return on_setup(*message);
  if (state_ == State::kUp) return on_job_answer(*message);
  return Error{ErrorId::kBadAnswer, "data before the connection was confirmed"};
}

Status S7Link::on_setup(const s7::Message& message) {
  if (message.reference != kSetupReference) {
    return Error{ErrorId::kBadAnswer, "the negotiation was answered with another reference"};
  }
  const auto answer = s7::decode_response(message, s7::SetupCommunication{});
  if (!answer) return answer.error();
  if (const auto* refusal = std::get_if<s7::Refusal>(&*answer)) {
    return Error{ErrorId::kDeviceRefused,
                 "the device refuses the negotiation: " + refusal_text(*refusal)};
  }
  const auto& setup = std::get<s7::SetupCommunication>(*answer);
  if (setup.pdu_bytes < s7::kPduBytesMin || setup.pdu_bytes > settings_.pdu_bytes_max) {
    return Error{ErrorId::kBadAnswer,
                 "the device wants PDUs of " + std::to_string(setup.pdu_bytes) +
                     " bytes; asked were up to " + std::to_string(settings_.pdu_bytes_max)};
  }
  pdu_bytes_ = setup.pdu_bytes;
  jobs_max_ = std::clamp<std::size_t>(setup.jobs_calling, 1, settings_.jobs_in_flight_max);
  state_ = State::kUp;
  ups_ += 1;
  deadline_->cancel();
  user_.on_up(pdu_bytes_);
  return {};
}

Status S7Link::on_job_answer(const s7::Message& message) {
  const auto found = std::ranges::find(jobs_, message.reference, &Job::reference);
  if (found == jobs_.end()) {
    traffic_.late_answers += 1;
    strays_in_a_row_ += 1;
    if (strays_in_a_row_ < kStraysMax) return {};
    return Error{ErrorId::kBadAnswer,
                 std::to_string(kStraysMax) + " answers in a row that nobody asked for"};
  }
  const Job job = std::move(*found);
  jobs_.erase(found);
  strays_in_a_row_ = 0;
  timeouts_in_a_row_ = 0;
  stream_.settled();
  watch_jobs();
  traffic_.latency.add(loop_.now() - job.sent);
  auto answer = s7::decode_response(message, job.ask.request);
  if (!answer || std::holds_alternative<s7::Refusal>(*answer)) traffic_.errors += 1;
  user_.on_answer(job.ask.token, std::move(answer));
  return {};
}

void S7Link::pump() {
  if (pumping_) return;
  pumping_ = true;
  while (state_ == State::kUp && jobs_.size() < jobs_max_) {
    auto ask = user_.next_ask();
    if (!ask) break;
    send(std::move(*ask));
  }
  pumping_ = false;
}

void S7Link::send(S7Ask ask) {
  next_reference_ = static_cast<std::uint16_t>(next_reference_ + 1);
  if (next_reference_ == kSetupReference) next_reference_ = 1;
  Bytes pdu;
  s7::encode_request(next_reference_, ask.request, pdu);
  LS_ASSERT(pdu.size() <= pdu_bytes_);
  traffic_.requests += 1;
  const Nanoseconds now = loop_.now();
  jobs_.push_back({next_reference_, std::move(ask), now,
                   now + std::chrono::milliseconds(settings_.timeout_ms)});
  send_pdu(pdu);
  if (jobs_.size() == 1) watch_jobs();
}

void S7Link::send_pdu(ByteSpan pdu) {
  Bytes bytes;
  s7::append_data(pdu, tpdu_bytes_, bytes);
  if (Status sent = stream_.send(bytes); !sent) stream_.lose(sent.error());
}

void S7Link::watch(Nanoseconds deadline) {
  deadline_->start(deadline - loop_.now(), [this] { on_deadline(); });
}

void S7Link::watch_jobs() {
  if (jobs_.empty()) return deadline_->cancel();
  watch(jobs_.front().deadline);
}

void S7Link::on_deadline() {
  const std::string waited = std::to_string(settings_.timeout_ms) + " ms";
  if (state_ != State::kUp) {
    return stream_.lose(
        Error{ErrorId::kTimeout, stream_.endpoint().text() + " did not answer the " +
                                     (state_ == State::kTransport ? "connection" : "negotiation") +
                                     " within " + waited});
  }
  // An answer that stops in the middle leaves no place where the next one begins.
  if (reader_->pending_bytes() > 0) {
    return stream_.lose(Error{ErrorId::kBadAnswer, "an answer stopped in the middle"});
  }
  const Nanoseconds now = loop_.now();
  while (!jobs_.empty() && jobs_.front().deadline <= now) {
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    traffic_.errors += 1;
    traffic_.timeouts += 1;
    timeouts_in_a_row_ += 1;
    const Error why{ErrorId::kTimeout,
                    stream_.endpoint().text() + " did not answer within " + waited};
    user_.on_answer(job.ask.token, why);
    // Several jobs under way die together of one lost connection: that counts as one round.
    if (timeouts_in_a_row_ >= timeouts_in_a_row_max_ + jobs_max_ - 1) return stream_.lose(why);
  }
  watch_jobs();
  pump();
}

}  // namespace lineshaft::connect
