// app/status_line.h: a line of what arrives on stdout, each second.
#pragma once

#include <memory>

#include "connect/manager.h"
#include "historian/historian.h"
#include "sys/loop.h"

namespace lineshaft::app {

// On a terminal the line rewrites itself. Ends when it is destroyed. Loop thread, or before it
// runs.
class StatusLine {
 public:
  // Prints the first one. All must outlive it.
  StatusLine(sys::EventLoop& loop, connect::ConnectionManager& machines,
             historian::Historian& historian);

 private:
  void print();

  connect::ConnectionManager& machines_;
  historian::Historian& historian_;
  std::unique_ptr<sys::Timer> timer_;
};

}  // namespace lineshaft::app
