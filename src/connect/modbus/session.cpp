#include "connect/modbus/session.h"

#include <algorithm>
#include <utility>

namespace lineshaft::connect {

namespace {

constexpr std::uint64_t kWriteToken = std::uint64_t{1} << 63;
constexpr std::size_t kTimeoutsPerUnit = 3;
constexpr std::size_t kTimeoutsMax = 12;

}  // namespace

LinkOptions link_options(const ModbusSettings& settings, std::size_t units) {
  LinkOptions options;
  options.rtu = settings.rtu();
  if (settings.transport == ModbusTransport::kSerial) {
    options.serial = settings.serial;
  } else {
    options.endpoint = {settings.host, settings.port};
    options.tls = tls_context(settings.tls, sys::TlsSide::kClient);
  }
  options.connect_timeout = std::chrono::milliseconds(settings.timeout_ms);
  options.request_delay = std::chrono::milliseconds(settings.request_delay_ms);
  options.in_flight_max = settings.rtu() ? 1 : settings.requests_in_flight_max;
  // Several requests under way die together of one lost connection: that counts as one round.
  options.timeouts_in_a_row_max =
      std::min(kTimeoutsPerUnit * std::max<std::size_t>(units, 1), kTimeoutsMax) +
      options.in_flight_max - 1;
  return options;
}

ModbusSession::ModbusSession(sys::EventLoop& loop, sys::Random& random, ModbusLinkPool& pool,
                             const ConnectionConfig& config, DriverHost& host)
    : loop_(loop),
      host_(host),
      poller_(config, host,
              [&](Nanoseconds interval) {
                return Nanoseconds(static_cast<std::int64_t>(
                    random.below(static_cast<std::uint64_t>(interval.count()))));
              }),
      writer_(config, host),
      timer_(loop.make_timer()) {
  const auto& settings = std::get<ModbusSettings>(config.settings);
  const LinkOptions options = link_options(settings, poller_.units());
  link_ = pool.get(options, settings.single_connection);
  link_->join(*this, options);
}

ModbusSession::~ModbusSession() { link_->leave(*this); }

void ModbusSession::write(std::size_t signal, Value value, WriteDone done) {
  if (!up_) {
    return done(Error{ErrorId::kMachineNotConnected, "there is no connection to the machine"});
  }
  writer_.write(signal, std::move(value), std::move(done));
  link_->wake();
}

void ModbusSession::fill(ConnectionStatus& status) const {
  traffic.fill(status);
  status.reconnects = ups_ > 0 ? ups_ - 1 : 0;
  status.cycles_missed = poller_.cycles_missed();
  if (const auto retry = link_->retry_in()) {
    status.retry_in_ms = *retry / std::chrono::milliseconds(1);
  }
}

std::optional<LinkAsk> ModbusSession::next_ask(Urgency urgency) {
  const UnitSet& closed = link_->closed_units();
  if (urgency == Urgency::kPoll) return poller_.next_ask(loop_.now(), closed);
  auto ask = writer_.next_ask(loop_.now(), closed);
  if (ask) ask->token = kWriteToken;
  return ask;
}

void ModbusSession::on_answer(std::uint64_t token, Result<modbus::Response> answer) {
  if (token == kWriteToken) {
    writer_.on_answer(std::move(answer), loop_.now());
  } else {
    poller_.on_answer(token, std::move(answer), loop_.now());
  }
  arm();
}

void ModbusSession::on_up() {
  up_ = true;
  ups_ += 1;
  host_.on_connected();
  poller_.start(loop_.now());
  arm();
}

void ModbusSession::on_down(const Error& why, Nanoseconds /*retry_in*/) {
  up_ = false;
  timer_->cancel();
  armed_for_.reset();
  host_.on_lost(why);
  poller_.stop(quality_of(why));
  writer_.fail_all(why);
}

void ModbusSession::arm() {
  const Nanoseconds now = loop_.now();
  auto next = poller_.next_time(now);
  if (const auto write = writer_.next_time(); write && *write > now && (!next || *write < *next)) {
    next = write;
  }
  if (next == armed_for_) return;
  armed_for_ = next;
  if (!next) return timer_->cancel();
  timer_->start(*next - now, [this] {
    armed_for_.reset();
    poller_.on_time(loop_.now(), link_->closed_units());
    link_->wake();
    arm();
  });
}

}  // namespace lineshaft::connect
