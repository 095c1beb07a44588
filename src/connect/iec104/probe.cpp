#include "connect/iec104/probe.h"

#include <string>
#include <utility>

namespace lineshaft::connect {

namespace {

constexpr Nanoseconds kTestMax = std::chrono::seconds(20);

ConnectionConfig config_of(TestRequest request) {
  ConnectionConfig config;
  config.name = "test";
  auto settings = std::get<Iec104Settings>(request.settings);
  settings.clock_sync_interval_s = 0;  // a test changes nothing
  config.settings = std::move(settings);
  config.signals = std::move(request.signals);
  return config;
}

}  // namespace

Iec104Test::Iec104Test(sys::EventLoop& loop, sys::Clock& clock, sys::Random& random,
                       TestRequest request, ProtocolRuntime::TestDone done)
    : loop_(loop),
      clock_(clock),
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
  session_ = std::make_unique<Iec104Session>(loop, random, config_, host);
}

void Iec104Test::on_value(std::size_t signal, Instant /*at*/, Value value, Quality quality) {
  report_.values[signal].value = std::move(value);
  report_.values[signal].quality = quality;
  count(signal);
}

void Iec104Test::on_bad(std::size_t signal, Instant /*at*/, Quality quality) {
  if (finished_ || !report_.reachable) return;
  report_.values[signal].quality = quality;
  if (!report_.values[signal].error && quality == quality::kBadNoData) {
    report_.values[signal].error =
        Error{ErrorId::kNotFound, "the station tells nothing of this address"};
  }
  count(signal);
}

void Iec104Test::count(std::size_t signal) {
  if (told_[signal]) return;
  told_[signal] = true;
  missing_ -= 1;
  if (missing_ == 0) finish(std::nullopt);
}

void Iec104Test::on_connected() {
  report_.reachable = true;
  report_.latency_ms = static_cast<double>((loop_.now() - started_).count()) / 1e6;
  if (missing_ == 0) finish(std::nullopt);
}

void Iec104Test::on_lost(const Error& why) { finish(why); }

void Iec104Test::on_trouble(std::string_view /*event*/, const Error& what) {
  if (!report_.error) report_.error = what;
}

// At a turn of its own: it may destroy this.
void Iec104Test::finish(std::optional<Error> error) {
  if (finished_) return;
  finished_ = true;
  limit_->cancel();
  if (error) report_.error = std::move(error);
  finish_->start(Nanoseconds(0), [this] {
    session_.reset();
    const auto done = std::move(done_);
    done(std::move(report_));
  });
}

Iec104Knock::Iec104Knock(sys::EventLoop& loop, Knock knock, ProtocolRuntime::KnockDone done)
    : loop_(loop),
      knock_(std::move(knock)),
      done_(std::move(done)),
      limit_(loop.make_timer()),
      finish_(loop.make_timer()) {
  const Nanoseconds timeout = std::chrono::milliseconds(knock_.timeout_ms);
  limit_->start(2 * timeout, [this] { finish(false); });
  connecting_ = loop_.connect(
      knock_.at, timeout,
      [this](Result<std::unique_ptr<sys::TcpStream>> stream) { on_connected(std::move(stream)); });
}

void Iec104Knock::on_connected(Result<std::unique_ptr<sys::TcpStream>> stream) {
  if (!stream) return finish(false);
  stream_ = *std::move(stream);
  iec104::append_frame(iec104::UFrame{iec104::UFunction::kTestActivation}, out_);
  stream_->write_all(out_, [this](const Status& written) {
    if (!written) finish(false);
  });
  read();
}

void Iec104Knock::read() {
  stream_->read_some(in_, [this](Result<std::size_t> count) {
    if (!count) return finish(false);
    ByteSpan bytes = ByteSpan(in_).first(*count);
    while (!bytes.empty()) {
      auto frame = reader_.next(bytes);
      if (!frame) return finish(false);
      if (!*frame) break;
      const auto* u = std::get_if<iec104::UFrame>(&**frame);
      if (u != nullptr && u->function == iec104::UFunction::kTestConfirmation) return finish(true);
    }
    read();
  });
}

void Iec104Knock::finish(bool answered) {
  limit_->cancel();
  connecting_.reset();
  if (stream_ != nullptr) stream_->close();
  finish_->start(Nanoseconds(0), [this, answered] {
    std::vector<ScanHit> hits;
    if (answered) {
      hits.push_back({knock_.at.host, knock_.at.port, 0, std::nullopt});
      Iec104Settings settings;
      settings.host = knock_.at.host;
      settings.port = knock_.at.port;
      hits.back().settings = std::move(settings);
    }
    const auto done = std::move(done_);
    done(std::move(hits));
  });
}

}  // namespace lineshaft::connect
