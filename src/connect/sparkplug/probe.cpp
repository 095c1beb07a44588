#include "connect/sparkplug/probe.h"

#include <utility>

namespace lineshaft::connect {

SparkplugProbe::SparkplugProbe(sys::EventLoop& loop, sys::Clock& clock, sys::Random& random,
                               TestRequest request, ConnectionManager::TestDone done)
    : loop_(loop),
      clock_(clock),
      done_(std::move(done)),
      started_(loop.now()),
      missing_(request.signals.size()),
      limit_(loop.make_timer()),
      finish_(loop.make_timer()) {
  auto settings = std::get<SparkplugSettings>(std::move(request.settings));
  settings.host_id.clear();
  settings.broker.client_id.clear();
  config_.settings = std::move(settings);
  config_.signals = std::move(request.signals);
  for (const SignalConfig& signal : config_.signals) {
    report_.values.push_back(
        {signal.path,
         std::nullopt,
         {},
         quality::kBadWaitingForInitialData,
         Error{ErrorId::kTimeout, "its edge node published nothing during the test"}});
  }
  session_ = std::make_unique<SparkplugSession>(loop, clock, random, config_,
                                                static_cast<DriverHost&>(*this));
}

void SparkplugProbe::on_connected() {
  report_.reachable = true;
  report_.latency_ms = std::chrono::duration<double, std::milli>(loop_.now() - started_).count();
  if (missing_ == 0) return finish(std::nullopt);
  const auto& settings = std::get<SparkplugSettings>(config_.settings);
  limit_->start(std::chrono::milliseconds(settings.broker.timeout_ms),
                [this] { finish(std::nullopt); });
}

void SparkplugProbe::on_value(std::size_t signal, Instant /*at*/, Value value, Quality quality) {
  TestValue& known = report_.values[signal];
  const bool first = known.quality == quality::kBadWaitingForInitialData;
  known.value = std::move(value);
  known.quality = quality;
  known.error.reset();
  if (first && --missing_ == 0) finish(std::nullopt);
}

void SparkplugProbe::on_bad(std::size_t signal, Instant /*at*/, Quality quality) {
  if (!report_.reachable || finished_) return;  // it is the connection then
  TestValue& known = report_.values[signal];
  const bool first = known.quality == quality::kBadWaitingForInitialData;
  known.quality = quality;
  known.error =
      Error{ErrorId::kTypeMismatch, "the metric has no usable value: " + quality_name(quality)};
  if (first && --missing_ == 0) finish(std::nullopt);
}

void SparkplugProbe::on_trouble(std::string_view /*event*/, const Error& what) {
  if (!report_.error) report_.error = what;
}

void SparkplugProbe::finish(std::optional<Error> error) {
  if (finished_) return;
  finished_ = true;
  if (error) report_.error = std::move(error);
  finish_->start(Nanoseconds(0), [this] {
    session_.reset();
    const auto done = std::move(done_);
    done(std::move(report_));  // may destroy this
  });
}

}  // namespace lineshaft::connect
