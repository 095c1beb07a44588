#include "connect/modbus/probe.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/utf8.h"
#include "connect/modbus/poller.h"
#include "connect/modbus/session.h"
#include "wire/modbus/plan.h"

namespace lineshaft::connect {

namespace {

// Name plates are shown to people: at most this much of each object, as valid text.
constexpr std::size_t kTextBytesMax = 128;

std::string shown(const modbus::Identification& objects, std::uint8_t id) {
  const auto found = objects.find(id);
  if (found == objects.end()) return {};
  std::string text;
  for (char c : found->second) {
    const auto byte = static_cast<unsigned char>(c);
    text.push_back(byte < 0x20 || byte == 0x7F ? ' ' : c);
  }
  if (!is_utf8(text)) {
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  }
  return std::string(utf8_prefix(text, kTextBytesMax));
}

std::optional<MachineIdentification> summary(const modbus::Identification& objects) {
  if (objects.empty()) return std::nullopt;
  MachineIdentification name{shown(objects, modbus::kVendorName),
                             shown(objects, modbus::kProductCode),
                             shown(objects, modbus::kRevision)};
  return name;
}

const ModbusPoint& point_of(const SignalConfig& signal) {
  return std::get<ModbusPoint>(signal.point);
}

Error exception_error(std::uint8_t unit, modbus::Exception what) {
  return Error{ErrorId::kDeviceRefused,
               "unit " + std::to_string(unit) + ": " + modbus::exception_name(what)};
}

}  // namespace

ModbusProbe::ModbusProbe(sys::EventLoop& loop, ModbusLinkPool& pool, ProbeRequest request,
                         Done done)
    : loop_(loop),
      request_(std::move(request)),
      done_(std::move(done)),
      limit_(loop.make_timer()),
      finish_(loop.make_timer()) {
  for (std::uint8_t unit : request_.units) {
    const auto [reader, is_new] =
        identities_.emplace(unit, modbus::IdentificationReader(modbus::DeviceIdLevel::kBasic));
    if (is_new) steps_.push_back({Step::Kind::kIdentify, unit, reader->second.first(), {}});
  }
  for (const SignalConfig& signal : request_.signals) {
    report_.values.push_back(
        {signal.path, std::nullopt, {}, quality::kBadWaitingForInitialData, std::nullopt});
  }
  plan_reads();
  limit_->start(request_.limit, [this] {
    finish(Error{
        ErrorId::kTimeout,
        "not done after " + std::to_string(request_.limit / std::chrono::milliseconds(1)) + " ms"});
  });
  // Every step may time out: that is an answer of a kind here, not a dead connection.
  LinkOptions options = link_options(request_.settings, 1);
  options.timeouts_in_a_row_max = 2 * steps_.size() + 2 * identities_.size() + 1;
  link_ = pool.get(options, request_.settings.single_connection);
  link_->join(*this, options);
}

ModbusProbe::~ModbusProbe() { link_->leave(*this); }

void ModbusProbe::plan_reads() {
  std::map<std::uint8_t, std::vector<std::uint32_t>> by_unit;
  for (std::uint32_t i = 0; i < request_.signals.size(); ++i) {
    by_unit[point_of(request_.signals[i]).unit_id.value_or(request_.settings.unit_id)].push_back(i);
  }
  const modbus::PlanLimits limits{request_.settings.registers_per_read_max,
                                  request_.settings.bits_per_read_max, request_.settings.gap_max,
                                  !request_.settings.one_signal_per_read};
  for (const auto& [unit, signals] : by_unit) {
    std::vector<modbus::PlanItem> items;
    for (std::uint32_t signal : signals) {
      const ModbusPoint& p = point_of(request_.signals[signal]);
      items.push_back({p.format.area, p.address, modbus::width(p.format)});
    }
    for (modbus::PlanBlock& block : modbus::plan_reads(items, limits)) {
      for (std::uint32_t& item : block.items) item = signals[item];
      add_read(std::move(block.items));
    }
  }
}

// One request over signals of one unit that fit into it.
void ModbusProbe::add_read(std::vector<std::uint32_t> signals) {
  const ModbusPoint& head = point_of(request_.signals[signals.front()]);
  const std::uint8_t unit = head.unit_id.value_or(request_.settings.unit_id);
  std::uint32_t first = modbus::kAddresses;
  std::uint32_t end = 0;
  for (std::uint32_t signal : signals) {
    const ModbusPoint& p = point_of(request_.signals[signal]);
    first = std::min<std::uint32_t>(first, p.address);
    end = std::max<std::uint32_t>(end, std::uint32_t{p.address} + modbus::width(p.format));
  }
  const auto address = static_cast<std::uint16_t>(first);
  const auto count = static_cast<std::uint16_t>(end - first);
  const modbus::Area area = head.format.area;
  Step step{Step::Kind::kRead, unit, modbus::ReadBits{area, address, count}, std::move(signals)};
  if (!modbus::is_bits(area)) step.request = modbus::ReadRegisters{area, address, count};
  steps_.push_back(std::move(step));
}

std::optional<LinkAsk> ModbusProbe::next_ask(Urgency urgency) {
  if (urgency != Urgency::kPoll || under_way_ || finished_) return std::nullopt;
  if (steps_.empty()) {
    finish(std::nullopt);
    return std::nullopt;
  }
  if (link_->closed_units().test(steps_.front().unit)) return std::nullopt;
  under_way_ = true;
  asked_at_ = loop_.now();
  return LinkAsk{steps_.front().unit, steps_.front().request,
                 std::chrono::milliseconds(request_.settings.timeout_ms), 0};
}

void ModbusProbe::on_answer(std::uint64_t /*token*/, Result<modbus::Response> answer) {
  under_way_ = false;
  if (finished_) return;
  if (answer) {
    report_.reachable = true;
    if (!report_.latency) report_.latency = loop_.now() - asked_at_;
  } else if (!report_.error) {
    report_.error = answer.error();
  }
  const Step step = std::move(steps_.front());
  steps_.pop_front();
  if (step.kind == Step::Kind::kRead) {
    on_read(step, answer);
  } else {
    on_identity(step, answer);
  }
  link_->wake();
}

void ModbusProbe::on_identity(const Step& step, const Result<modbus::Response>& answer) {
  ProbeUnit& unit = report_.units[step.unit];
  if (!answer) {
    // Some devices keep silent about functions that they do not have.
    if (step.kind == Step::Kind::kIdentify && answer.error().id == ErrorId::kTimeout) {
      steps_.push_front(
          {Step::Kind::kKnock, step.unit, modbus::ReadRegisters{modbus::Area::kHolding, 0, 1}, {}});
    }
    return;
  }
  const auto* exception = std::get_if<modbus::Exception>(&*answer);
  unit.answered =
      exception == nullptr || (*exception != modbus::Exception::kGatewayPathUnavailable &&
                               *exception != modbus::Exception::kGatewayTargetNoResponse);
  const auto* part = std::get_if<modbus::DeviceIdPart>(&*answer);
  if (part == nullptr) return;
  modbus::IdentificationReader& reader = identities_.at(step.unit);
  if (const auto next = reader.take(*part)) {
    steps_.push_front({Step::Kind::kIdentify, step.unit, *next, {}});
  }
  unit.identification = summary(reader.objects());
}

void ModbusProbe::on_read(const Step& step, const Result<modbus::Response>& answer) {
  if (!answer) return refuse(step, answer.error(), quality_of(answer.error()));
  if (const auto* exception = std::get_if<modbus::Exception>(&*answer)) {
    if (step.signals.size() > 1) {  // which of them is it?
      for (std::uint32_t signal : step.signals) add_read({signal});
      return;
    }
    return refuse(step, exception_error(step.unit, *exception), quality_of(*exception));
  }
  const auto* bits = std::get_if<modbus::Bits>(&*answer);
  const auto* registers = std::get_if<modbus::Registers>(&*answer);
  const auto* read = std::get_if<modbus::ReadRegisters>(&step.request);
  const std::uint16_t address =
      read != nullptr ? read->address : std::get<modbus::ReadBits>(step.request).address;
  for (std::uint32_t signal : step.signals) {
    const ModbusPoint& p = point_of(request_.signals[signal]);
    const auto at = static_cast<std::size_t>(p.address - address);
    TestValue& value = report_.values[signal];
    value.quality = quality::kGood;
    if (bits != nullptr) {
      value.value = static_cast<bool>(bits->values[at]);
      value.raw = {static_cast<std::uint16_t>(bits->values[at] ? 1 : 0)};
      continue;
    }
    const auto words = std::span(registers->values).subspan(at, modbus::width(p.format));
    value.raw.assign(words.begin(), words.end());
    value.value = modbus::decode_value(p.format, words);
    if (!value.value) {
      value.quality = quality::kBadOutOfRange;
      value.error = Error{ErrorId::kInvalidArgument, "the number is beyond 64 bits with a sign"};
    }
  }
}

void ModbusProbe::refuse(const Step& step, const Error& why, Quality quality) {
  for (std::uint32_t signal : step.signals) {
    report_.values[signal].quality = quality;
    report_.values[signal].error = why;
  }
}

void ModbusProbe::on_up() { link_->wake(); }

void ModbusProbe::on_down(const Error& why, Nanoseconds /*retry_in*/) {
  under_way_ = false;
  finish(why);
}

void ModbusProbe::finish(std::optional<Error> error) {
  if (finished_) return;
  finished_ = true;
  if (error) {
    report_.error = std::move(error);
  } else if (report_.reachable) {
    report_.error.reset();  // single refusals stand with the values
  }
  for (TestValue& value : report_.values) {
    if (value.quality == quality::kBadWaitingForInitialData && !value.error) {
      value.error = report_.error;
    }
  }
  finish_->start(Nanoseconds(0), [this] {
    const Done done = std::move(done_);
    done(std::move(report_));
  });
}

}  // namespace lineshaft::connect
