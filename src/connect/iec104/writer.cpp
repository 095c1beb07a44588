#include "connect/iec104/writer.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "base/assert.h"

namespace lineshaft::connect {

namespace {

using iec104::Cause;
using iec104::CommandKind;
using iec104::PointKind;

constexpr std::size_t kQueueMax = 64;  // more waiting than this is a mistake upstream

void set_select(iec104::Element& element, bool select) {
  std::visit(
      [select](auto& e) {
        if constexpr (requires { e.mode; }) e.mode.select = select;
      },
      element);
}

// The finest difference that a number of this kind tells, before scaling.
double step_of(PointKind kind) {
  return kind == PointKind::kNormalized ? 1.0 / 32768 : kind == PointKind::kScaled ? 1.0 : 0.0;
}
double step_of(CommandKind kind) {
  return kind == CommandKind::kNormalized ? 1.0 / 32768 : kind == CommandKind::kScaled ? 1.0 : 0.0;
}

// True and on are 2, false and off 1, whichever of the two a point or command uses.
std::int64_t state_of(const Value& value) {
  if (const bool* flag = std::get_if<bool>(&value)) return *flag ? 2 : 1;
  return std::get<std::int64_t>(value);
}

}  // namespace

Iec104Writer::Iec104Writer(const ConnectionConfig& config, DriverHost& host, Traffic& traffic)
    : config_(config),
      settings_(std::get<Iec104Settings>(config.settings)),
      host_(host),
      traffic_(traffic),
      held_(config.signals.size()) {}

const Iec104Point& Iec104Writer::point(const Operation& operation) const {
  return std::get<Iec104Point>(config_.signals[operation.signal].point);
}

void Iec104Writer::write(std::size_t signal, Value value, Driver::WriteDone done) {
  if (queue_.size() >= kQueueMax) {
    return done(Error{ErrorId::kWriteQueueFull,
                      std::to_string(kQueueMax) + " writes to " + config_.name + " are waiting"});
  }
  const auto& p = std::get<Iec104Point>(config_.signals[signal].point);
  auto element = iec104::make_command(*command_of(p), p.format, value, {p.qualifier, false});
  if (!element) {
    return done(
        Error{element.error().id, config_.signals[signal].path + ": " + element.error().what});
  }
  queue_.push_back({signal,
                    std::move(value),
                    std::move(done),
                    *std::move(element),
                    p.select ? Step::kToSelect : Step::kToExecute,
                    {},
                    {},
                    {}});
}

iec104::Asdu Iec104Writer::command(const Operation& operation, bool select) const {
  const Iec104Point& p = point(operation);
  iec104::Asdu asdu;
  const auto time = p.command_time ? iec104::TimeKind::kTime56 : iec104::TimeKind::kNone;
  asdu.head.type = *iec104::find_type(iec104::command_element(*command_of(p)), time);
  asdu.head.cause = Cause::kActivation;
  asdu.head.originator = settings_.originator;
  asdu.head.common_address = p.common_address.value_or(settings_.common_address);
  iec104::InformationObject object{p.command_address.value_or(p.address), operation.element, {}};
  set_select(object.element, select);
  if (p.command_time) {
    object.time =
        iec104::to_time56(host_.now().wall, iec104::StationClock{settings_.utc_offset_minutes});
  }
  asdu.objects.push_back(object);
  return asdu;
}

iec104::Asdu Iec104Writer::read_request(const Operation& operation) const {
  const Iec104Point& p = point(operation);
  iec104::Asdu asdu;
  asdu.head = {iec104::Type::kRead,
               Cause::kRequested,
               false,
               false,
               settings_.originator,
               p.common_address.value_or(settings_.common_address)};
  asdu.objects.push_back({p.address, iec104::Read{}, {}});
  return asdu;
}

std::optional<iec104::Asdu> Iec104Writer::next_ask(Nanoseconds now) {
  if (queue_.empty()) return std::nullopt;
  Operation& operation = queue_.front();
  std::optional<iec104::Asdu> ask;
  if (operation.step == Step::kToSelect) {
    operation.step = Step::kSelecting;
    ask = command(operation, true);
  } else if (operation.step == Step::kToExecute) {
    operation.step = Step::kExecuting;
    ask = command(operation, false);
  } else if (operation.step == Step::kToRead) {
    operation.step = Step::kReading;
    ask = read_request(operation);
  } else {
    return std::nullopt;
  }
  traffic_.requests += 1;
  operation.sent = now;
  operation.deadline = now + std::chrono::milliseconds(settings_.command_timeout_ms);
  return ask;
}

bool Iec104Writer::on_confirmation(const iec104::Asdu& asdu, Nanoseconds now) {
  if (queue_.empty()) return false;
  Operation& operation = queue_.front();
  const Step step = operation.step;
  if (step == Step::kToSelect || step == Step::kToExecute || step == Step::kToRead) return false;
  const iec104::Asdu asked = step == Step::kReading ? read_request(operation)
                                                    : command(operation, step == Step::kSelecting);
  const bool ours = asdu.head.type == asked.head.type &&
                    asdu.head.common_address == asked.head.common_address &&
                    asdu.objects[0].address == asked.objects[0].address &&
                    asdu.objects[0].element == asked.objects[0].element;
  if (!ours) return false;
  const bool waits = step == Step::kSelecting || step == Step::kExecuting;
  if (asdu.head.cause == Cause::kActivationTerminated && step == Step::kFeedback) {
    if (asdu.head.negative) {
      refuse(operation, asdu.head);
    } else {
      settle(false);
    }
    return true;
  }
  if (asdu.head.cause >= Cause::kUnknownType && (waits || step == Step::kReading)) {
    refuse(operation, asdu.head);
    return true;
  }
  if (asdu.head.cause != Cause::kActivationConfirmed || !waits) return false;
  traffic_.latency.add(now - operation.sent);
  if (asdu.head.negative) {
    refuse(operation, asdu.head);
  } else {
    on_confirmed(operation, now);
  }
  return true;
}

void Iec104Writer::on_confirmed(Operation& operation, Nanoseconds now) {
  if (operation.step == Step::kSelecting) {
    operation.step = Step::kToExecute;
    return;
  }
  operation.step = Step::kFeedback;
  operation.deadline = now + std::chrono::milliseconds(settings_.command_timeout_ms);
  // Some stations show the value before they confirm.
  if (operation.fresh && shows(operation, *operation.fresh)) settle(false);
}

void Iec104Writer::on_reading(std::size_t signal, const Value& value) {
  if (!queue_.empty() && queue_.front().signal == signal) {
    Operation& operation = queue_.front();
    if (operation.step >= Step::kExecuting) operation.fresh = value;
    const bool counts = operation.step == Step::kFeedback || operation.step == Step::kReading;
    held_[signal] = value;
    if (counts && shows(operation, value)) settle(false);
    return;
  }
  if (config_.signals[signal].writable) held_[signal] = value;
}

// True if the value is what was written, as far as the numbers of the wire can tell.
bool Iec104Writer::shows(const Operation& operation, const Value& value) const {
  const Iec104Point& p = point(operation);
  const CommandKind command = *command_of(p);
  if (command == CommandKind::kStep) return true;  // a direction has no value to be compared with
  if (command == CommandKind::kSingle || command == CommandKind::kDouble) {
    return state_of(value) == state_of(operation.value);
  }
  if (command == CommandKind::kBitstring) return value == operation.value;
  const double sent = as_double(*iec104::command_value(operation.element));
  const double expected = sent * p.format.scale + p.format.offset;
  const double shown = as_double(value);
  // The station keeps the number in its own kind; scaling costs the last digits of float64.
  const bool same_kind = step_of(p.format.kind) == step_of(command);
  const double step = same_kind ? 0 : std::max(step_of(p.format.kind), step_of(command));
  return std::abs(shown - expected) <= std::abs(step * p.format.scale) + 1e-12 * std::abs(expected);
}

std::optional<Nanoseconds> Iec104Writer::next_time() const {
  if (queue_.empty()) return std::nullopt;
  const Step step = queue_.front().step;
  if (step == Step::kToSelect || step == Step::kToExecute || step == Step::kToRead) {
    return std::nullopt;
  }
  return queue_.front().deadline;
}

void Iec104Writer::on_time(Nanoseconds now) {
  const auto due = next_time();
  if (!due || *due > now) return;
  Operation& operation = queue_.front();
  if (operation.step == Step::kFeedback || operation.step == Step::kReading) return settle(true);
  traffic_.timeouts += 1;
  traffic_.errors += 1;
  const bool unknown = operation.step == Step::kExecuting;
  finish(Error{ErrorId::kTimeout,
               config_.signals[operation.signal].path + ": the station did not confirm within " +
                   std::to_string(settings_.command_timeout_ms) + " ms" +
                   (unknown ? "; the command may or may not have been carried out" : "")});
}

// The command was carried out, as the station says: does its value show it?
void Iec104Writer::settle(bool at_deadline) {
  Operation& operation = queue_.front();
  std::optional<Value>& held = held_[operation.signal];
  if (held && shows(operation, *held)) {
    WriteOutcome outcome;
    outcome.new_value = *held;
    return finish(std::move(outcome));
  }
  if (!at_deadline) return;  // the termination; its value may still be on the way
  if (operation.step == Step::kFeedback) {
    operation.step = Step::kToRead;
    return;
  }
  finish(Error{ErrorId::kWriteNotConfirmed,
               config_.signals[operation.signal].path +
                   (held ? " holds " + to_text(*held) : std::string(" shows no value")) +
                   " after writing " + to_text(operation.value)});
}

void Iec104Writer::refuse(const Operation& operation, const iec104::AsduHead& head) {
  traffic_.errors += 1;
  const std::string reason = head.cause == Cause::kActivationConfirmed
                                 ? std::string("negative confirmation")
                                 : iec104::cause_name(head.cause);
  const char* what = operation.step == Step::kSelecting ? "the select" : "the command";
  finish(Error{ErrorId::kDeviceRefused, config_.signals[operation.signal].path +
                                            ": the station refused " + what + ": " + reason});
}

void Iec104Writer::finish(Result<WriteOutcome> result) {
  const Driver::WriteDone done = std::move(queue_.front().done);
  queue_.pop_front();
  done(std::move(result));
}

void Iec104Writer::fail_all(const Error& why) {
  auto failed = std::exchange(queue_, {});
  std::ranges::fill(held_, std::nullopt);
  for (Operation& operation : failed) {
    const bool unknown = operation.step >= Step::kExecuting;
    operation.done(
        Error{ErrorId::kMachineNotConnected,
              why.what + (unknown ? "; the command may or may not have been carried out" : "")});
  }
}

}  // namespace lineshaft::connect
