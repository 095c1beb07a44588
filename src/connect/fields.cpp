#include "connect/fields.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace lineshaft::connect {

namespace {

// "a, b or c" as a list.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty() && word != "or") words.push_back(word);
    word.clear();
  };
  for (char c : text) {
    if (c == ' ' || c == ',') {
      end_word();
    } else {
      word.push_back(c);
    }
  }
  end_word();
  return words;
}

std::string_view kind_name(FieldSpec::Kind kind) {
  constexpr std::array<std::string_view, 7> kNames = {"integer", "number", "boolean", "text",
                                                      "secret",  "word",   "json"};
  return kNames[static_cast<std::size_t>(kind)];
}

}  // namespace

Fields::Fields(const Json& object) : object_(&object) {
  if (!object.is_object()) error_ = Error{ErrorId::kInvalidArgument, "must be an object"};
}

bool Fields::has(const char* name) const {
  return object_ != nullptr && !error_ && object_->contains(name) && !(*object_)[name].is_null();
}

bool Fields::ask(const char* name, FieldSpec::Kind kind) {
  known_.emplace_back(name);
  if (specs_ != nullptr) {
    FieldSpec spec;
    spec.name = name;
    spec.kind = kind;
    spec.required = std::ranges::find(required_, name) != required_.end();
    spec.advanced = advanced_;
    specs_->push_back(std::move(spec));
    return false;
  }
  return has(name);
}

std::int64_t Fields::whole(const char* name, std::int64_t fallback, std::int64_t min,
                           std::int64_t max) {
  if (!ask(name, FieldSpec::Kind::kInteger)) {
    if (specs_ != nullptr) {
      specs_->back().min = min;
      specs_->back().max = max;
    }
    return fallback;
  }
  const auto value = optional_integer(*object_, name, fallback, min, max);
  if (value) return *value;
  error_ = value.error();
  return fallback;
}

void Fields::boolean(const char* name, bool& out) {
  if (!ask(name, FieldSpec::Kind::kBoolean)) return;
  const Result<bool> value = optional_bool(*object_, name, out);
  if (value) {
    out = *value;
  } else {
    error_ = value.error();
  }
}

void Fields::text(const char* name, std::string& out, FieldSpec::Kind kind) {
  if (!ask(name, kind)) return;
  if (kind == FieldSpec::Kind::kSecret && (*object_)[name].is_object()) {
    return fail_field(name,
                      "is sealed under a key that this server does not have (lineshaft vault "
                      "status); enter it again");
  }
  const Result<std::string> value = optional_string(*object_, name, out);
  if (value) {
    out = *value;
  } else {
    error_ = value.error();
  }
}

void Fields::string(const char* name, std::string& out) { text(name, out, FieldSpec::Kind::kText); }

void Fields::secret(const char* name, std::string& out) {
  text(name, out, FieldSpec::Kind::kSecret);
}

std::string Fields::word_text(const char* name, std::string_view allowed) {
  std::string word;
  text(name, word, FieldSpec::Kind::kWord);
  if (specs_ != nullptr) specs_->back().choices = words_of(allowed);
  return word;
}

void Fields::number(const char* name, double& out) {
  std::optional<double> value = out;
  optional_double(name, value);
  if (value) out = *value;
}

void Fields::optional_double(const char* name, std::optional<double>& out) {
  if (!ask(name, FieldSpec::Kind::kNumber)) return;
  const Result<std::optional<double>> value = optional_number(*object_, name);
  if (value) {
    out = *value;
  } else {
    error_ = value.error();
  }
}

const Json* Fields::member(const char* name) {
  return ask(name, FieldSpec::Kind::kJson) ? &(*object_)[name] : nullptr;
}

void Fields::require(const char* name) {
  required_.emplace_back(name);
  if (object_ == nullptr || error_) return;
  if (!has(name)) fail_field(name, "is missing");
}

void Fields::fail_field(const char* name, const std::string& problem) {
  if (!error_) error_ = Error{ErrorId::kInvalidArgument, std::string(name) + ": " + problem};
}

Status Fields::done() const {
  if (error_) return *error_;
  if (object_ == nullptr) return {};
  for (const auto& [name, value] : object_->items()) {
    if (std::ranges::find(known_, name) == known_.end()) {
      return Error{ErrorId::kInvalidArgument, name.substr(0, 64) + ": is not a field here"};
    }
  }
  return {};
}

Error inside(const std::string& where, const Error& error) {
  return {error.id, where + ": " + error.what};
}

Json specs_json(const std::vector<FieldSpec>& specs, const Json& defaults) {
  Json list = Json::array();
  for (const FieldSpec& spec : specs) {
    Json field = {{"name", spec.name},
                  {"kind", kind_name(spec.kind)},
                  {"required", spec.required},
                  {"advanced", spec.advanced}};
    if (!spec.required && defaults.contains(spec.name)) field["default"] = defaults[spec.name];
    if (spec.min) field["min"] = *spec.min;
    if (spec.max) field["max"] = *spec.max;
    if (!spec.choices.empty()) field["choices"] = spec.choices;
    list.push_back(std::move(field));
  }
  return list;
}

void keep_secrets_of(Json& settings, const Json& kept, const std::vector<FieldSpec>& specs) {
  for (const char* place : {"host", "port", "url"}) {
    if (settings.contains(place) && kept.contains(place) && settings[place] != kept[place]) return;
  }
  for (const FieldSpec& spec : specs) {
    if (spec.kind == FieldSpec::Kind::kSecret && !settings.contains(spec.name)) {
      settings[spec.name] = kept[spec.name];
    }
  }
}

}  // namespace lineshaft::connect
