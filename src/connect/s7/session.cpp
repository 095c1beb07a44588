#include "connect/s7/session.h"

#include <utility>

#include "connect/s7/quality.h"

namespace lineshaft::connect {

namespace {

constexpr std::uint64_t kWriteToken = std::uint64_t{1} << 63;

}  // namespace

S7Session::S7Session(sys::EventLoop& loop, sys::Random& random, const ConnectionConfig& config,
                     DriverHost& host)
    : loop_(loop),
      host_(host),
      poller_(config, host,
              [&](Nanoseconds interval) {
                return Nanoseconds(static_cast<std::int64_t>(
                    random.below(static_cast<std::uint64_t>(interval.count()))));
              }),
      writer_(config, host),
      timer_(loop.make_timer()),
      link_(loop, random, std::get<S7Settings>(config.settings), *this) {}

void S7Session::write(std::size_t signal, Value value, WriteDone done) {
  if (!link_.up()) {
    return done(Error{ErrorId::kMachineNotConnected, "there is no connection to the machine"});
  }
  writer_.write(signal, std::move(value), std::move(done));
  link_.wake();
}

void S7Session::fill(ConnectionStatus& status) const {
  link_.traffic().fill(status);
  status.reconnects = link_.ups() > 0 ? link_.ups() - 1 : 0;
  status.cycles_missed = poller_.cycles_missed();
  if (const auto retry = link_.retry_in()) {
    status.retry_in_ms = *retry / std::chrono::milliseconds(1);
  }
}

std::optional<S7Ask> S7Session::next_ask() {
  if (auto ask = writer_.next_ask()) {
    ask->token = kWriteToken;
    return ask;
  }
  return poller_.next_ask(loop_.now());
}

void S7Session::on_answer(std::uint64_t token, Result<s7::Response> answer) {
  if (token == kWriteToken) {
    writer_.on_answer(std::move(answer));
  } else {
    poller_.on_answer(token, std::move(answer), loop_.now());
  }
  link_.wake();
}

void S7Session::on_up(std::size_t pdu_bytes) {
  host_.on_connected();
  writer_.start(pdu_bytes);
  poller_.start(pdu_bytes, loop_.now());
  arm();
}

void S7Session::on_down(const Error& why, Nanoseconds /*retry_in*/) {
  timer_->cancel();
  armed_for_.reset();
  host_.on_lost(why);
  poller_.stop(s7_quality(why));
  writer_.fail_all(why);
}

void S7Session::arm() {
  const auto next = poller_.next_time();
  if (next == armed_for_) return;
  armed_for_ = next;
  if (!next) return timer_->cancel();
  timer_->start(*next - loop_.now(), [this] {
    armed_for_.reset();
    poller_.on_time(loop_.now());
    link_.wake();
    arm();
  });
}

}  // namespace lineshaft::connect
