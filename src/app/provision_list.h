// app/provision_list.h: lists of objects in a file that a server is filled from. Include it in .cpp
// files only.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"
#include "model/json.h"

namespace lineshaft::app {

// What conflicts is there already.
inline Status passed(Status done) {
  if (!done && done.error().id == ErrorId::kConflict) return {};
  return done;
}

// Keeps what was read.
template <typename T, typename Keep>
Status add_one(Result<T> thing, Keep keep) {
  if (!thing) return thing.error();
  const auto kept = keep(*std::move(thing));
  return passed(kept ? Status() : Status(kept.error()));
}

// Calls `add` for every item of the list `name`, which may be missing; says which one is wrong.
template <typename Add>
Status each(const Json& object, const char* name, Add add) {
  const auto list = object.find(name);
  if (list == object.end()) return {};
  const std::string here = name;
  if (!list->is_array()) return Error{ErrorId::kBadConfig, here + ": must be a list"};
  for (std::size_t i = 0; i < list->size(); ++i) {
    if (const Status added = add((*list)[i]); !added) {
      return Error{ErrorId::kBadConfig,
                   here + "[" + std::to_string(i) + "]: " + added.error().what};
    }
  }
  return {};
}

}  // namespace lineshaft::app
