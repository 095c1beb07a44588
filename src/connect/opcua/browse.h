// connect/opcua/browse.h: looks around in a server: what lies below a node, and what a person has
// to know of each variable to make a signal of it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connect/method.h"
#include "connect/opcua/settings.h"
#include "connect/opcua/trust.h"
#include "model/tag.h"
#include "sys/clock.h"
#include "sys/loop.h"

namespace lineshaft::connect::opcua {

struct BrowseEntry {
  enum class Kind : std::uint8_t { kObject, kVariable, kMethod };
  std::string node;  // for Point::node: with the URI of its namespace
  std::string name;  // of its BrowseName
  std::string display_name;
  Kind kind = Kind::kObject;
  // Of variables:
  std::string type_name;          // the server's: "Double", "UInt16"; "" if it has no value now
  std::optional<ValueType> type;  // of the tag; nothing for arrays and structures
  std::string description;
  std::string unit;       // UNECE Rec 20 code where the server gives one
  std::string unit_name;  // as the server shows it
  std::optional<double> range_low;
  std::optional<double> range_high;
  std::vector<EnumEntry> enum_set;
  bool writable = false;  // by the user of the settings
  bool historizing = false;
  // Of methods:
  std::vector<MethodArgument> inputs;
  std::vector<MethodArgument> outputs;
};

inline constexpr std::size_t kBrowseEntriesMax = 5'000;  // of one node; the rest is left out

struct Way;

// A session for looking around, kept until destroyed. Threads: the loop's. What is borrowed must
// outlive it.
class Browser {
 public:
  virtual ~Browser() = default;

  // What hierarchical references lead to. "": the server's Objects folder. `done` runs once, not
  // after destruction; it may ask again, but not destroy the browser.
  // Errors: those of connecting; kInvalidArgument (the text), kNotFound, kPeerClosed.
  using Done = std::function<void(Result<std::vector<BrowseEntry>>)>;
  virtual void browse(std::string node, Done done) = 0;
};

std::unique_ptr<Browser> make_browser(const Way& way, const Settings& settings);

}  // namespace lineshaft::connect::opcua
