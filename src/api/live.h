// api/live.h: live values over WebSocket: each client names the tags it shows and gets their
// changes, looked for every 20 ms or, where many values change or many clients look, up to four
// times a second. A slow client gets the newest values later, never a queue of old ones.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "historian/historian.h"
#include "identity/identity.h"
#include "sys/http.h"
#include "sys/loop.h"

namespace lineshaft::api {

inline constexpr std::uint64_t kLiveBeatMs = 20;
// How many beats after a message of so many values the next one may come, so many clients being
// there: a millisecond for each value, which is about what a slow phone takes to draw it, and a
// quarter for each client, so that many of them cost a share of a core; 20 to 250 ms.
std::uint64_t live_beats_until_next(std::size_t values, std::size_t clients);

inline constexpr std::size_t kLiveTagsMax = 2000;  // rows that fit on any screen, several times

class Live {
 public:
  // Who reads now, with the rights of this moment; nothing if they may read no more. Asked every
  // 15 seconds of a connection, and when anybody's rights or the path of any tag have changed.
  using WhoNow = std::function<std::optional<identity::Principal>()>;
  // Identity::access_changes.
  using AccessChanges = std::function<std::uint64_t()>;

  Live(sys::EventLoop& loop, sys::Clock& clock, historian::Historian& historian,
       AccessChanges access_changes);
  ~Live();

  // Handlers for one connection of `principal`. Loop thread only.
  sys::WebSocketHandlers open(const identity::Principal& principal, WhoNow who_now);

 private:
  struct Client;
  void tick();
  void send_changes(Client& client);
  void take_watch(Client& client, const std::string& text);
  bool look_again(Client& client);
  void keep_allowed(Client& client) const;

  sys::Clock& clock_;
  historian::Historian& historian_;
  const AccessChanges access_changes_;
  std::unique_ptr<sys::Timer> timer_;
  std::uint64_t beat_ = 0;
  std::vector<std::shared_ptr<Client>> clients_;
};

}  // namespace lineshaft::api
