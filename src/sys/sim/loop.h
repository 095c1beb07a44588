// sys/sim/loop.h: an event loop with time and TCP of its own, for tests that repeat exactly.
//
// Nothing waits: when nothing is left to do at one instant, the time moves to the next timer or
// delivery. Events of one instant run in the order in which they were made. One thread only.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "sys/clock.h"
#include "sys/loop.h"
#include "sys/reach.h"

namespace lineshaft::sys {

class SimConnection;

enum class SimSide : std::uint8_t { kConnecting, kListening };

class SimLoop : public EventLoop {
 public:
  SimLoop();
  ~SimLoop() override;

  // --- EventLoop ---
  void run() override;  // until stop() or nothing is left
  void stop() override;
  void post(std::function<void()> task) override;
  Nanoseconds now() override;
  std::unique_ptr<Timer> make_timer() override;
  // Host names stand for themselves: no resolving, and only a name allows them. Nobody listening:
  // refused after one latency.
  using EventLoop::connect;
  std::unique_ptr<Connecting> connect(const Endpoint& to, Privacy privacy, Nanoseconds timeout,
                                      Connected done) override;
  const Reach& reach() const override { return reach_; }
  using EventLoop::listen;
  Result<std::unique_ptr<TcpListener>> listen(const Endpoint& at, Privacy privacy,
                                              Accepted accepted) override;
  void on_stop_signal(std::function<void()> callback) override;

  // --- time ---
  void run_for(Nanoseconds duration);
  // True as soon as `condition` holds, looked at after every event; false after `limit`.
  bool run_until(const std::function<bool()>& condition, Nanoseconds limit);
  // Calls what on_stop_signal registered, as a signal would.
  void signal_stop();

  // --- network, by the endpoint that listens (or would) ---
  void set_latency(Nanoseconds one_way);             // default 100 us
  void set_destinations(Destinations destinations);  // default: anywhere
  void set_plain(Destinations plain);                // as Reach has it; default: anywhere
  // Where connections come from that are made from now on. Default: 127.0.0.1.
  void set_own_host(std::string host);
  // Delivers at most so many bytes per read, to tear frames apart. Default: all that is there.
  void set_read_max(std::size_t bytes);
  // Black hole: attempts get no answer, open connections carry nothing and are not told. Undone
  // with false: what was sent meanwhile stays lost.
  void set_silent(const Endpoint& at, bool silent);
  // Resets every open connection.
  void cut(const Endpoint& at);
  // Each new connection is reset when the listening side has sent this many bytes over it.
  void cut_after(const Endpoint& at, std::optional<std::uint64_t> bytes);
  // Once: the connection is reset over which that side sends the byte with which it has sent so
  // many over all its connections. The byte still arrives.
  void cut_once(const Endpoint& at, SimSide side, std::uint64_t bytes);
  // By that side, over all connections.
  std::uint64_t bytes_sent(const Endpoint& at, SimSide side) const;
  std::size_t open_connections(const Endpoint& at) const;
  std::uint64_t connections_made(const Endpoint& at) const;

 private:
  friend class SimConnection;
  friend class SimTimer;
  friend class SimStream;
  friend class SimListener;
  friend class SimConnecting;

  // Something that happens at an instant. Dropping the handle undoes it.
  using Event = std::shared_ptr<std::function<void()>>;
  Event at(Nanoseconds delay, std::function<void()> action);
  bool step(Nanoseconds limit);  // runs one event not later than `limit`

  struct Place {  // an endpoint somebody listens at, or a fault was set for
    Accepted accepted;
    Privacy privacy = Privacy::kPlain;
    bool listening = false;
    bool silent = false;
    std::optional<std::uint64_t> cut_after;
    std::array<std::optional<std::uint64_t>, 2> cut_once;  // by SimSide
    std::array<std::uint64_t, 2> sent{};                   // by SimSide
    std::uint64_t made = 0;
    std::vector<std::weak_ptr<SimConnection>> open;
  };
  Place& place(const Endpoint& at) { return places_[at.text()]; }
  void establish(const Endpoint& to, const Connected& done);

  Nanoseconds now_{0};
  std::uint64_t order_ = 0;
  std::map<std::pair<Nanoseconds, std::uint64_t>, std::weak_ptr<std::function<void()>>> events_;
  std::map<std::uint64_t, Event> kept_;  // posted tasks: nobody else holds them
  std::map<std::string, Place> places_;
  std::function<void()> stop_signal_;
  Nanoseconds latency_ = std::chrono::microseconds(100);
  std::size_t read_max_ = SIZE_MAX;
  Reach reach_ = Reach::anywhere();
  std::string own_host_ = "127.0.0.1";
  std::uint16_t next_port_ = 40000;
  bool stopped_ = false;
};

// Wall clock over a loop's time; jumps when told.
class SimClock : public Clock {
 public:
  explicit SimClock(SimLoop& loop, Timestamp start = {1'795'000'000'000'000'000})
      : loop_(loop), start_(start) {}
  Timestamp now() override { return start_ + loop_.now(); }
  Nanoseconds monotonic() override { return loop_.now(); }
  void jump(Nanoseconds by) { start_ = start_ + by; }

 private:
  SimLoop& loop_;
  Timestamp start_;
};

// The same numbers from the same seed (SplitMix64).
class SimRandom : public Random {
 public:
  explicit SimRandom(std::uint64_t seed) : state_(seed) {}
  void fill(std::span<std::uint8_t> out) override;

 private:
  std::uint64_t state_;
};

}  // namespace lineshaft::sys
