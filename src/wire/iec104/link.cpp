#include "wire/iec104/link.h"

#include <algorithm>
#include <string>

#include "base/assert.h"

namespace lineshaft::iec104 {

namespace {

Error broken(std::string what) { return {ErrorId::kBadAnswer, std::move(what)}; }
Error invalid(std::string what) { return {ErrorId::kInvalidArgument, std::move(what)}; }

std::string seconds(Nanoseconds time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + " s";
}

}  // namespace

Status check_link_settings(const LinkSettings& settings) {
  if (settings.k < 1 || settings.k > kSequenceMask) return invalid("k: 1 to 32767");
  if (settings.w < 1 || settings.w > kSequenceMask) return invalid("w: 1 to 32767");
  // The other side, set alike, would wait at k for what we send at w.
  if (settings.w > settings.k)
    return invalid("w: at most k; the standard advises two thirds of it");
  if (settings.t2 <= Nanoseconds(0)) return invalid("t2: longer than 0");
  if (settings.t3 <= Nanoseconds(0)) return invalid("t3: longer than 0");
  if (settings.t2 >= settings.t1) return invalid("t2: shorter than t1");
  return {};
}

Link::Link(Role role, const LinkSettings& settings, Nanoseconds now)
    : role_(role), settings_(settings), heard_(now) {
  LS_ASSERT(check_link_settings(settings).ok());
}

Result<Received> Link::take(const Frame& frame, Nanoseconds now) {
  heard_ = now;
  if (const auto* data = std::get_if<IFrame>(&frame)) return take_data(*data, now);
  if (const auto* u = std::get_if<UFrame>(&frame)) return take_function(u->function);
  if (Status known = acknowledge_ours(std::get<SFrame>(frame).receive); !known) {
    return std::move(known).error();
  }
  return settle_stop();
}

Result<Received> Link::take_data(const IFrame& frame, Nanoseconds now) {
  // What the station sent before it heard of the stop still arrives.
  const bool allowed = state_ == State::kStarted || state_ == State::kStopping;
  if (!allowed) return broken("data came although its transfer is not started");
  if (frame.send != receive_) {
    return broken("an I frame with number " + std::to_string(frame.send) + " instead of " +
                  std::to_string(receive_));
  }
  if (Status known = acknowledge_ours(frame.receive); !known) return std::move(known).error();
  receive_ = sequence_after(receive_);
  if (to_acknowledge_ == 0) first_unacknowledged_ = now;
  to_acknowledge_ += 1;
  if (to_acknowledge_ >= settings_.w) acknowledge_theirs();
  return Received{Received::Event::kAsdu, frame.asdu};
}

Result<Received> Link::take_function(UFunction function) {
  switch (function) {
    case UFunction::kTestActivation:
      put(UFunction::kTestConfirmation);
      return Received{};
    case UFunction::kTestConfirmation:
      tested_.reset();
      return Received{};
    default:
      return take_start_or_stop(function);
  }
}

Result<Received> Link::take_start_or_stop(UFunction function) {
  const bool activation =
      function == UFunction::kStartActivation || function == UFunction::kStopActivation;
  if (activation == controlling()) {
    return broken("a start or stop of data transfer that belongs to the other side");
  }
  switch (function) {
    case UFunction::kStartActivation:
      // Whoever starts again while a stop is not settled has taken the stop back.
      put(UFunction::kStartConfirmation);
      if (state_ == State::kStarted) return Received{};
      state_ = State::kStarted;
      return Received{Received::Event::kStarted, {}};
    case UFunction::kStopActivation:
      if (state_ == State::kStarted) state_ = State::kStopping;
      if (state_ == State::kStopped) put(UFunction::kStopConfirmation);
      return settle_stop();
    case UFunction::kStartConfirmation:
      if (state_ != State::kStarting) return Received{};  // late or twice: it says nothing new
      state_ = State::kStarted;
      asked_start_or_stop_.reset();
      return Received{Received::Event::kStarted, {}};
    default:
      if (state_ != State::kStopping) return Received{};
      state_ = State::kStopped;
      asked_start_or_stop_.reset();
      return Received{Received::Event::kStopped, {}};
  }
}

// A controlled station confirms the stop when all it sent is acknowledged, and acknowledges first.
Received Link::settle_stop() {
  if (controlling() || state_ != State::kStopping || !sent_at_.empty()) return {};
  if (to_acknowledge_ > 0) acknowledge_theirs();
  put(UFunction::kStopConfirmation);
  state_ = State::kStopped;
  return {Received::Event::kStopped, {}};
}

Status Link::acknowledge_ours(std::uint16_t receive) {
  const auto waiting = static_cast<std::uint16_t>(sent_at_.size());
  const std::uint16_t left = sequence_distance(receive, send_);
  if (left > waiting) {
    return broken("an acknowledgement up to " + std::to_string(receive) + "; " +
                  std::to_string(waiting) + " frames up to " + std::to_string(send_) +
                  " wait for one");
  }
  sent_at_.erase(sent_at_.begin(), sent_at_.end() - left);
  return {};
}

void Link::acknowledge_theirs() {
  append_frame(SFrame{receive_}, output_);
  to_acknowledge_ = 0;
}

void Link::request_start(Nanoseconds now) {
  LS_ASSERT(controlling() && state_ == State::kStopped);
  put(UFunction::kStartActivation);
  state_ = State::kStarting;
  asked_start_or_stop_ = now;
}

void Link::request_stop(Nanoseconds now) {
  LS_ASSERT(controlling() && state_ == State::kStarted);
  if (to_acknowledge_ > 0) acknowledge_theirs();
  put(UFunction::kStopActivation);
  state_ = State::kStopping;
  asked_start_or_stop_ = now;
}

void Link::send(ByteSpan asdu, Nanoseconds now) {
  LS_ASSERT(can_send() && asdu.size() >= kAsduHeadBytes);
  append_frame(IFrame{send_, receive_, asdu}, output_);
  send_ = sequence_after(send_);
  sent_at_.push_back(now);
  to_acknowledge_ = 0;  // the frame carried the acknowledgement
}

Nanoseconds Link::next_time() const {
  // While a test waits for its answer, t1 watches the silence.
  Nanoseconds next = tested_ ? *tested_ + settings_.t1 : heard_ + settings_.t3;
  if (asked_start_or_stop_) next = std::min(next, *asked_start_or_stop_ + settings_.t1);
  if (!sent_at_.empty()) next = std::min(next, sent_at_.front() + settings_.t1);
  if (to_acknowledge_ > 0) next = std::min(next, first_unacknowledged_ + settings_.t2);
  return next;
}

Status Link::on_time(Nanoseconds now) {
  const Nanoseconds sent_by = now - settings_.t1;
  const std::string limit = " within t1 = " + seconds(settings_.t1);
  if (asked_start_or_stop_ && *asked_start_or_stop_ <= sent_by) {
    return Error{ErrorId::kTimeout,
                 "no confirmation of the start or stop of data transfer" + limit};
  }
  if (!sent_at_.empty() && sent_at_.front() <= sent_by) {
    return Error{ErrorId::kTimeout,
                 "no acknowledgement of " + std::to_string(sent_at_.size()) + " I frames" + limit};
  }
  if (tested_ && *tested_ <= sent_by) {
    return Error{ErrorId::kTimeout, "no answer to the test of the connection" + limit};
  }
  if (to_acknowledge_ > 0 && first_unacknowledged_ + settings_.t2 <= now) acknowledge_theirs();
  if (!tested_ && heard_ + settings_.t3 <= now) {
    put(UFunction::kTestActivation);
    tested_ = now;
  }
  return {};
}

}  // namespace lineshaft::iec104
