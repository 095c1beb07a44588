#include "wire/sparkplug/topic.h"

#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/utf8.h"
#include "model/json.h"

namespace lineshaft::sparkplug {

namespace {

constexpr std::array<std::string_view, 8> kMessageNames = {"NBIRTH", "NDEATH", "DBIRTH", "DDEATH",
                                                           "NDATA",  "DDATA",  "NCMD",   "DCMD"};
constexpr std::size_t kStateBytesMax = 1024;
constexpr std::size_t kLevelsMax = 5;

Error broken(std::string what) { return {ErrorId::kInvalidArgument, std::move(what)}; }

// At most one level more than any topic of Sparkplug has.
std::vector<std::string_view> levels_of(std::string_view topic) {
  std::vector<std::string_view> levels;
  while (levels.size() <= kLevelsMax) {
    const std::size_t slash = topic.find('/');
    levels.push_back(topic.substr(0, slash));
    if (slash == std::string_view::npos) break;
    topic.remove_prefix(slash + 1);
  }
  return levels;
}

}  // namespace

std::string_view message_name(MessageType type) {
  return kMessageNames[static_cast<std::size_t>(type)];
}

std::string Topic::text() const {
  LS_ASSERT(device.empty() != is_of_device(type));
  std::string text = std::string(kNamespace) + "/" + node.group + "/" +
                     std::string(message_name(type)) + "/" + node.node;
  if (!device.empty()) text += "/" + device;
  return text;
}

Result<Topic> parse_topic(std::string_view topic) {
  const auto levels = levels_of(topic);
  if (levels.size() < 4 || levels.size() > kLevelsMax || levels[0] != kNamespace) {
    return broken("no topic of Sparkplug B: " + std::string(topic));
  }
  Topic parsed;
  std::size_t type = 0;
  while (type < kMessageNames.size() && kMessageNames[type] != levels[2]) ++type;
  if (type == kMessageNames.size()) {
    return broken("an unknown message of Sparkplug B: " + std::string(topic));
  }
  parsed.type = static_cast<MessageType>(type);
  if (is_of_device(parsed.type) != (levels.size() == 5)) {
    return broken(std::string(levels[2]) +
                  (levels.size() == 5 ? " names a device: " : " names no device: ") +
                  std::string(topic));
  }
  for (std::size_t i = 1; i < levels.size(); ++i) {
    if (Status name = check_name("a level of the topic", levels[i]); !name) return name.error();
  }
  parsed.node = {std::string(levels[1]), std::string(levels[3])};
  if (levels.size() == 5) parsed.device = levels[4];
  return parsed;
}

std::string state_topic(std::string_view host) {
  return std::string(kNamespace) + "/STATE/" + std::string(host);
}

std::optional<std::string> host_of_state(std::string_view topic) {
  const auto levels = levels_of(topic);
  if (levels.size() != 3 || levels[0] != kNamespace || levels[1] != "STATE") return std::nullopt;
  if (!check_name("the host", levels[2])) return std::nullopt;
  return std::string(levels[2]);
}

Status check_name(std::string_view field, std::string_view name) {
  const bool fine = !name.empty() && name.size() <= 1'000 && is_utf8(name) && !has_control(name) &&
                    name.find_first_of("+/#") == std::string_view::npos;
  if (fine) return {};
  return broken(std::string(field) + ": must be 1 to 1000 bytes of text without + / #");
}

std::string encode_state(HostState state) {
  return std::string(R"({"online":)") + (state.online ? "true" : "false") + R"(,"timestamp":)" +
         std::to_string(state.timestamp_ms) + "}";
}

Result<HostState> decode_state(ByteSpan payload) {
  if (payload.size() > kStateBytesMax) return broken("a STATE of more than 1024 bytes");
  const Result<Json> json = parse_json(as_text(payload));
  if (!json) return broken("a STATE that is not JSON");
  const auto online = json->is_object() ? json->find("online") : json->end();
  const auto time = json->is_object() ? json->find("timestamp") : json->end();
  if (online == json->end() || !online->is_boolean() || time == json->end() ||
      !time->is_number_unsigned()) {
    return broken("a STATE without online (true or false) and timestamp (milliseconds)");
  }
  return HostState{online->get<bool>(), time->get<std::uint64_t>()};
}

}  // namespace lineshaft::sparkplug
