// connect/s7/poller.h: polls the signals of one CPU: which request is asked next, and what its
// answer means for the signals in it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "connect/connection.h"
#include "connect/driver.h"
#include "connect/poll_schedule.h"
#include "connect/s7/link.h"
#include "wire/s7/plan.h"

namespace lineshaft::connect {

// The groups of one connection. A cycle of a group asks each of its requests once. While a cycle
// runs, instants of its grid are passed over and counted: polls never pile up. Of several running
// cycles the one whose next instant comes first goes first.
//
// A CPU refuses single ranges of a request; only those are taken out of it. A range of which only a
// part may be at fault (the data block is shorter than a signal says) is halved until the culprit
// is alone. What is refused is asked again once a minute.
//
// Not told of time except by arguments; tells its owner when to call again. Loop's thread.
class S7Poller {
 public:
  // `config` and `host` must outlive the poller. `phase_of(interval)` draws the phase of a group.
  template <typename Phase>
  S7Poller(const ConnectionConfig& config, DriverHost& host, Phase phase_of)
      : config_(config), settings_(std::get<S7Settings>(config.settings)), host_(host) {
    for (const PollGroup& group : config.groups) {
      const Nanoseconds interval = std::chrono::milliseconds(group.interval_ms);
      groups_.emplace_back(PollGrid(interval, phase_of(interval)));
    }
  }

  // The connection is there, with PDUs of that length: every group starts a cycle at once, then
  // keeps to its grid.
  void start(std::size_t pdu_bytes, Nanoseconds now);
  // The connection is gone: every signal is bad, nothing is under way.
  void stop(Quality quality);

  // Starts the cycles that are due.
  void on_time(Nanoseconds now);
  // When on_time is wanted next; nothing while stopped.
  std::optional<Nanoseconds> next_time() const;

  std::optional<S7Ask> next_ask(Nanoseconds now);
  void on_answer(std::uint64_t token, Result<s7::Response> answer, Nanoseconds now);

  std::uint64_t cycles_missed() const { return cycles_missed_; }

 private:
  // One request; the parts name signals of the config.
  struct Block {
    s7::PlanRequest plan;
    int tries = 0;              // in this cycle
    Nanoseconds not_before{0};  // refused: not asked again before this
  };

  // A value longer than a PDU, while its parts come in.
  struct Partial {
    Bytes bytes;
    std::size_t received = 0;
  };

  struct Group {
    explicit Group(PollGrid g) : grid(g) {}
    PollGrid grid;
    Nanoseconds due{0};
    std::vector<Block> blocks;
    // The running cycle: blocks still to be asked, and requests under way.
    std::deque<std::uint32_t> todo;
    std::size_t under_way = 0;
    std::map<std::uint32_t, Partial> partials;  // by signal
    bool running() const { return under_way > 0 || !todo.empty(); }
  };

  void plan(std::size_t pdu_bytes);
  void start_cycle(Group& group);
  std::optional<std::uint32_t> take_ready(Group& group, Nanoseconds now);
  void on_failure(Group& group, std::uint32_t index, const Error& why);
  void on_read(Group& group, std::uint32_t index, const s7::ReadDone& done, Nanoseconds now);
  void take_out_refused(Group& group, std::uint32_t index, const s7::ReadDone& done,
                        Nanoseconds now);
  void on_bytes(Group& group, const s7::PlanPart& part, ByteSpan bytes, Instant at);
  void on_refused(Group& group, const s7::Item& item, std::vector<s7::PlanPart> parts,
                  s7::ReturnCode code, Nanoseconds now);
  void add_block(Group& group, const s7::Item& item, std::vector<s7::PlanPart> parts,
                 Nanoseconds not_before);
  void mark(const Block& block, Quality quality);
  const s7::PointFormat& format(std::uint32_t signal) const;

  const ConnectionConfig& config_;
  const S7Settings& settings_;
  DriverHost& host_;
  std::vector<Group> groups_;
  std::uint64_t cycles_missed_ = 0;
  bool started_ = false;
};

}  // namespace lineshaft::connect
