// Both roles: whatever the other side sends and whenever it comes, a link keeps its windows and its
// promises. Input: role, k, w, then steps of one to three bytes.
#include <cstdint>

#include "base/assert.h"
#include "base/bytes.h"
#include "wire/iec104/link.h"

using namespace lineshaft;
using namespace std::chrono_literals;

namespace {

const Bytes kAsdu = {0x64, 1, 6, 0, 1, 0, 0, 0, 0, 0x14};

iec104::LinkSettings settings_from(ByteReader& input) {
  iec104::LinkSettings settings;
  settings.k = static_cast<std::uint16_t>(input.u8() % 20 + 1);
  settings.w = static_cast<std::uint16_t>(input.u8() % settings.k + 1);
  return settings;
}

iec104::Frame frame_from(std::uint8_t step, ByteReader& input) {
  using F = iec104::UFunction;
  constexpr F kFunctions[] = {F::kStartActivation,  F::kStartConfirmation, F::kStopActivation,
                              F::kStopConfirmation, F::kTestActivation,    F::kTestConfirmation};
  if (step % 4 == 0) return iec104::UFrame{kFunctions[step / 4 % 6]};
  const std::uint16_t receive = input.u8() % 64;
  if (step % 4 == 1) return iec104::SFrame{receive};
  return iec104::IFrame{static_cast<std::uint16_t>(input.u8() % 64), receive, kAsdu};
}

// What a link puts out is a stream of whole frames. True if any was data.
void check_output(iec104::Link& link) {
  const Bytes bytes = std::exchange(link.output(), {});
  iec104::FrameReader reader;
  ByteSpan rest = bytes;
  while (!rest.empty()) LS_ASSERT(reader.next(rest).ok());
  LS_ASSERT(reader.pending_bytes() == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader input(ByteSpan(data, size));
  const auto role = static_cast<iec104::Role>(input.u8() % 2);
  const iec104::LinkSettings settings = settings_from(input);
  Nanoseconds now = 0s;
  iec104::Link link(role, settings, now);
  while (!input.at_end()) {
    const std::uint8_t step = input.u8();
    LS_ASSERT(link.unacknowledged() <= settings.k);
    LS_ASSERT(link.next_time() <= now + settings.t3 || link.next_time() <= now + settings.t1);
    if (step < 128) {
      const auto received = link.take(frame_from(step, input), now);
      if (!received) return 0;
      if (received->event == iec104::Received::Event::kStopped) LS_ASSERT(link.stopped());
      if (received->event == iec104::Received::Event::kStarted) LS_ASSERT(link.started());
    } else if (step < 160) {
      if (link.can_send()) link.send(kAsdu, now);
    } else if (step < 176) {
      if (role == iec104::Role::kControlling && link.stopped()) link.request_start(now);
    } else if (step < 192) {
      if (role == iec104::Role::kControlling && link.started()) link.request_stop(now);
    } else {
      now += std::chrono::seconds(step % 16);
      if (!link.on_time(now)) return 0;
      LS_ASSERT(link.next_time() > now);
    }
    check_output(link);
  }
  return 0;
}
