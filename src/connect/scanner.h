// connect/scanner.h: runs a part of a scan: knocks at the doors, a few at a time and not faster
// than a network of old machines bears.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "connect/protocol.h"
#include "connect/scan.h"

namespace lineshaft::connect {

// At most so many knocks are under way, and so many begin in kScanTurn: 100 a second.
inline constexpr std::size_t kScanParallel = 64;
inline constexpr std::size_t kScanPerTurn = 10;
inline constexpr Nanoseconds kScanTurn = std::chrono::milliseconds(100);

// Construction starts it. Loop's thread.
class Scanner : public Task {
 public:
  using RuntimeOf = std::function<ProtocolRuntime&(Protocol)>;
  using Done = std::function<void(ScanReport)>;
  // May this part be asked? What may not without encryption is left out of it (ScanLeftOut); names
  // are judged when they are resolved, and say nothing if they may not. Requires:
  // check_scan(request) is ok. Errors: kDestinationRefused for the first address that the server
  // may not connect to; kPlainRefused if nothing of the whole range is left.
  static Status check(const ScanRequest& request, const sys::Reach& reach);

  // Requires: check_scan(request) is ok. `done` runs once, at a turn of its own, so that it may
  // destroy the scanner.
  Scanner(sys::EventLoop& loop, ScanRequest request, RuntimeOf runtime_of, Done done);
  ~Scanner() override;

 private:
  void begin_some();
  void knock(std::uint64_t probe);
  void on_hits(std::uint64_t probe, std::vector<ScanHit> hits);
  void finish();

  sys::EventLoop& loop_;
  const ScanRequest request_;
  const RuntimeOf runtime_of_;
  Done done_;
  std::vector<std::uint64_t> probes_;  // of this part, without those that are left out
  std::size_t next_ = 0;               // of them
  ScanReport report_;
  std::map<std::uint64_t, std::unique_ptr<Task>> running_;  // by probe
  std::map<std::uint64_t, std::vector<ScanHit>> hits_;
  std::unique_ptr<sys::Timer> turn_;
};

}  // namespace lineshaft::connect
