// sys/turnstile.h: lets costly work through one piece at a turn of the loop. Of the HTTPS server
// alone: it includes Boost.
#pragma once

#include <boost/asio/io_context.hpp>
#include <deque>
#include <functional>
#include <memory>

namespace lineshaft::sys {

// What is ready to run on the loop runs in the order in which it became so: a crowd whose
// handshakes are all ready holds up whoever comes behind it for all of them. Through a turnstile
// only one of them runs before the loop looks again at what else is ready. Threads: the loop's.
class Turnstile {
 public:
  explicit Turnstile(boost::asio::io_context& io) : io_(io) {}

  // Runs `work` once at a later turn, behind what was passed before. With the loop it is destroyed
  // unrun.
  void pass(std::function<void()> work);

 private:
  using Queue = std::deque<std::function<void()>>;
  static void turn(boost::asio::io_context& io, const std::shared_ptr<Queue>& queue);

  boost::asio::io_context& io_;
  std::weak_ptr<Queue> waiting_;  // owned by the turn to come; none if nothing waits
};

}  // namespace lineshaft::sys
