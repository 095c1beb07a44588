#include "vault/key_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/hex.h"
#include "base/log.h"
#include "model/json.h"
#include "vault/seal.h"
#include "vault/wipe.h"

namespace lineshaft::vault {
namespace {

constexpr std::int64_t kFormat = 1;
constexpr std::size_t kCheckBytes = 32;
constexpr const char* kCheckPurpose = "lineshaft keys check 1";

const char* state_name(KeyState state) {
  switch (state) {
    case KeyState::kActive:
      return "active";
    case KeyState::kRetired:
      return "retired";
    case KeyState::kDestroyed:
      break;
  }
  return "destroyed";
}

std::optional<KeyState> parse_state(const std::string& text) {
  for (const KeyState state : {KeyState::kActive, KeyState::kRetired, KeyState::kDestroyed}) {
    if (text == state_name(state)) return state;
  }
  return std::nullopt;
}

Json master_json(const MasterNote& note) {
  Json json = {{"source", note.source}, {"since", format_rfc3339(note.since)}};
  if (!note.salt.empty()) {
    json["salt"] = base64_text(note.salt);
    json["passes"] = note.passes;
    json["memory_bytes"] = note.memory_bytes;
  }
  if (!note.token_sealed.empty()) json["token_sealed"] = base64_text(note.token_sealed);
  return json;
}

// Everything but the check.
Json body_json(const KeyFile& file) {
  Json keys = Json::array();
  for (const SealedKey& key : file.keys) {
    keys.push_back({{"owner", key.owner.value},
                    {"number", key.number},
                    {"made", format_rfc3339(key.made)},
                    {"state", state_name(key.state)},
                    {"sealed", base64_text(key.sealed)}});
  }
  return {{"format", kFormat},
          {"generation", file.generation},
          {"id", file.id},
          {"master", master_json(file.master)},
          {"keys", std::move(keys)}};
}

// BLAKE2b of the body's compact text, keyed for this purpose alone.
std::string check_of(const Json& body, const SecretBytes& master) {
  const SecretBytes key = derive(master, kCheckPurpose, kKeyBytes);
  return hex_text(derive(key, dump(body), kCheckBytes).span());
}

Result<Bytes> bytes_in(const Json& json, const char* field) {
  const Result<std::string> text = optional_string(json, field, "");
  if (!text) return text.error();
  return base64_bytes(*text);
}

Result<Timestamp> time_in(const Json& json, const char* field) {
  const Result<std::string> text = required_string(json, field);
  if (!text) return text.error();
  return parse_timestamp(*text);
}

Result<MasterNote> read_master(const Json& json) {
  MasterNote note;
  const Result<std::string> source = required_string(json, "source");
  const Result<Timestamp> since = time_in(json, "since");
  Result<Bytes> salt = bytes_in(json, "salt");
  Result<Bytes> token = bytes_in(json, "token_sealed");
  const auto passes = optional_integer(json, "passes", 0, 0, 1'000);
  const auto memory = optional_integer(json, "memory_bytes", 0, 0, std::int64_t{4} << 30U);
  if (!source || !since || !salt || !token || !passes || !memory) {
    return Error{ErrorId::kCorrupt, "master: cannot be read"};
  }
  note.source = *source;
  note.since = *since;
  note.salt = *std::move(salt);
  note.token_sealed = *std::move(token);
  note.passes = static_cast<std::uint64_t>(*passes);
  note.memory_bytes = static_cast<std::uint64_t>(*memory);
  return note;
}

Result<SealedKey> read_key(const Json& json) {
  const Error wrong{ErrorId::kCorrupt, "keys: one of them cannot be read"};
  if (!json.is_object()) return wrong;
  const auto owner = optional_integer(json, "owner", -1, -1, UINT32_MAX);
  const auto number = optional_integer(json, "number", 0, 0, UINT32_MAX);
  const Result<Timestamp> made = time_in(json, "made");
  const Result<std::string> word = required_string(json, "state");
  Result<Bytes> sealed = bytes_in(json, "sealed");
  if (!owner || *owner < 0 || !number || *number < 1 || !made || !word || !sealed) return wrong;
  const std::optional<KeyState> state = parse_state(*word);
  if (!state) return wrong;
  SealedKey key;
  key.owner = TenantId{static_cast<std::uint32_t>(*owner)};
  key.number = static_cast<std::uint32_t>(*number);
  key.made = *made;
  key.state = *state;
  key.sealed = *std::move(sealed);
  return key;
}

}  // namespace

std::string bound_of(const KeyFile& file, const SealedKey& key) {
  return "lineshaft key 1|" + file.id + "|" + std::to_string(key.owner.value) + "|" +
         std::to_string(key.number);
}

std::string key_file_text(const KeyFile& file, const SecretBytes& master) {
  Json json = body_json(file);
  json["check"] = check_of(json, master);
  return json.dump(1) + "\n";
}

Result<KeyFile> parse_key_file(std::string_view text) {
  const Result<Json> json = parse_json(text);
  if (!json || !json->is_object()) return Error{ErrorId::kCorrupt, "is not the JSON it should be"};
  const auto format = optional_integer(*json, "format", 0, 0, INT32_MAX);
  if (!format || *format < 1) return Error{ErrorId::kCorrupt, "format: is missing"};
  if (*format > kFormat) {
    return Error{ErrorId::kFormatTooNew, "keys.json has format " + std::to_string(*format)};
  }
  if (!json->contains("master") || !json->contains("keys") || !(*json)["keys"].is_array() ||
      !json->contains("check")) {
    return Error{ErrorId::kCorrupt, "master, keys or check: is missing"};
  }
  KeyFile file;
  const Result<std::string> id = required_string(*json, "id");
  Result<MasterNote> master = read_master((*json)["master"]);
  if (!id) return id.error();
  if (!master) return master.error();
  const auto generation = optional_integer(*json, "generation", 0, 0, INT64_MAX);
  if (!generation) return generation.error();
  file.generation = static_cast<std::uint64_t>(*generation);
  file.id = *id;
  file.master = *std::move(master);
  for (const Json& one : (*json)["keys"]) {
    Result<SealedKey> key = read_key(one);
    if (!key) return key.error();
    file.keys.push_back(*std::move(key));
  }
  return file;
}

Status check_key_file(std::string_view text, const SecretBytes& master) {
  Result<Json> json = parse_json(text);
  if (!json) return json.error();
  const Result<std::string> check = optional_string(*json, "check", "");
  json->erase("check");
  if (check && *check == check_of(*json, master)) return {};
  return Error{ErrorId::kBadConfig,
               "the master key is not the one that the keys of this data directory were sealed "
               "under, or keys.json was changed"};
}

Status write_key_file(sys::FileSystem& files, const std::string& directory,
                      const std::string& text) {
  // What was sealed under a former master key, or is destroyed, goes from the old blocks too.
  for (const char* name : {kKeyFileCopy, kKeyFile}) {
    Status kept = replace_and_wipe(files, sys::join_path(directory, name), as_bytes(text));
    if (!kept) return kept;
  }
  return {};
}

Result<std::vector<std::string>> read_key_files(sys::FileSystem& files,
                                                const std::string& directory) {
  std::vector<std::pair<std::uint64_t, std::string>> found;
  std::optional<Error> trouble;
  for (const char* name : {kKeyFile, kKeyFileCopy}) {
    const std::string path = sys::join_path(directory, name);
    const Result<Bytes> bytes = sys::read_file(files, path, kKeyFileBytesMax);
    if (!bytes) {
      const bool missing = bytes.error().id == ErrorId::kFileMissing;
      if (!trouble || !missing) trouble = bytes.error();
      continue;
    }
    const Result<KeyFile> parsed = parse_key_file(as_text(*bytes));
    if (parsed) {
      found.emplace_back(parsed->generation, as_text(*bytes));
    } else {
      trouble = Error{parsed.error().id, path + ": " + parsed.error().what};
      log_warn("vault", trouble->what);
    }
  }
  if (found.empty()) return *trouble;
  std::ranges::stable_sort(found, std::ranges::greater{},
                           [](const auto& one) { return one.first; });
  std::vector<std::string> texts;
  for (auto& [generation, text] : found) texts.push_back(std::move(text));
  return texts;
}

}  // namespace lineshaft::vault
