// connect/mqtt/listen.h: hears for a while what is published at a broker, and makes signals of it:
// a number or text alone, or the members of JSON.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "connect/mqtt/link.h"
#include "connect/protocol.h"

namespace lineshaft::connect {

// The signals in one message, as entries: the levels are those of the topic and, in JSON, of the
// members. Any payload; what is no text is told to be bytes. At most kMessageSignalsMax entries.
std::vector<BrowseEntry> signals_in_message(const std::string& topic, ByteSpan payload);

inline constexpr std::size_t kMessageSignalsMax = 1'000;

// As ProtocolRuntime::browse; `request.node` is the topic below which to listen.
class MqttListen : public Task, private MqttUser {
 public:
  MqttListen(sys::EventLoop& loop, sys::Random& random, BrowseRequest request, BrowseDone done);

 private:
  void on_session() override;
  void on_message(const mqtt::Publish& message) override;
  void on_subscribed(std::uint16_t id, const std::vector<mqtt::Reason>& reasons) override;
  void on_down(const Error& why) override;
  void finish(Status status);

  const BrowseRequest request_;
  BrowseDone done_;
  std::map<std::string, std::vector<BrowseEntry>> topics_;  // as their last message was
  std::size_t count_ = 0;                                   // of entries
  bool cut_ = false;
  bool finished_ = false;
  std::unique_ptr<sys::Timer> limit_;
  std::unique_ptr<sys::Timer> finish_;
  std::unique_ptr<MqttLink> link_;
};

}  // namespace lineshaft::connect
