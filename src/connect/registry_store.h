// connect/registry_store.h: what the parts of the registry share: how connections are stored, and
// how to wait for the loop. For registry*.cpp.
#pragma once

#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "connect/connection_json.h"
#include "sys/loop.h"

namespace lineshaft::connect {

inline constexpr const char* kConnectionKind = "connection";

inline std::string document_text(const ConnectionConfig& config) {
  Json json = config_json(config, Secrets::kShown);
  json["signals"] = signals_json(config.signals);
  return dump(json);
}

// Runs `task` on the loop's thread and waits for its result.
template <typename Task>
auto on_loop(sys::EventLoop& loop, Task task) -> decltype(task()) {
  // Shared: the loop may still be inside set_value when the waiter goes on.
  auto promise = std::make_shared<std::promise<decltype(task())>>();
  loop.post([promise, task = std::move(task)]() mutable { promise->set_value(task()); });
  return promise->get_future().get();
}

// Starts something on the loop's thread that answers by a callback, and waits for that.
template <typename Answer, typename Start>
Answer wait_for(sys::EventLoop& loop, Start start) {
  auto promise = std::make_shared<std::promise<Answer>>();
  loop.post([promise, start = std::move(start)]() mutable {
    start([promise](Answer answer) { promise->set_value(std::move(answer)); });
  });
  return promise->get_future().get();
}

}  // namespace lineshaft::connect
