// connect/flows/served_at.h: whether an address is one that we serve at ourselves.
#pragma once

#include "connect/fields.h"
#include "sys/loop.h"

namespace lineshaft::connect {

// Does whoever connects to `to` reach what listens at `listen`, as far as names tell? A name other
// than "localhost" is taken for another machine.
bool is_served_at(const sys::Endpoint& listen, const sys::Endpoint& to);

// Members "listen" and "port" of every served kind.
void read_listen(Fields& fields, std::string& listen, std::uint16_t& port);
// Errors: kInvalidArgument: "settings.listen: ...".
Status check_listen(const std::string& listen);

}  // namespace lineshaft::connect
