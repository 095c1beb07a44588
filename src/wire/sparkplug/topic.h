// wire/sparkplug/topic.h: the topics of Sparkplug B and what may be a name in them; the STATE
// message of a host. Pure functions. Threads: any. Source: Sparkplug 3.0.0, chapter 4.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace lineshaft::sparkplug {

inline constexpr std::string_view kNamespace = "spBv1.0";

enum class MessageType : std::uint8_t {
  kNBirth,
  kNDeath,
  kDBirth,
  kDDeath,
  kNData,
  kDData,
  kNCmd,
  kDCmd,
};

std::string_view message_name(MessageType type);  // "NBIRTH"
// Whether the message is about a device, so that its topic ends with one.
constexpr bool is_of_device(MessageType type) {
  return type == MessageType::kDBirth || type == MessageType::kDDeath ||
         type == MessageType::kDData || type == MessageType::kDCmd;
}

// An edge node: its group and its own name, unique together.
struct NodeId {
  std::string group;
  std::string node;
  std::string text() const { return group + "/" + node; }
  friend auto operator<=>(const NodeId&, const NodeId&) = default;
};

struct Topic {
  MessageType type = MessageType::kNData;
  NodeId node;
  std::string device;  // "" for messages of the node itself
  std::string text() const;
  friend bool operator==(const Topic&, const Topic&) = default;
};

// Errors: kInvalidArgument: another namespace, an unknown message, a device where none belongs or
// none where one belongs, an empty name.
Result<Topic> parse_topic(std::string_view topic);

// "spBv1.0/STATE/<host>", and the host of such a topic; nothing for any other.
std::string state_topic(std::string_view host);
std::optional<std::string> host_of_state(std::string_view topic);

// A group, node, device or host: UTF-8, not empty, without + / #. Errors: kInvalidArgument naming
// `field`.
Status check_name(std::string_view field, std::string_view name);

// What a host publishes about itself (6.4.25): {"online":true,"timestamp":1668114759262}.
struct HostState {
  bool online = false;
  std::uint64_t timestamp_ms = 0;
  friend bool operator==(const HostState&, const HostState&) = default;
};
std::string encode_state(HostState state);
// Other members are not looked at. Errors: kInvalidArgument: no such JSON, above 1 KiB.
Result<HostState> decode_state(ByteSpan payload);

}  // namespace lineshaft::sparkplug
