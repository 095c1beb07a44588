// connect/modbus/poller.h: polls the signals of one connection: which block is asked next, and what
// its answer means for the signals in it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "connect/connection.h"
#include "connect/driver.h"
#include "connect/modbus/link.h"
#include "connect/poll_schedule.h"
#include "connect/unit_health.h"
#include "wire/modbus/plan.h"

namespace lineshaft::connect {

// What an exception says about the signals that were asked for.
Quality quality_of(modbus::Exception exception);
// What the loss of a connection or the lack of an answer says about them.
Quality quality_of(const Error& why);

// The groups of one connection. A cycle of a group asks each of its blocks once. While a cycle
// runs, instants of its grid are passed over and counted: polls never pile up. Of several running
// cycles the one whose next instant comes first goes first, so that a slow group with many blocks
// does not hold up a fast one.
//
// Not told of time except by arguments; tells its owner when to call again. Loop's thread.
class ModbusPoller {
 public:
  // `config` and `host` must outlive the poller. `phase_of(interval)` draws the phase of a group.
  template <typename Phase>
  ModbusPoller(const ConnectionConfig& config, DriverHost& host, Phase phase_of)
      : config_(config), settings_(std::get<ModbusSettings>(config.settings)), host_(host) {
    for (const PollGroup& group : config.groups) {
      const Nanoseconds interval = std::chrono::milliseconds(group.interval_ms);
      groups_.emplace_back(PollGrid(interval, phase_of(interval)));
    }
    plan();
  }

  // The connection is there: every group starts a cycle at once, then keeps to its grid.
  void start(Nanoseconds now);
  // The connection is gone: every signal is bad, nothing is under way.
  void stop(Quality quality);

  // Starts the cycles that are due.
  void on_time(Nanoseconds now, const UnitSet& closed);
  // When on_time is wanted next, or a block becomes ready; nothing while stopped.
  std::optional<Nanoseconds> next_time(Nanoseconds now) const;

  // Nothing for a unit of `closed`: what it is asked waits, and others go first.
  std::optional<LinkAsk> next_ask(Nanoseconds now, const UnitSet& closed);
  void on_answer(std::uint64_t token, Result<modbus::Response> answer, Nanoseconds now);

  std::uint64_t cycles_missed() const { return cycles_missed_; }
  std::size_t units() const { return units_.size(); }

 private:
  struct Block {
    std::uint8_t unit = 1;
    modbus::Area area = modbus::Area::kHolding;
    std::uint16_t address = 0;
    std::uint16_t count = 0;
    std::vector<std::uint32_t> signals;  // by address
    int tries = 0;                       // in this cycle
    Nanoseconds not_before{0};           // refused or busy: not asked again before this
  };

  struct Group {
    explicit Group(PollGrid g) : grid(g) {}
    PollGrid grid;
    Nanoseconds due{0};
    std::vector<Block> blocks;
    // The running cycle: blocks still to be asked, and requests under way.
    std::deque<std::uint32_t> todo;
    std::size_t under_way = 0;
    bool running() const { return under_way > 0 || !todo.empty(); }
  };

  void plan();
  void start_cycle(Group& group);
  bool waits_only(const Group& group, const UnitSet& closed) const;
  std::optional<std::uint32_t> take_ready(Group& group, Nanoseconds now, const UnitSet& closed);
  void on_failure(Group& group, std::uint32_t index, const Error& why, Nanoseconds now);
  void on_exception(Group& group, std::uint32_t index, modbus::Exception what, Nanoseconds now);
  void on_refused(Group& group, std::uint32_t index, modbus::Exception what, Nanoseconds now);
  void on_unit_failed(std::uint8_t unit, Quality quality, const Error& why, Nanoseconds now);
  void on_unit_back(const Group& tried_group, std::uint32_t tried);
  void on_values(const Block& block, const modbus::Response& response);
  void split(Group& group, std::uint32_t index);
  void mark(const Block& block, Quality quality);
  const ModbusPoint& point(std::uint32_t signal) const;
  std::uint8_t unit_of(std::uint32_t signal) const;

  const ConnectionConfig& config_;
  const ModbusSettings& settings_;
  DriverHost& host_;
  std::vector<Group> groups_;
  std::map<std::uint8_t, UnitHealth> units_;
  std::uint64_t cycles_missed_ = 0;
  bool started_ = false;
};

}  // namespace lineshaft::connect
