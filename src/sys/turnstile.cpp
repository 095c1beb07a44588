#include "sys/turnstile.h"

#include <boost/asio/post.hpp>
#include <utility>

namespace lineshaft::sys {

void Turnstile::pass(std::function<void()> work) {
  if (const auto waiting = waiting_.lock()) return waiting->push_back(std::move(work));
  const auto queue = std::make_shared<Queue>();
  queue->push_back(std::move(work));
  waiting_ = queue;
  turn(io_, queue);
}

void Turnstile::turn(boost::asio::io_context& io, const std::shared_ptr<Queue>& queue) {
  boost::asio::post(io, [&io, queue] {
    const std::function<void()> work = std::move(queue->front());
    queue->pop_front();
    work();
    if (!queue->empty()) turn(io, queue);
  });
}

}  // namespace lineshaft::sys
