// bench/peer_crowd.h: many TLS peers of one server on one thread, without a library between: they
// do what no library of clients would. And honest requests beside them, with what they take.
#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace lineshaft::bench {

double now_s();  // monotonic
// {"p50": 1.2, "p99": 3.4, "max": 5.6, "count": 100}
std::string ranks_json(std::vector<double> values);

struct Target {
  std::uint16_t port = 0;
  int pid = 0;
  std::string fingerprint;
  std::string token;
  std::string asset;  // a large file of the console
};

class Peer;

class Crowd {
 public:
  // Exits with what to do about it if this process may not have so many sockets as it needs.
  explicit Crowd(const Target& target);
  ~Crowd();
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  // Until all have ended; false if some have not after `seconds`.
  bool run(const std::vector<Peer*>& peers, double seconds);
  // Of the server while it ran, as fields of JSON.
  std::string usage_json() const;

 private:
  friend class Peer;
  void look_at_server();

  const Target& target_;
  int epoll_ = -1;
  SSL_CTX* tls_ = nullptr;
  double next_look_s_ = 0;
  std::uint64_t kib_before_ = 0, kib_max_ = 0;
  std::uint64_t sockets_before_ = 0, sockets_max_ = 0;
};

constexpr std::uint32_t kReading = 1;

// One connection of the crowd. Everything runs on the thread of Crowd::run().
class Peer {
 public:
  Peer(Crowd& crowd, std::size_t number) : crowd_(crowd), number_(number) {}
  virtual ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  void connect();
  bool is_gone() const { return fd_ < 0; }
  virtual bool has_ended() const { return is_gone(); }

  virtual void on_connected() = 0;
  virtual void on_secure() = 0;    // after shake_hands()
  virtual void on_readable() = 0;  // after watch(kReading)
  virtual void on_gone() = 0;      // by whichever side
  virtual void on_tick() = 0;      // every 0.1 s

 protected:
  void shake_hands();
  // What to hear of besides the end of the connection: kReading or 0.
  void watch(std::uint32_t what);
  // In the clear before shake_hands(), else enciphered. What finds no room is dropped. False: the
  // connection is broken.
  bool send(std::string_view text);
  bool receive(std::string& text);
  void gone();

 private:
  friend class Crowd;
  enum class Stage : std::uint8_t { kConnecting, kShaking, kOpen };
  void on_event(std::uint32_t events);
  void shake();
  void listen(std::uint32_t events);

  Crowd& crowd_;
  const std::size_t number_;
  int fd_ = -1;
  SSL* ssl_ = nullptr;
  Stage stage_ = Stage::kConnecting;
};

// Asks the server for its overview, some fifty times a second each: over a connection that is kept,
// and over a new one each time.
class Honest {
 public:
  explicit Honest(const Target& target);
  ~Honest();
  std::string end();  // {"kept": {...}, "new": {...}, "bad": 0}, in ms

 private:
  void ask(bool keeps, std::vector<double>& waited_ms);

  const Target target_;
  std::atomic<bool> stop_ = false;
  std::atomic<std::uint64_t> bad_ = 0;
  std::vector<double> kept_ms_;
  std::vector<double> new_ms_;
  std::thread keeps_;
  std::thread renews_;
};

}  // namespace lineshaft::bench
