// sys/reach.h: what the sockets of a process keep to: where they may connect to (`outgoing.allow`
// of docs/reference/configuration.md), and where anything may go without encryption, out of this
// machine or into it (`plain.allow`). Asked where sockets are opened and accepted, of the address
// at the other end.
#pragma once

#include <string_view>

#include "base/result.h"
#include "sys/destinations.h"
#include "sys/loop.h"

namespace lineshaft::sys {

// A value. Threads: any, as long as nobody assigns to it.
struct Reach {
  Destinations outgoing = Destinations();
  Destinations plain = Destinations();

  static Reach anywhere();

  // May a socket be opened to `address` for somebody who asked for `to`? As Destinations::check.
  // Errors: kDestinationRefused; kPlainRefused, which says what the address is.
  Status check(const Endpoint& to, std::string_view address, Privacy privacy) const;
  // The same before anything is resolved: of a host that is numeric. A name is judged later.
  Status check_numeric(const Endpoint& to, Privacy privacy) const;

  // May something be served at that numeric address? 0.0.0.0 and :: are every address of this
  // machine: where anything at all may go, they may be listened at, and each peer is judged. Port 0
  // is some port. Errors: kPlainRefused.
  Status check_listen(const Endpoint& at, Privacy privacy) const;
  // May `peer` have what it connected to at `local`? Ports of the list are those of `local`; host
  // names in it count for nothing here. Errors: kPlainRefused.
  Status check_peer(const Endpoint& local, const Endpoint& peer, Privacy privacy) const;
};

}  // namespace lineshaft::sys
