// sys/permitted.h: the one place where addresses become connections: whoever in sys/ opens a socket
// outwards opens it to one of these (`tests/house/house_test.py` looks). Not for other rooms.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "sys/reach.h"

namespace lineshaft::sys {

// Those of `resolved` (endpoints, or what a resolver found) that may be connected to for somebody
// who asked for `to`, in their order. Errors: kConnectFailed for none at all; if none
// may, that of Reach::check for the first.
template <typename Resolved>
Result<std::vector<boost::asio::ip::tcp::endpoint>> permitted(const Reach& reach, Privacy privacy,
                                                              const Endpoint& to,
                                                              const Resolved& resolved) {
  std::vector<boost::asio::ip::tcp::endpoint> may;
  std::optional<Error> refused;
  for (const auto& found : resolved) {
    const boost::asio::ip::tcp::endpoint at = found;
    Status allowed = reach.check({to.host, at.port()}, at.address().to_string(), privacy);
    if (allowed) {
      may.push_back(at);
    } else if (!refused) {
      refused = std::move(allowed).error();
    }
  }
  if (!may.empty()) return may;
  if (refused) return *std::move(refused);
  return Error{ErrorId::kConnectFailed, to.text() + ": no address belongs to that name"};
}

}  // namespace lineshaft::sys
