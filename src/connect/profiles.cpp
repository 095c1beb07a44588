#include "connect/profiles.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "connect/protocol.h"

namespace lineshaft::connect {

namespace {

constexpr std::string_view kTexts[] = {
#include "connect/profiles.inc"
};

// By protocol, parsed once; profiles_test reads them all.
const std::map<Protocol, Json>& profiles() {
  static const std::map<Protocol, Json> all = [] {
    std::map<Protocol, Json> read;
    for (const std::string_view text : kTexts) {
      Json one = parse_json(text).value();
      const Protocol protocol = parse_protocol(one.at("protocol").get<std::string>()).value();
      one.erase("protocol");
      read.try_emplace(protocol, Json::array()).first->second.push_back(std::move(one));
    }
    return read;
  }();
  return all;
}

const Json* find_profile(Protocol protocol, std::string_view name) {
  const auto of = profiles().find(protocol);
  if (of == profiles().end()) return nullptr;
  const auto found = std::ranges::find_if(of->second, [&](const Json& one) {
    return one.at("name").get_ref<const std::string&>() == name;
  });
  return found == of->second.end() ? nullptr : &*found;
}

// What `given` says goes before what `usual` says; a null says nothing.
Json merged(Json usual, const Json& given) {
  for (const auto& [name, value] : given.items()) {
    if (!value.is_null() || !usual.contains(name)) usual[name] = value;
  }
  return usual;
}

}  // namespace

std::vector<std::string> profile_names(Protocol protocol) {
  std::vector<std::string> names;
  const auto of = profiles().find(protocol);
  if (of == profiles().end()) return names;
  for (const Json& one : of->second) names.push_back(one.at("name").get<std::string>());
  return names;
}

Json profiles_json(Protocol protocol) {
  const auto of = profiles().find(protocol);
  return of == profiles().end() ? Json::array() : of->second;
}

Result<Json> with_profile(Protocol protocol, const Json& settings) {
  if (!settings.is_object() || !settings.contains("profile")) return settings;
  Json given = settings;
  const Json name = std::move(given["profile"]);
  given.erase("profile");
  if (name.is_null() || name == "") return given;
  const Json* profile =
      name.is_string() ? find_profile(protocol, name.get_ref<const std::string&>()) : nullptr;
  if (profile == nullptr) {
    std::string names;
    for (const std::string& one : profile_names(protocol)) names += " " + one;
    return Error{ErrorId::kInvalidArgument,
                 "profile: must be one of" + (names.empty() ? " none" : names)};
  }
  return merged(profile->at("settings"), given);
}

Json signal_with_profile(Protocol protocol, std::string_view profile, const Json& signal) {
  const Json* found = profile.empty() ? nullptr : find_profile(protocol, profile);
  if (found == nullptr || !signal.is_object()) return signal;
  return merged(found->at("signal"), signal);
}

}  // namespace lineshaft::connect
