// plant/first_client.h: whom the machines of the plant believe.
#pragma once

#include <memory>

#include "connect/opcua/trust.h"
#include "sys/loop.h"

namespace lineshaft::plant {

// Approves the first client that shows its certificate, as a device does while it is commissioned,
// and nobody after it. Threads: the loop's. What is borrowed must outlive it.
class FirstClient {
 public:
  FirstClient(sys::EventLoop& loop, connect::opcua::TrustStore& trust);

 private:
  void look();

  connect::opcua::TrustStore& trust_;
  std::unique_ptr<sys::Timer> timer_;
};

}  // namespace lineshaft::plant
