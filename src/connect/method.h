// connect/method.h: methods of machines that may be called. Plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "connect/write_rules.h"
#include "model/value.h"

namespace lineshaft::connect {

inline constexpr std::size_t kMethodsMax = 100;         // of a connection
inline constexpr std::size_t kMethodArgumentsMax = 50;  // of a method, each way

// A method that whoever set the connection up allows to be called; no other can be.
struct MethodConfig {
  std::string name;    // unique in the connection
  std::string object;  // the node it is called on
  std::string method;  // its own node
  Confirm confirm = Confirm::kNone;
  friend bool operator==(const MethodConfig&, const MethodConfig&) = default;
};

struct MethodArgument {
  std::string name;
  std::string type;  // the machine's word: "Double"
  std::string description;
  bool usable = true;  // false: a list or a structure, which cannot be given
  friend bool operator==(const MethodArgument&, const MethodArgument&) = default;
};

// As the machine describes it.
struct MethodView {
  std::string name;
  Confirm confirm = Confirm::kNone;
  std::vector<MethodArgument> inputs;
  std::vector<MethodArgument> outputs;
  std::optional<Error> error;  // it is not there, or the machine is not
};

struct MethodCall {
  std::string name;
  std::vector<std::pair<std::string, Value>> arguments;  // by name; numbers in whichever type
};

struct MethodResult {
  std::string name;
  std::string type;
  std::optional<Value> value;  // nothing for what a tag could not hold either
};

struct MethodOutcome {
  std::vector<MethodResult> results;
};

// For the audit trail, and to compare the two steps: "speed=3.5, program=A-17".
std::string arguments_text(const MethodCall& call);

}  // namespace lineshaft::connect
