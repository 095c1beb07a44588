// connect/on_loop.h: asks something of what lives on a loop's thread, from another thread.
#pragma once

#include <future>
#include <type_traits>
#include <utility>

#include "sys/loop.h"

namespace lineshaft::connect {

// Runs `question` on the loop's thread and waits for what it returns.
// Requires: the caller is not the loop's thread, and the loop runs: both would wait for ever.
template <typename F>
std::invoke_result_t<F&> on_loop(sys::EventLoop& loop, F question) {
  std::packaged_task<std::invoke_result_t<F&>()> task(std::move(question));
  auto answer = task.get_future();
  loop.post([&task] { task(); });
  return answer.get();
}

}  // namespace lineshaft::connect
