// connect/iec104/served_station.h: what a controlled station answers to what it is asked: its
// points, and the rules for each type. Bytes and time come from outside.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "connect/iec104/server.h"

namespace lineshaft::connect {

// The table of points.
class ServedPoints {
 public:
  // Requires: unique addresses, in any order.
  explicit ServedPoints(std::vector<Iec104ServedPoint> points);

  Iec104ServedPoint* find(std::uint32_t address);
  std::size_t size() const { return points_.size(); }

  // An ASDU with as many points from `next` on as fit, and moves `next` past them: counters or all
  // but counters, without time. Nothing at the end.
  std::optional<iec104::Asdu> tell(std::size_t& next, bool counters) const;

 private:
  std::vector<Iec104ServedPoint> points_;  // by address
};

// One connection's view of the station: an interrogation under way and a selected command.
class StationDialog {
 public:
  StationDialog(ServedPoints& points, Iec104Plant& plant, const Iec104ServerOptions& options,
                Iec104ServerCounters& counters)
      : points_(points), plant_(plant), options_(options), counters_(counters) {}

  // Takes an ASDU; its answers are in next().
  // Errors: ErrorId::kBadAnswer when it cannot be read, or when the answers to what was asked
  // before are not taken; the connection should end.
  Status take(ByteSpan bytes, Nanoseconds now);

  // The next ASDU to send, in order: confirmations, data, termination.
  std::optional<Bytes> next();

 private:
  struct Told {  // an answer that goes on
    Bytes asked;
    bool counters;
    std::size_t position = 0;
  };
  struct Selected {
    std::uint32_t address;
    iec104::Element element;  // without its select bit
    Nanoseconds until;
  };

  void answer(ByteSpan asked, iec104::Cause cause, bool negative);
  void refuse(ByteSpan asked, iec104::Cause cause) { answer(asked, cause, true); }
  void on_system(ByteSpan asked, const iec104::Asdu& asdu);
  void on_read(ByteSpan asked, const iec104::Asdu& asdu);
  void tell(ByteSpan asked, bool counters, bool accepted);
  void on_command(ByteSpan asked, const iec104::Asdu& asdu, Nanoseconds now);
  bool carry_out(const iec104::Asdu& asdu, const Iec104ServedPoint& point, Nanoseconds now);

  ServedPoints& points_;
  Iec104Plant& plant_;
  const Iec104ServerOptions& options_;
  Iec104ServerCounters& counters_;
  std::vector<Bytes> answers_;  // of one ASDU: at most two
  std::optional<Told> told_;
  std::optional<Selected> selected_;
};

}  // namespace lineshaft::connect
