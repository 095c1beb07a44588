#include "connect/modbus/poller.h"

#include <algorithm>
#include <span>
#include <string>

namespace lineshaft::connect {

namespace {

constexpr Nanoseconds kBusyPause = std::chrono::milliseconds(100);
constexpr int kBusyTriesMax = 3;
// A signal that the device does not have is asked again so often, in case it was reprogrammed.
constexpr Nanoseconds kRefusedPause = std::chrono::seconds(60);

std::uint64_t token_of(std::size_t group, std::size_t block) {
  return static_cast<std::uint64_t>(group) << 32 | block;
}

Error exception_error(std::string where, modbus::Exception what) {
  return Error{ErrorId::kDeviceRefused, where + ": " + modbus::exception_name(what)};
}

}  // namespace

Quality quality_of(modbus::Exception exception) {
  switch (exception) {
    case modbus::Exception::kIllegalFunction:
      return quality::kBadNotSupported;
    case modbus::Exception::kIllegalDataAddress:
    case modbus::Exception::kIllegalDataValue:
      return quality::kBadConfigurationError;
    case modbus::Exception::kServerDeviceFailure:
    case modbus::Exception::kMemoryParityError:
      return quality::kBadDeviceFailure;
    case modbus::Exception::kGatewayPathUnavailable:
    case modbus::Exception::kGatewayTargetNoResponse:
      return quality::kBadNoCommunication;
    case modbus::Exception::kAcknowledge:
    case modbus::Exception::kServerDeviceBusy:
      break;
  }
  return quality::kBadCommunicationError;
}

Quality quality_of(const Error& why) {
  if (why.id == ErrorId::kTimeout) return quality::kBadTimeout;
  if (why.id == ErrorId::kBadAnswer) return quality::kBadCommunicationError;
  return quality::kBadNotConnected;
}

const ModbusPoint& ModbusPoller::point(std::uint32_t signal) const {
  return std::get<ModbusPoint>(config_.signals[signal].point);
}

std::uint8_t ModbusPoller::unit_of(std::uint32_t signal) const {
  return point(signal).unit_id.value_or(settings_.unit_id);
}

void ModbusPoller::plan() {
  std::map<std::pair<std::size_t, std::uint8_t>, std::vector<std::uint32_t>> by_unit;
  for (std::uint32_t i = 0; i < config_.signals.size(); ++i) {
    const std::string& name = config_.signals[i].group;
    const auto group = name.empty() ? config_.groups.begin()
                                    : std::ranges::find(config_.groups, name, &PollGroup::name);
    LS_ASSERT(group != config_.groups.end());  // check_connection saw to it
    by_unit[{static_cast<std::size_t>(group - config_.groups.begin()), unit_of(i)}].push_back(i);
    units_[unit_of(i)];
  }
  const modbus::PlanLimits limits{settings_.registers_per_read_max, settings_.bits_per_read_max,
                                  settings_.gap_max, !settings_.one_signal_per_read};
  for (const auto& [key, signals] : by_unit) {
    std::vector<modbus::PlanItem> items;
    for (std::uint32_t signal : signals) {
      const ModbusPoint& p = point(signal);
      items.push_back({p.format.area, p.address, modbus::width(p.format)});
    }
    for (modbus::PlanBlock& planned : modbus::plan_reads(items, limits)) {
      for (std::uint32_t& item : planned.items) item = signals[item];
      groups_[key.first].blocks.push_back({key.second,
                                           planned.area,
                                           planned.address,
                                           planned.count,
                                           std::move(planned.items),
                                           0,
                                           {}});
    }
  }
}

void ModbusPoller::start(Nanoseconds now) {
  started_ = true;
  for (auto& [unit, health] : units_) health = {};
  for (Group& group : groups_) {
    // What was refused or split may be different in a machine that was away: plan afresh.
    group.blocks.clear();
    group.todo.clear();
    group.under_way = 0;
    // Not an instant that the first cycle might still be busy for.
    group.due = group.grid.after(now + group.grid.interval() / 2);
  }
  plan();
  for (Group& group : groups_) start_cycle(group);
}

void ModbusPoller::stop(Quality quality) {
  started_ = false;
  for (Group& group : groups_) {
    group.todo.clear();
    group.under_way = 0;
  }
  const Instant at = host_.now();
  for (std::size_t i = 0; i < config_.signals.size(); ++i) host_.on_bad(i, at, quality);
}

void ModbusPoller::start_cycle(Group& group) {
  const std::deque<std::uint32_t> waiting = group.todo;  // most often nothing
  for (std::uint32_t i = 0; i < group.blocks.size(); ++i) {
    if (std::ranges::count(waiting, i) > 0) continue;
    group.blocks[i].tries = 0;
    group.todo.push_back(i);
  }
}

// Nothing is left of the cycle but what waits for closed units: it must not hold up the others.
bool ModbusPoller::waits_only(const Group& group, const UnitSet& closed) const {
  return group.under_way == 0 && std::ranges::all_of(group.todo, [&](std::uint32_t index) {
           return closed.test(group.blocks[index].unit);
         });
}

void ModbusPoller::on_time(Nanoseconds now, const UnitSet& closed) {
  if (!started_) return;
  for (Group& group : groups_) {
    if (now < group.due) continue;
    const Nanoseconds next = group.grid.after(now);
    // Instants that passed unseen are as lost as one that finds the cycle before still running.
    cycles_missed_ += static_cast<std::uint64_t>((next - group.due) / group.grid.interval() - 1);
    if (group.running()) cycles_missed_ += 1;
    if (!group.running() || waits_only(group, closed)) start_cycle(group);
    group.due = next;
  }
}

std::optional<Nanoseconds> ModbusPoller::next_time(Nanoseconds now) const {
  if (!started_) return std::nullopt;
  std::optional<Nanoseconds> next;
  for (const Group& group : groups_) {
    if (!next || group.due < *next) next = group.due;
    for (std::uint32_t index : group.todo) {  // busy devices only: else it is asked at once
      const Nanoseconds ready = group.blocks[index].not_before;
      if (ready > now && ready < *next) next = ready;
    }
  }
  return next;
}

// The next block of the cycle that may be asked now. Blocks of units that rest and addresses that
// were refused are done for this cycle; blocks of busy devices and of closed units stay.
std::optional<std::uint32_t> ModbusPoller::take_ready(Group& group, Nanoseconds now,
                                                      const UnitSet& closed) {
  for (std::size_t left = group.todo.size(); left > 0; --left) {
    const std::uint32_t index = group.todo.front();
    group.todo.pop_front();
    const Block& block = group.blocks[index];
    if (!units_[block.unit].may_ask(now)) continue;
    const bool ready = block.not_before <= now;
    if (ready && !closed.test(block.unit)) return index;
    if (ready || block.tries > 0) group.todo.push_back(index);
  }
  return std::nullopt;
}

std::optional<LinkAsk> ModbusPoller::next_ask(Nanoseconds now, const UnitSet& closed) {
  if (!started_) return std::nullopt;
  // Earliest next instant first. The groups are few: a look at each is cheaper than a heap.
  std::vector<Group*> by_due;
  for (Group& group : groups_) {
    if (!group.todo.empty()) by_due.push_back(&group);
  }
  std::ranges::sort(by_due, {}, &Group::due);
  for (Group* group : by_due) {
    const auto index = take_ready(*group, now, closed);
    if (!index) continue;
    const Block& block = group->blocks[*index];
    group->under_way += 1;
    units_[block.unit].asked();
    LinkAsk ask;
    ask.unit = block.unit;
    ask.timeout = std::chrono::milliseconds(settings_.timeout_ms);
    ask.token = token_of(static_cast<std::size_t>(group - groups_.data()), *index);
    if (modbus::is_bits(block.area)) {
      ask.request = modbus::ReadBits{block.area, block.address, block.count};
    } else {
      ask.request = modbus::ReadRegisters{block.area, block.address, block.count};
    }
    return ask;
  }
  return std::nullopt;
}

void ModbusPoller::on_answer(std::uint64_t token, Result<modbus::Response> answer,
                             Nanoseconds now) {
  Group& group = groups_[static_cast<std::size_t>(token >> 32)];
  const auto index = static_cast<std::uint32_t>(token);
  group.under_way -= 1;
  Block& block = group.blocks[index];
  UnitHealth& health = units_[block.unit];
  health.answered();
  if (!answer) return on_failure(group, index, answer.error(), now);
  if (const auto* exception = std::get_if<modbus::Exception>(&*answer)) {
    return on_exception(group, index, *exception, now);
  }
  block.tries = 0;
  block.not_before = Nanoseconds(0);
  on_values(block, *answer);
  if (health.succeeded()) on_unit_back(group, index);
}

// The one request that tried the unit was answered: the rest of it is read at once, whatever the
// intervals are, so that its signals are good again soon.
void ModbusPoller::on_unit_back(const Group& tried_group, std::uint32_t tried) {
  const std::uint8_t unit = tried_group.blocks[tried].unit;
  host_.on_event("unit-back", "unit " + std::to_string(unit));
  for (Group& group : groups_) {
    for (std::uint32_t i = 0; i < group.blocks.size(); ++i) {
      const bool done = &group == &tried_group && i == tried;
      if (group.blocks[i].unit != unit || done) continue;
      if (std::ranges::count(group.todo, i) == 0) group.todo.push_back(i);
    }
  }
}

void ModbusPoller::on_failure(Group& group, std::uint32_t index, const Error& why,
                              Nanoseconds now) {
  Block& block = group.blocks[index];
  const bool may_retry = why.id == ErrorId::kTimeout && !units_[block.unit].failing();
  if (may_retry && block.tries < settings_.retries) {
    block.tries += 1;
    block.not_before = Nanoseconds(0);
    group.todo.push_front(index);
    return;
  }
  if (why.id == ErrorId::kTimeout) {
    return on_unit_failed(block.unit, quality_of(why), why, now);
  }
  // A broken answer came in time: it costs the others nothing, and the next one may be whole.
  mark(block, quality_of(why));
  host_.on_trouble("bad-answer", why);
}

void ModbusPoller::on_exception(Group& group, std::uint32_t index, modbus::Exception what,
                                Nanoseconds now) {
  Block& block = group.blocks[index];
  const std::string where = "unit " + std::to_string(block.unit);
  switch (what) {
    case modbus::Exception::kGatewayPathUnavailable:
    case modbus::Exception::kGatewayTargetNoResponse:
      return on_unit_failed(block.unit, quality_of(what), exception_error(where, what), now);
    case modbus::Exception::kAcknowledge:
    case modbus::Exception::kServerDeviceBusy:
      if (block.tries < kBusyTriesMax) {
        block.tries += 1;
        block.not_before = now + kBusyPause * (1 << (block.tries - 1));
        group.todo.push_back(index);
        return;
      }
      mark(block, quality_of(what));
      return host_.on_trouble("busy", exception_error(where, what));
    case modbus::Exception::kIllegalDataAddress:
    case modbus::Exception::kIllegalDataValue:
      return on_refused(group, index, what, now);
    default:
      mark(block, quality_of(what));
      return host_.on_trouble(
          "exception", exception_error(where + ", " + std::string(modbus::area_name(block.area)) +
                                           " " + std::to_string(block.address),
                                       what));
  }
}

// One address that the device does not have (a register in a gap, a typing error) must not take the
// rest of its block with it: the block is halved until the culprit is alone.
void ModbusPoller::on_refused(Group& group, std::uint32_t index, modbus::Exception what,
                              Nanoseconds now) {
  if (group.blocks[index].signals.size() > 1) {
    split(group, index);
    group.todo.push_front(static_cast<std::uint32_t>(group.blocks.size() - 1));
    group.todo.push_front(index);
    return;
  }
  Block& block = group.blocks[index];
  block.tries = 0;  // not busy: done for this cycle, and for the next ones until the pause is over
  block.not_before = now + kRefusedPause;
  mark(block, quality_of(what));
  host_.on_trouble("refused", exception_error(config_.signals[block.signals.front()].path +
                                                  " (unit " + std::to_string(block.unit) + ", " +
                                                  std::string(modbus::area_name(block.area)) + " " +
                                                  std::to_string(block.address) + ")",
                                              what));
}

// Divides the signals of a block in two halves; the second one becomes the last block.
void ModbusPoller::split(Group& group, std::uint32_t index) {
  const Block whole = group.blocks[index];
  const auto middle = whole.signals.begin() + static_cast<std::ptrdiff_t>(whole.signals.size() / 2);
  const auto part = [&](auto from, auto to) {
    Block block = whole;
    block.tries = 0;
    block.signals.assign(from, to);
    std::uint32_t first = modbus::kAddresses;
    std::uint32_t end = 0;
    for (std::uint32_t signal : block.signals) {
      const ModbusPoint& p = point(signal);
      first = std::min<std::uint32_t>(first, p.address);
      end = std::max<std::uint32_t>(end, std::uint32_t{p.address} + modbus::width(p.format));
    }
    block.address = static_cast<std::uint16_t>(first);
    block.count = static_cast<std::uint16_t>(end - first);
    return block;
  };
  group.blocks[index] = part(whole.signals.begin(), middle);
  group.blocks.push_back(part(middle, whole.signals.end()));
}

void ModbusPoller::on_unit_failed(std::uint8_t unit, Quality quality, const Error& why,
                                  Nanoseconds now) {
  const bool was_well = units_[unit].failed(now);
  for (const Group& group : groups_) {
    for (const Block& block : group.blocks) {
      if (block.unit == unit) mark(block, quality);
    }
  }
  if (was_well) host_.on_trouble("unit-lost", why);
}

void ModbusPoller::mark(const Block& block, Quality quality) {
  const Instant at = host_.now();
  for (std::uint32_t signal : block.signals) host_.on_bad(signal, at, quality);
}

void ModbusPoller::on_values(const Block& block, const modbus::Response& response) {
  const auto* bits = std::get_if<modbus::Bits>(&response);
  const auto* registers = std::get_if<modbus::Registers>(&response);
  const Instant now = host_.now();
  for (std::uint32_t signal : block.signals) {
    const ModbusPoint& p = point(signal);
    const auto at = static_cast<std::size_t>(p.address - block.address);
    if (bits != nullptr) {
      host_.on_value(signal, now, Value(static_cast<bool>(bits->values[at])));
      continue;
    }
    const auto words = std::span(registers->values).subspan(at, modbus::width(p.format));
    if (auto value = modbus::decode_value(p.format, words)) {
      host_.on_value(signal, now, std::move(*value));
    } else {
      host_.on_bad(signal, now, quality::kBadOutOfRange);
    }
  }
}

}  // namespace lineshaft::connect
