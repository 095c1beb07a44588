// connect/opcua/ua_socket.h: TCP for open62541 over the sockets of one of our loops. Part of
// UaLoop; includes open62541's headers, for the .cpp files of this folder only.
#pragma once

#include <open62541/plugin/eventloop.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "connect/opcua/ua_loop.h"
#include "sys/loop.h"

namespace lineshaft::connect::opcua {

class UaSocket;

// A UA_ConnectionManager for "tcp". Loop's thread.
class UaSockets {
 public:
  UaSockets(sys::EventLoop& loop, UaLoopOptions options);
  ~UaSockets();

  // Becomes the one event source of `to`. Both must be destroyed together.
  void attach(UA_EventLoop& to);

  std::uint64_t bytes_in() const { return bytes_in_; }
  std::uint64_t bytes_out() const { return bytes_out_; }
  const std::optional<Error>& last_error() const { return last_error_; }
  std::optional<sys::Endpoint> listening() const { return listening_; }
  bool idle() const { return sockets_.empty() && lingering_.empty(); }
  void set_privacy(sys::Privacy privacy) { privacy_ = privacy; }
  const sys::TcpStream* speaker() const { return speaker_; }

 private:
  friend class UaSocket;
  struct Bridge {
    UA_ConnectionManager manager;  // first, so that its address is the bridge's
    UaSockets* owner;
  };
  struct Caller {
    UA_ConnectionManager_connectionCallback callback;
    void* application;
    void* context;
  };

  static UaSockets& of(UA_ConnectionManager* manager) {
    return *reinterpret_cast<Bridge*>(manager)->owner;
  }
  UA_StatusCode open(const UA_KeyValueMap* parameters, Caller caller);
  UA_StatusCode listen(sys::Endpoint at, Caller caller);
  UA_StatusCode send(std::uintptr_t id, UA_ByteString* data);
  UA_StatusCode close(std::uintptr_t id);
  void accepted(const Caller& caller, std::unique_ptr<sys::TcpStream> stream);
  std::shared_ptr<UaSocket> make(Caller caller);

  sys::EventLoop& loop_;
  const UaLoopOptions options_;
  Bridge bridge_{};
  std::size_t accepted_ = 0;  // sockets count themselves here
  std::map<std::uintptr_t, std::shared_ptr<UaSocket>> sockets_;
  std::set<std::shared_ptr<UaSocket>> lingering_;  // closed, but still sending
  std::uintptr_t last_id_ = 0;
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
  std::optional<Error> last_error_;
  std::optional<sys::Endpoint> listening_;
  sys::Privacy privacy_ = sys::Privacy::kPlain;
  const sys::TcpStream* speaker_ = nullptr;
};

}  // namespace lineshaft::connect::opcua
