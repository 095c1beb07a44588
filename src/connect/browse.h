// connect/browse.h: what a machine says that there is to read: nodes in a tree, and signals made
// ready so that a person only picks them. Plain data.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connect/connection.h"
#include "connect/method.h"

namespace lineshaft::connect {

// How a protocol lets itself be browsed.
enum class Browsing : std::uint8_t {
  kNone,    // a machine does not tell what it has
  kByNode,  // asked node by node: a tree may be large, so it is opened step by step
  kAtOnce,  // one look tells everything: `node` and `depth` are of no matter
};

std::string_view browsing_name(Browsing browsing);  // "none", "by-node", "at-once"

inline constexpr std::uint32_t kBrowseDepthMax = 32;
inline constexpr std::size_t kBrowseEntriesMax = 20'000;  // of one answer; the rest is cut off
inline constexpr std::uint32_t kListenMsMax = 60'000;

struct BrowseRequest {
  ProtocolSettings settings;
  std::string node;                 // where to begin, as an entry names it; "": the top
  std::uint32_t depth = 1;          // 1..kBrowseDepthMax: levels below that node
  std::uint32_t listen_ms = 5'000;  // 100..kListenMsMax: to machines that speak unasked
  // Whose connections it may go through, or take the place of; nobody's without.
  std::optional<TenantId> tenant = std::nullopt;
};

// A method as settings name it, with what it takes and gives.
struct BrowsedMethod {
  std::string object;  // the node it was found below
  std::vector<MethodArgument> inputs;
  std::vector<MethodArgument> outputs;
};

struct BrowseEntry {
  std::vector<std::string> levels;  // names on the way from where it began down to this one
  std::string node;                 // to begin there next time
  bool has_more = false;            // there may be something below it
  std::string type;                 // in the machine's words: "Double"; "" of a folder
  // For things that can be a signal. Its path is made of the levels and is not complete: where the
  // machine stands in the plant comes in front.
  std::optional<SignalConfig> signal;
  std::optional<BrowsedMethod> method;
};

struct BrowseReport {
  std::vector<BrowseEntry> entries;  // each behind what it lies below
  bool cut = false;                  // there is more than kBrowseEntriesMax, or than time allowed
};

using BrowseDone = std::function<void(Result<BrowseReport>)>;

// A name as one level of a tag's path: no slash, no control character, at most
// kTagLevelBytesMax bytes; "unnamed" for nothing.
std::string path_level(std::string_view name);
// The levels as a path. Of more than kTagPathLevelsMax - 2 the first ones are left out, so that a
// place in the plant still goes in front.
std::string proposed_path(const std::vector<std::string>& levels);

}  // namespace lineshaft::connect
