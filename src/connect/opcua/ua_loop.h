// connect/opcua/ua_loop.h: the event loop that open62541 asks for, made of one of ours.
//
// open62541 brings an event loop of its own, but takes another. We give it this one, so that its
// clients and servers live on our loop: no second thread, no mailbox, and the simulated loop of the
// tests can replay every fault. It also cures a weakness of theirs: there, a peer that does not
// read what it is sent holds up the whole thread in send(). Here sending never waits; what a peer
// does not take is kept up to a bound, beyond it the connection is closed.
//
// The price: nothing that waits for an answer may be called (UA_Client_connect, UA_Client_Service_*
// and their like end at once with BadInternalError); only the asynchronous calls work. What
// open62541 computes runs on the loop: an RSA signature takes about a millisecond, ten thousand
// values about six. A server with thousands of clients is therefore given a loop of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/result.h"
#include "sys/clock.h"
#include "sys/loop.h"

struct UA_EventLoop;
struct UA_Logger;

namespace lineshaft::connect::opcua {

struct UaLoopOptions {
  Nanoseconds connect_timeout = std::chrono::seconds(5);
  // Bytes that a peer has not taken yet: no more is read from it beyond the first bound (each
  // request may cost an answer), and it is dropped beyond the second.
  std::size_t unsent_pause = std::size_t{1} << 20;
  std::size_t unsent_max = std::size_t{32} << 20;
  // Who connects to a server and says nothing for so long is dropped.
  Nanoseconds first_byte_timeout = std::chrono::seconds(10);
  std::size_t accepted_max = 128;  // connections of others at one time
};

// Threads: the loop's. Everything made with get() must be deleted before this.
class UaLoop {
 public:
  UaLoop(sys::EventLoop& loop, sys::Clock& clock, UaLoopOptions options = {});
  ~UaLoop();  // drops connections; what was sent last still leaves

  // What connections are from now on that are made or listened for (kPlain before). A question
  // about endpoints, which every server answers in the clear, may go where kEncrypted may.
  void set_privacy(sys::Privacy privacy);

  UA_EventLoop* get();
  const UA_Logger* logger();

  std::uint64_t bytes_in() const;
  std::uint64_t bytes_out() const;
  // Why the newest connection could not be made or ended.
  const std::optional<Error>& last_error() const;
  // Where the newest listener listens, with the real port.
  std::optional<sys::Endpoint> listening() const;
  // No socket is open, nor still sending its last bytes.
  bool idle() const;
  // Whose bytes open62541 is being told of: inside of its callbacks only, else null.
  const sys::TcpStream* speaker() const;
  // The newest warning of open62541: often the only place where it says why. Taken away by the
  // call.
  std::string take_complaint();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lineshaft::connect::opcua
