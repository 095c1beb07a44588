#include "app/status_line.h"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <vector>

#include "app/output.h"
#include "identity/operator.h"

namespace lineshaft::app {

StatusLine::StatusLine(sys::EventLoop& loop, connect::ConnectionManager& machines,
                       historian::Historian& historian)
    : machines_(machines), historian_(historian), timer_(loop.make_timer()) {
  print();
}

void StatusLine::print() {
  double values_per_second = 0;
  std::size_t connected = 0;
  std::uint64_t good = 0;
  const std::vector<connect::ConnectionView> connections = machines_.list(identity::kOperator);
  for (const auto& connection : connections) {
    const connect::ConnectionStatus& status = connection.status;
    values_per_second += status.values_per_second;
    connected += status.state == connect::ConnectionState::kConnected ? 1 : 0;
    good += status.tags - status.tags_bad;
  }
  char line[160];
  std::snprintf(line, sizeof(line),
                "%7.0f values/s   %zu of %zu machines connected   %llu tags good   %llu stored",
                values_per_second, connected, connections.size(),
                static_cast<unsigned long long>(good),
                static_cast<unsigned long long>(historian_.counters().samples_appended));
  const bool terminal = stdout_is_terminal();
  std::cout << (terminal ? "\r" : "") << line << (terminal ? "  " : "\n") << std::flush;
  timer_->start(std::chrono::seconds(1), [this] { print(); });
}

}  // namespace lineshaft::app
