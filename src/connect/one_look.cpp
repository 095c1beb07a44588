#include "connect/one_look.h"

#include <string>
#include <utility>

namespace lineshaft::connect {

namespace {

constexpr Nanoseconds kTestMax = std::chrono::seconds(20);

ConnectionConfig config_of(TestRequest request) {
  ConnectionConfig config;
  config.name = "test";
  config.settings = std::move(request.settings);
  config.signals = std::move(request.signals);
  return config;
}

}  // namespace

OneLook::OneLook(sys::EventLoop& loop, sys::Clock& clock, TestRequest request, Parts parts,
                 ProtocolRuntime::TestDone done)
    : loop_(loop),
      clock_(clock),
      parts_(std::move(parts)),
      done_(std::move(done)),
      config_(config_of(std::move(request))),
      limit_(loop.make_timer()),
      finish_(loop.make_timer()),
      started_(loop.now()),
      told_(config_.signals.size()),
      missing_(config_.signals.size()) {
  for (const SignalConfig& signal : config_.signals) {
    report_.values.push_back(
        {signal.path, std::nullopt, {}, quality::kBadWaitingForInitialData, std::nullopt});
  }
  limit_->start(kTestMax, [this] {
    finish(missing_ == 0 ? std::nullopt
                         : std::optional(Error{ErrorId::kTimeout, "not done after 20 s"}));
  });
  DriverHost& host = *this;  // its base is nobody else's business
  driver_ = parts_.make(config_, host);
}

void OneLook::on_value(std::size_t signal, Instant /*at*/, Value value, Quality quality) {
  report_.values[signal].value = std::move(value);
  report_.values[signal].quality = quality;
  count(signal);
}

// The reason for a single signal comes right behind as trouble.
void OneLook::on_bad(std::size_t signal, Instant /*at*/, Quality quality) {
  if (finished_) return;
  report_.values[signal].quality = quality;
  if (quality == quality::kBadNoData && !report_.values[signal].error) {
    report_.values[signal].error = Error{ErrorId::kNotFound, parts_.hint};
  }
  count(signal);
}

void OneLook::count(std::size_t signal) {
  if (told_[signal]) return;
  told_[signal] = true;
  missing_ -= 1;
  if (missing_ == 0 && report_.reachable) finish(std::nullopt);
}

void OneLook::on_connected() {
  report_.reachable = true;
  report_.latency_ms = static_cast<double>((loop_.now() - started_).count()) / 1e6;
  if (missing_ == 0) finish(std::nullopt);
}

void OneLook::on_lost(const Error& why) { finish(why); }

void OneLook::on_trouble(std::string_view /*event*/, const Error& what) {
  // "org/site/mill/speed: ...": of that signal alone.
  for (TestValue& value : report_.values) {
    if (!what.what.starts_with(value.path + ": ")) continue;
    if (!value.error) value.error = Error{what.id, what.what.substr(value.path.size() + 2)};
    return;
  }
  if (!report_.error) report_.error = what;
}

// At a turn of its own: it may destroy this.
void OneLook::finish(std::optional<Error> error) {
  if (finished_) return;
  finished_ = true;
  limit_->cancel();
  if (error) report_.error = std::move(error);
  finish_->start(Nanoseconds(0), [this] {
    if (driver_ != nullptr && parts_.identify) {
      report_.identification = parts_.identify(*driver_);
    }
    if (driver_ != nullptr) {
      ConnectionStatus status;
      driver_->fill(status);
      report_.silent = report_.reachable && status.bytes_in == 0;
    }
    driver_.reset();
    const auto done = std::move(done_);
    done(std::move(report_));
  });
}

}  // namespace lineshaft::connect
