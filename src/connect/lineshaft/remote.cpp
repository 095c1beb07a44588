#include "connect/lineshaft/remote.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/percent.h"
#include "model/json.h"
#include "wire/batch/batch.h"

namespace lineshaft::connect {

namespace {

const std::string kTags = "/api/v1/tags";

Error told(int status, const std::string& body) {
  const Result<Json> problem = parse_json(body);
  std::string why = "it answers with status " + std::to_string(status);
  if (problem && problem->is_object()) {
    const auto detail = problem->find("detail");
    if (detail != problem->end() && detail->is_string()) why = detail->get<std::string>();
  }
  const bool denied = status == 401 || status == 403;
  return {denied ? ErrorId::kDenied : ErrorId::kDeviceRefused,
          "the other server refuses: " + why.substr(0, 300)};
}

// Whether what was sent is at fault, and not the moment or who sends it.
bool is_about_content(int status) {
  return status == 400 || status == 404 || status == 409 || status == 413 || status == 422;
}

std::optional<TagId> id_in(const Json& tag) {
  if (!tag.is_object() || !tag.contains("id") || !tag["id"].is_number_unsigned()) {
    return std::nullopt;
  }
  const auto id = tag["id"].get<std::uint64_t>();
  if (id == 0 || id > UINT32_MAX) return std::nullopt;
  return TagId{static_cast<std::uint32_t>(id)};
}

Error broken_answer() {
  return {ErrorId::kBadAnswer, "the other server's answer is none of a Lineshaft server"};
}

}  // namespace

Result<RemoteServer::Answer> RemoteServer::ask(std::string_view method, const std::string& target,
                                               const std::string& type, std::string_view body) {
  const sys::HttpHeaders headers = {{"authorization", "Bearer " + token_}, {"content-type", type}};
  Result<sys::HttpResponse> response = http_.request(method, target, headers, body);
  if (!response) return response.error();
  if (response->status >= 400 && !is_about_content(response->status)) {
    return told(response->status, response->body);
  }
  return Answer{response->status, std::move(response->body)};
}

Result<std::optional<TagId>> RemoteServer::id_of(const TagSpec& tag, const Refused& refused) {
  if (const auto known = ids_.find(tag.path); known != ids_.end()) return known->second;
  Result<std::optional<TagId>> id = find_or_make(tag, refused);
  if (id) ids_[tag.path] = *id;
  return id;
}

Result<std::optional<TagId>> RemoteServer::find_or_make(const TagSpec& tag,
                                                        const Refused& refused) {
  Json spec = tag_json({{}, tag});
  for (const char* own : {"id", "source", "unit_symbol"}) spec.erase(own);
  spec["writable"] = false;  // there is no machine behind it
  Result<Answer> made = ask("POST", kTags, "application/json", dump(spec));
  if (!made) return made.error();
  if (made->status < 300) {
    const Result<Json> json = parse_json(made->body);
    const std::optional<TagId> id = json ? id_in(*json) : std::nullopt;
    if (!id) return broken_answer();
    return id;
  }
  if (made->status != 409) {
    refused(told(made->status, made->body));
    return std::optional<TagId>();
  }
  const Result<Answer> found = ask(
      "GET", kTags + "?limit=1000&prefix=" + percent_encode(tag.path, "/"), "application/json", "");
  if (!found) return found.error();
  const Result<Json> json = parse_json(found->body);
  if (!json || !json->contains("items") || !(*json)["items"].is_array()) return broken_answer();
  for (const Json& item : (*json)["items"]) {
    if (!item.is_object() || item.value("path", "") != tag.path) continue;
    const std::optional<TagId> id = id_in(item);
    if (!id) return broken_answer();
    if (item.value("type", "") == type_name(tag.type)) return id;
    refused({ErrorId::kTypeMismatch, tag.path + " is " + item.value("type", "") +
                                         " at the other server, and " +
                                         std::string(type_name(tag.type)) + " here"});
    return std::optional<TagId>();
  }
  return broken_answer();
}

Status RemoteServer::store(std::span<const RemoteSample> samples, const Refused& refused) {
  // The second time with ids that are asked for anew: a tag may have gone there since.
  for (const bool again : {false, true}) {
    std::vector<Sample> theirs;
    for (const RemoteSample& one : samples) {
      const Result<std::optional<TagId>> id = id_of(*one.tag, refused);
      if (!id) return id.error();
      if (!*id) continue;
      theirs.push_back(one.sample);
      theirs.back().tag = **id;
    }
    if (theirs.empty()) return {};
    if (again) return store_some(theirs, refused);
    const Bytes body = batch::encode(theirs);
    const Result<Answer> answer =
        ask("POST", "/api/v1/values/batch", "application/octet-stream", as_text(body));
    if (!answer) return answer.error();
    if (answer->status < 300) return {};
    ids_.clear();
  }
  return {};
}

// Halves what is refused until the samples at fault are alone: some twenty requests for one of
// thousands.
Status RemoteServer::store_some(std::span<const Sample> samples, const Refused& refused) {
  const Bytes body = batch::encode(samples);
  const Result<Answer> answer =
      ask("POST", "/api/v1/values/batch", "application/octet-stream", as_text(body));
  if (!answer) return answer.error();
  if (answer->status < 300) return {};
  if (samples.size() == 1) {
    refused(told(answer->status, answer->body));
    return {};
  }
  const std::size_t middle = samples.size() / 2;
  if (Status first = store_some(samples.first(middle), refused); !first) return first;
  return store_some(samples.subspan(middle), refused);
}

}  // namespace lineshaft::connect
