// wire/iec104/link.h: the procedure of one connection (IEC 60870-5-104, clause 5): start and stop
// of data transfer, numbering and acknowledging, the windows k and w, the timers t1 to t3.
// A pure machine for both sides: its owner hands in frames and the time, and sends what it puts
// out. Time is that of a monotonic clock, so setting a wall clock trips no timer.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "wire/iec104/frame.h"

namespace lineshaft::iec104 {

// The controlling station is the client: it starts and stops the transfer of data.
enum class Role : std::uint8_t { kControlling, kControlled };

// Both ends should be set alike. t0, for connecting, is the owner's.
struct LinkSettings {
  std::uint16_t k = 12;                       // 1..32767: our I frames without an acknowledgement
  std::uint16_t w = 8;                        // 1..32767: of theirs, after which we acknowledge
  Nanoseconds t1 = std::chrono::seconds(15);  // for an acknowledgement or confirmation
  Nanoseconds t2 = std::chrono::seconds(10);  // until we acknowledge when nothing follows
  Nanoseconds t3 = std::chrono::seconds(20);  // of silence until we test the connection
  friend bool operator==(const LinkSettings&, const LinkSettings&) = default;
};

// Errors: kInvalidArgument naming the field: a window out of range, w above k, a timer that is not
// positive, t2 not below t1.
Status check_link_settings(const LinkSettings& settings);

// What a frame means for the owner.
struct Received {
  enum class Event : std::uint8_t {
    kNothing,
    kAsdu,
    kStarted,  // data may be sent
    kStopped,  // everything that was sent is acknowledged
  };
  Event event = Event::kNothing;
  ByteSpan asdu;  // kAsdu: borrowed from the frame
};

class Link {
 public:
  // `now` is when the connection was made; it begins stopped. Requires: check_link_settings is ok.
  Link(Role role, const LinkSettings& settings, Nanoseconds now);

  // Errors: ErrorId::kBadAnswer: a number out of order, an acknowledgement of what was not sent,
  // data while stopped, or a function that belongs to the other side. The owner then closes the
  // connection, as the standard has it.
  Result<Received> take(const Frame& frame, Nanoseconds now);

  // Controlling only. Requires: stopped, and started, respectively.
  void request_start(Nanoseconds now);
  void request_stop(Nanoseconds now);

  // Started, and fewer than k I frames without an acknowledgement.
  bool can_send() const { return state_ == State::kStarted && sent_at_.size() < settings_.k; }
  // Requires: can_send(), and an ASDU of 6..kAsduBytesMax bytes.
  void send(ByteSpan asdu, Nanoseconds now);

  // When on_time() has something to do: always something.
  Nanoseconds next_time() const;
  // Acknowledges (t2), tests (t3). Errors: kTimeout when t1 passed; the owner closes the
  // connection.
  Status on_time(Nanoseconds now);

  // Frames to be sent, in order; the owner takes them away. Grows by at most 6 bytes for a frame
  // taken and k I frames, so an owner that stops reading while it cannot write has a bound.
  Bytes& output() { return output_; }

  bool started() const { return state_ == State::kStarted; }
  bool stopped() const { return state_ == State::kStopped; }
  // I frames that the other side has not acknowledged, 0..k. What they carried may be lost.
  std::size_t unacknowledged() const { return sent_at_.size(); }

 private:
  enum class State : std::uint8_t { kStopped, kStarting, kStarted, kStopping };

  Result<Received> take_data(const IFrame& frame, Nanoseconds now);
  Result<Received> take_function(UFunction function);
  Result<Received> take_start_or_stop(UFunction function);
  Status acknowledge_ours(std::uint16_t receive);
  void acknowledge_theirs();
  Received settle_stop();
  void put(UFunction function) { append_frame(UFrame{function}, output_); }
  bool controlling() const { return role_ == Role::kControlling; }

  const Role role_;
  const LinkSettings settings_;
  State state_ = State::kStopped;
  std::uint16_t send_ = 0;               // V(S): number of our next I frame
  std::uint16_t receive_ = 0;            // V(R): number of their next one
  std::deque<Nanoseconds> sent_at_;      // of our frames that wait for an acknowledgement, t1
  std::uint16_t to_acknowledge_ = 0;     // of their frames
  Nanoseconds first_unacknowledged_{0};  // when the first of these came, t2
  Nanoseconds heard_;                    // when the last frame came, t3
  std::optional<Nanoseconds> asked_start_or_stop_;  // waits for its confirmation, t1
  std::optional<Nanoseconds> tested_;               // the same
  Bytes output_;
};

}  // namespace lineshaft::iec104
