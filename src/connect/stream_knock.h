// connect/stream_knock.h: a knock that says a few bytes and judges what comes back, for protocols
// with something harmless to ask.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>

#include "connect/protocol.h"

namespace lineshaft::connect {

class StreamKnock : public Task {
 public:
  // Gets what came, piece by piece. True: it speaks the protocol; false: it does not; nothing: not
  // yet known.
  using Judge = std::function<std::optional<bool>(ByteSpan piece)>;
  // `settings`: what a connection to whoever answers rightly is set to. `done`: as of
  // ProtocolRuntime::knock.
  StreamKnock(sys::EventLoop& loop, const Knock& knock, Bytes say, Judge judge,
              ProtocolSettings settings, ProtocolRuntime::KnockDone done);

 private:
  void on_connected(Result<std::unique_ptr<sys::TcpStream>> stream);
  void read();
  void finish(bool answered);

  const sys::Endpoint at_;
  const Bytes say_;
  const Judge judge_;
  ProtocolSettings settings_;
  ProtocolRuntime::KnockDone done_;
  std::unique_ptr<sys::Timer> limit_;
  std::unique_ptr<sys::Timer> finish_;
  std::unique_ptr<sys::Connecting> connecting_;
  std::unique_ptr<sys::TcpStream> stream_;
  std::array<std::uint8_t, 1024> in_{};
};

}  // namespace lineshaft::connect
