#include "connect/modbus/writer.h"

#include <utility>

#include "wire/modbus/value.h"

namespace lineshaft::connect {

namespace {

// A machine answers a few requests a second; more waiting writes than this are a mistake upstream.
constexpr std::size_t kQueueMax = 64;
constexpr int kBusyTriesMax = 3;
constexpr Nanoseconds kBusyPause = std::chrono::milliseconds(100);

std::vector<std::uint16_t> registers_of(const modbus::Response& response) {
  if (const auto* bits = std::get_if<modbus::Bits>(&response)) {
    return {static_cast<std::uint16_t>(bits->values.front() ? 1 : 0)};
  }
  const auto* registers = std::get_if<modbus::Registers>(&response);
  return registers == nullptr ? std::vector<std::uint16_t>{} : registers->values;
}

// The value in registers; a number that the tag cannot hold stays as near as possible.
Value value_of(const modbus::PointFormat& format, const std::vector<std::uint16_t>& registers) {
  if (modbus::is_bits(format.area)) return registers.front() != 0;
  return modbus::decode_value(format, registers).value_or(Value(INT64_MAX));
}

Result<std::vector<std::uint16_t>> encode(const modbus::PointFormat& format, const Value& value,
                                          const std::vector<std::uint16_t>& current) {
  if (!modbus::is_bits(format.area)) return modbus::encode_value(format, value, current);
  const bool* flag = std::get_if<bool>(&value);
  if (flag == nullptr) return Error{ErrorId::kTypeMismatch, "true or false is needed"};
  return std::vector<std::uint16_t>{static_cast<std::uint16_t>(*flag ? 1 : 0)};
}

// The bits of a field within its register, as they lie there. Requires: width(format) == 1.
std::uint16_t field_bits(modbus::PointFormat format) {
  format.scale = 1;
  format.offset = 0;
  const Value ones = format.type == modbus::DataType::kBool
                         ? Value(true)
                         : Value((std::int64_t{1} << format.bit_count) - 1);
  return modbus::encode_value(format, ones, std::vector<std::uint16_t>{0}).value().front();
}

}  // namespace

const ModbusPoint& ModbusWriter::point(const Operation& operation) const {
  return std::get<ModbusPoint>(config_.signals[operation.signal].point);
}

void ModbusWriter::write(std::size_t signal, Value value, Driver::WriteDone done) {
  if (queue_.size() >= kQueueMax) {
    return done(Error{ErrorId::kWriteQueueFull,
                      std::to_string(kQueueMax) + " writes to " + config_.name + " are waiting"});
  }
  queue_.push_back(
      {signal, std::move(value), std::move(done), Step::kReadOld, {}, {}, false, 0, {}});
}

void ModbusWriter::fail_all(const Error& why) {
  auto failed = std::exchange(queue_, {});
  for (Operation& operation : failed) {
    // A write under way may have arrived: whoever asked must know that.
    const bool unknown = operation.step == Step::kWrite && operation.under_way;
    operation.done(Error{ErrorId::kMachineNotConnected,
                         why.what + (unknown ? "; the write may or may not have arrived" : "")});
  }
}

std::optional<Nanoseconds> ModbusWriter::next_time() const {
  if (queue_.empty() || queue_.front().under_way) return std::nullopt;
  return queue_.front().not_before;
}

std::optional<LinkAsk> ModbusWriter::next_ask(Nanoseconds now, const UnitSet& closed) {
  if (queue_.empty() || queue_.front().under_way || queue_.front().not_before > now) {
    return std::nullopt;
  }
  Operation& operation = queue_.front();
  const ModbusPoint& p = point(operation);
  LinkAsk ask;
  ask.unit = p.unit_id.value_or(settings_.unit_id);
  if (closed.test(ask.unit)) return std::nullopt;
  operation.under_way = true;
  ask.timeout = std::chrono::milliseconds(settings_.timeout_ms);
  ask.request = operation.step == Step::kWrite ? write_request(operation) : read_request(p);
  return ask;
}

modbus::Request ModbusWriter::read_request(const ModbusPoint& p) const {
  if (modbus::is_bits(p.format.area)) return modbus::ReadBits{p.format.area, p.address, 1};
  return modbus::ReadRegisters{p.format.area, p.address, modbus::width(p.format)};
}

// Function 22 changes bits of a register without a moment in which somebody else's change is lost.
bool ModbusWriter::uses_mask(const ModbusPoint& p) const {
  return p.format.bit && modbus::width(p.format) == 1 && !mask_write_missing_;
}

modbus::Request ModbusWriter::write_request(const Operation& operation) const {
  const ModbusPoint& p = point(operation);
  const auto& words = operation.new_registers;
  if (modbus::is_bits(p.format.area)) {
    const bool on = words.front() != 0;
    if (settings_.write_multiple_only) return modbus::WriteCoils{p.address, {on}};
    return modbus::WriteCoil{p.address, on};
  }
  if (uses_mask(p)) {
    const std::uint16_t field = field_bits(p.format);
    return modbus::MaskWriteRegister{p.address, static_cast<std::uint16_t>(~field),
                                     static_cast<std::uint16_t>(words.front() & field)};
  }
  if (words.size() == 1 && !settings_.write_multiple_only) {
    return modbus::WriteRegister{p.address, words.front()};
  }
  return modbus::WriteRegisters{p.address, words};
}

void ModbusWriter::on_answer(Result<modbus::Response> answer, Nanoseconds now) {
  Operation& operation = queue_.front();
  operation.under_way = false;
  if (!answer) {
    Error error = answer.error();
    if (operation.step == Step::kWrite) error.what += "; the write may or may not have arrived";
    return finish(std::move(error));
  }
  if (const auto* exception = std::get_if<modbus::Exception>(&*answer)) {
    if (on_exception(operation, *exception, now)) return;
    return finish(Error{ErrorId::kDeviceRefused, config_.signals[operation.signal].path + ": " +
                                                     modbus::exception_name(*exception)});
  }
  switch (operation.step) {
    case Step::kReadOld:
      return on_old(operation, registers_of(*answer));
    case Step::kWrite:
      operation.step = Step::kReadBack;
      return;
    case Step::kReadBack:
      return on_read_back(operation, registers_of(*answer));
  }
}

// True if the step is repeated, in another way or later.
bool ModbusWriter::on_exception(Operation& operation, modbus::Exception what, Nanoseconds now) {
  if (what == modbus::Exception::kIllegalFunction && operation.step == Step::kWrite &&
      uses_mask(point(operation))) {
    mask_write_missing_ = true;
    return true;
  }
  const bool busy =
      what == modbus::Exception::kServerDeviceBusy || what == modbus::Exception::kAcknowledge;
  if (!busy || operation.busy_tries >= kBusyTriesMax) return false;
  operation.not_before = now + kBusyPause * (1 << operation.busy_tries);
  operation.busy_tries += 1;
  return true;
}

void ModbusWriter::on_old(Operation& operation, std::vector<std::uint16_t> registers) {
  operation.old_registers = std::move(registers);
  auto encoded = encode(point(operation).format, operation.value, operation.old_registers);
  if (!encoded) {
    return finish(Error{encoded.error().id,
                        config_.signals[operation.signal].path + ": " + encoded.error().what});
  }
  operation.new_registers = std::move(*encoded);
  operation.step = Step::kWrite;
}

void ModbusWriter::on_read_back(Operation& operation, const std::vector<std::uint16_t>& registers) {
  const modbus::PointFormat& format = point(operation).format;
  const Value now_held = value_of(format, registers);
  host_.on_value(operation.signal, host_.now(), now_held);
  // Registers equal, or (a bit field whose neighbours moved meanwhile) the value equal.
  if (registers != operation.new_registers &&
      now_held != value_of(format, operation.new_registers)) {
    return finish(Error{ErrorId::kWriteNotConfirmed,
                        config_.signals[operation.signal].path + " holds " + to_text(now_held) +
                            " after writing " + to_text(operation.value)});
  }
  finish(WriteOutcome{value_of(format, operation.old_registers), now_held});
}

void ModbusWriter::finish(Result<WriteOutcome> result) {
  const Driver::WriteDone done = std::move(queue_.front().done);
  queue_.pop_front();
  done(std::move(result));
}

}  // namespace lineshaft::connect
