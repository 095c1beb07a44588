// connect/s7/probe.h: one look at an S7 CPU: does it answer, who is it, what do these signals read.
// Keeps nothing and tries once.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "connect/manager.h"
#include "connect/protocol.h"
#include "connect/s7/link.h"
#include "wire/s7/plan.h"
#include "wire/s7/szl.h"

namespace lineshaft::connect {

struct S7ProbeRequest {
  S7Settings settings;
  std::vector<SignalConfig> signals;  // to read; checked
  Nanoseconds limit = std::chrono::seconds(20);
};

// Construction starts it. `done` runs once, on the loop's thread, at a turn of its own, so it may
// destroy the probe. Destruction before that stops it without a word.
class S7Probe : public Task, private S7LinkUser {
 public:
  using Done = std::function<void(TestReport)>;
  S7Probe(sys::EventLoop& loop, sys::Random& random, S7ProbeRequest request, Done done);

 private:
  // A list of the name plate, or a request over signals.
  struct Step {
    s7::Request request;
    std::vector<s7::PlanPart> parts;
  };
  struct Partial {
    Bytes bytes;
    std::size_t received = 0;
  };

  std::optional<S7Ask> next_ask() override;
  void on_answer(std::uint64_t token, Result<s7::Response> answer) override;
  void on_up(std::size_t pdu_bytes) override;
  void on_down(const Error& why, Nanoseconds retry_in) override;

  void on_szl(const s7::ReadSzl& asked, const Result<s7::Response>& answer);
  void on_read(const Step& step, const Result<s7::Response>& answer);
  void on_bytes(const s7::PlanPart& part, ByteSpan bytes);
  void ask_alone(const s7::Item& range, const s7::PlanPart& part);
  void refuse(const s7::PlanPart& part, const Error& why, Quality quality);
  void refuse_all(const Step& step, const Error& why, Quality quality);
  void finish(std::optional<Error> error);

  sys::EventLoop& loop_;
  S7ProbeRequest request_;
  Done done_;
  std::unique_ptr<sys::Timer> limit_;
  std::unique_ptr<sys::Timer> finish_;
  std::deque<Step> steps_;
  bool under_way_ = false;
  bool finished_ = false;
  Nanoseconds asked_at_{0};
  s7::SzlReader list_;  // the one that is read now
  s7::Identification plate_;
  std::vector<Partial> partials_;  // of request.signals
  TestReport report_;
  S7Link link_;  // last: it calls back
};

}  // namespace lineshaft::connect
