// api/live.h: live values over WebSocket: each client names the tags it shows and gets their
// changes, at most four times a second. A slow client gets the newest values later, never a queue
// of old ones.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "historian/historian.h"
#include "identity/identity.h"
#include "sys/http.h"
#include "sys/loop.h"

namespace lineshaft::api {

inline constexpr std::size_t kLiveTagsMax = 2000;  // rows that fit on any screen, several times

class Live {
 public:
  // True while the reader may still read: asked again every 15 seconds of a connection.
  using StillAllowed = std::function<bool()>;

  Live(sys::EventLoop& loop, sys::Clock& clock, historian::Historian& historian);
  ~Live();

  // Handlers for one connection of `principal`. Loop thread only.
  sys::WebSocketHandlers open(const identity::Principal& principal, StillAllowed still_allowed);

 private:
  struct Client;
  void tick();
  void send_changes(Client& client);
  void take_watch(Client& client, const std::string& text);

  sys::Clock& clock_;
  historian::Historian& historian_;
  std::unique_ptr<sys::Timer> timer_;
  std::vector<std::shared_ptr<Client>> clients_;
};

}  // namespace lineshaft::api
