// connect/iec104/session.h: the driver of one connection to a station over IEC 60870-5-104.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "connect/device_time.h"
#include "connect/driver.h"
#include "connect/iec104/look.h"
#include "connect/iec104/writer.h"
#include "connect/stream_link.h"

namespace lineshaft::connect {

// Starts the transfer of data, asks for everything once and by schedule, takes what comes by
// itself, and carries out commands before anything else.
class Iec104Session : public Driver, private StreamUser {
 public:
  // `config` and `host` must outlive the session.
  Iec104Session(sys::EventLoop& loop, sys::Random& random, const ConnectionConfig& config,
                DriverHost& host);
  ~Iec104Session() override;

  void write(std::size_t signal, Value value, WriteDone done) override;
  void fill(ConnectionStatus& status) const override;

  // Of signals at any address behind the same host and port.
  bool lets_look(const ProtocolSettings& settings) const override;
  std::unique_ptr<Task> test(TestRequest request, ConnectionManager::TestDone done) override;

 private:
  using Question = Iec104Question;
  using Procedure = Iec104Procedure;
  struct Active {
    Procedure procedure;
    bool confirmed = false;
    std::optional<Nanoseconds> latency;  // of the confirmation
    Nanoseconds sent{0};
    Nanoseconds deadline{0};
  };
  struct Schedule {
    Question question;
    Nanoseconds interval;
    std::optional<Nanoseconds> due;
  };

  void on_up() override;
  Status on_bytes(ByteSpan bytes) override;
  void on_down(const Error& why, Nanoseconds retry_in) override;

  void on_started();
  void on_asdu(ByteSpan bytes);
  void on_confirmation(const iec104::Asdu& asdu);
  bool on_answer(const iec104::Asdu& asdu);
  void on_values(const iec104::Asdu& asdu);
  void on_point(std::size_t signal, const iec104::AsduHead& head,
                const iec104::InformationObject& object, Instant now);
  void deliver(std::size_t signal, Instant now, std::optional<Timestamp> source,
               iec104::Reading reading);
  std::optional<Timestamp> source_time(const iec104::AsduHead& head,
                                       const iec104::InformationObject& object, Instant now);
  void ask_all(Question question);
  iec104::Asdu ask(const Procedure& procedure);
  void end_looks(const Error& why);
  bool is_ours(const Procedure& procedure) const;
  void end_procedure(std::optional<Error> trouble);
  void mark_missing(std::uint16_t station);
  void on_time();
  Nanoseconds next_time() const;
  void pump();
  void arm();

  sys::EventLoop& loop_;
  DriverHost& host_;
  const ConnectionConfig& config_;
  const Iec104Settings& settings_;
  Traffic traffic_;
  Iec104Writer writer_;
  std::vector<std::pair<std::uint64_t, std::size_t>> points_;  // station and address -> signal
  std::vector<std::uint16_t> stations_;
  std::vector<std::uint16_t> counter_stations_;
  std::vector<bool> heard_;        // since connecting
  std::vector<DeviceTime> times_;  // by signal
  std::vector<Schedule> schedules_;
  std::deque<Procedure> waiting_;
  std::optional<Active> active_;
  std::vector<Iec104Look*> looks_;    // tests that listen beside the signals
  std::optional<iec104::Link> link_;  // while the stream is up
  iec104::FrameReader reader_;
  std::unique_ptr<sys::Timer> timer_;
  std::optional<Nanoseconds> armed_for_;
  std::optional<std::int64_t> clock_ahead_ms_;
  std::uint64_t cycles_missed_ = 0;
  bool up_to_date_ = false;  // what was buffered has come: an interrogation has ended
  std::optional<Timestamp> lost_at_;
  StreamLink stream_;  // last: it calls the others
};

}  // namespace lineshaft::connect
