// sys/asio_context.h: how the other .cpp files of sys/ get at the context of a loop. Not for other
// rooms.
#pragma once

#include <boost/asio/io_context.hpp>

namespace lineshaft::sys {

// Every EventLoop from make_event_loop() is also one of these.
class AsioContext {
 public:
  virtual ~AsioContext() = default;
  virtual boost::asio::io_context& context() = 0;
};

}  // namespace lineshaft::sys
