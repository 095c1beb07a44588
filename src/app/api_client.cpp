#include "app/api_client.h"

#include <cctype>
#include <cstdlib>

#include "app/config.h"
#include "sys/file.h"

namespace lineshaft::app {
namespace {

constexpr std::string_view kBase = "/api/v1";
constexpr std::size_t kCredentialsBytesMax = 64 * 1024;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Error refusal(const sys::HttpResponse& response) {
  const Json problem = Json::parse(response.body, nullptr, false);
  Error error = problem_error(problem);
  if (error.id == ErrorId::kInternal && !problem.is_object()) {
    error.what = "the server answered with status " + std::to_string(response.status) + ": " +
                 response.body.substr(0, 200);
  }
  return error;
}

}  // namespace

Error problem_error(const Json& problem) {
  if (!problem.is_object()) return {ErrorId::kInternal, "the server gave no reason"};
  const std::string number = problem.value("id", "");
  const std::string detail = problem.value("detail", "");
  for (const ErrorEntry& entry : error_catalogue()) {
    if (error_number(entry.id) == number) return {entry.id, detail};
  }
  return {ErrorId::kInternal, number + ": " + detail};
}

std::string credentials_path() {
  const std::string config_home = environment("XDG_CONFIG_HOME");
  const std::string base = config_home.empty() ? environment("HOME") + "/.config" : config_home;
  return base + "/lineshaft/credentials.json";
}

Access load_access(const std::string& url) {
  Access access;
  const Result<Bytes> file =
      sys::read_file(sys::real_file_system(), credentials_path(), kCredentialsBytesMax);
  if (file) {
    const Json json = Json::parse(as_text(*file), nullptr, false);
    if (json.is_object()) {
      access.url = json.value("url", access.url);
      access.cookie = json.value("cookie", "");
      access.csrf = json.value("csrf", "");
      access.fingerprint = json.value("fingerprint", "");
    }
  }
  const std::string wanted = url.empty() ? environment("LINESHAFT_URL") : url;
  if (!wanted.empty() && wanted != access.url) access = {wanted, "", "", "", ""};
  if (std::string token = environment("LINESHAFT_TOKEN"); !token.empty()) access.token = token;
  if (std::string print = environment("LINESHAFT_FINGERPRINT"); !print.empty()) {
    access.fingerprint = print;
  }
  return access;
}

Status save_access(const Access& access) {
  const std::string path = credentials_path();
  sys::FileSystem& files = sys::real_file_system();
  const std::string directory = path.substr(0, path.rfind('/'));
  if (Status made = files.create_directories(directory); !made) return made;
  const Json json = {{"url", access.url},
                     {"cookie", access.cookie},
                     {"csrf", access.csrf},
                     {"fingerprint", access.fingerprint}};
  return sys::write_file_atomically(files, path, as_bytes(json.dump(2) + "\n"));
}

Result<sys::HttpClientOptions> client_options(const Access& access) {
  constexpr std::string_view kScheme = "https://";
  std::string_view rest = access.url;
  if (!rest.starts_with(kScheme)) {
    return Error{ErrorId::kUsage, "the server must be given as https://host:port"};
  }
  rest.remove_prefix(kScheme.size());
  while (rest.ends_with('/')) rest.remove_suffix(1);
  const bool has_port = rest.rfind(':') != std::string_view::npos && !rest.ends_with(']');
  const Result<sys::Endpoint> endpoint =
      parse_endpoint(has_port ? std::string(rest) : std::string(rest) + ":443");
  if (!endpoint) return Error{ErrorId::kUsage, endpoint.error().what};
  sys::HttpClientOptions options;
  options.server = *endpoint;
  options.pinned_fingerprint = access.fingerprint;
  options.destinations = sys::Destinations::anywhere();  // whoever types the command says where
  return options;
}

// A certificate of the server's authority in place of a token.
static Result<sys::Certificate> own_certificate() {
  const std::string file = environment("LINESHAFT_CERTIFICATE");
  const std::string key_file = environment("LINESHAFT_CERTIFICATE_KEY");
  if (file.empty()) return sys::Certificate{};
  sys::FileSystem& files = sys::real_file_system();
  const Result<Bytes> certificate = sys::read_file(files, file, kCredentialsBytesMax);
  if (!certificate) return certificate.error();
  const Result<Bytes> key = sys::read_file(files, key_file, kCredentialsBytesMax);
  if (!key) return key.error();
  return sys::Certificate{std::string(as_text(*certificate)), std::string(as_text(*key))};
}

ApiClient::ApiClient(Access access, std::unique_ptr<sys::HttpClient> http)
    : access_(std::move(access)), http_(std::move(http)) {
  headers_.emplace_back("accept", "application/json");
  for (auto& header : credentials()) headers_.push_back(std::move(header));
}

sys::HttpHeaders ApiClient::credentials() const {
  if (!access_.token.empty()) return {{"authorization", "Bearer " + access_.token}};
  if (!access_.cookie.empty()) return {{"cookie", access_.cookie}, {"x-csrf-token", access_.csrf}};
  return {};
}

Result<ApiClient> ApiClient::open(const Access& access, Nanoseconds patience) {
  Result<sys::HttpClientOptions> options = client_options(access);
  if (!options) return options.error();
  options->timeout = patience;
  Result<sys::Certificate> own = own_certificate();
  if (!own) return own.error();
  options->own = *std::move(own);
  return ApiClient(access, sys::make_http_client(*std::move(options)));
}

Result<Json> ApiClient::read(const sys::HttpResponse& response) {
  for (const auto& [name, value] : response.headers) {
    if (name == "set-cookie") last_cookie_ = value.substr(0, value.find(';'));
  }
  if (response.status >= 400) {
    Error error = refusal(response);
    if (response.status == 401 && credentials().empty() && !response.body.empty() &&
        error.id == ErrorId::kNotSignedIn) {
      return Error{ErrorId::kNoCredentials, error.what};
    }
    return error;
  }
  if (response.body.empty()) return Json::object();
  Json json = Json::parse(response.body, nullptr, false);
  if (json.is_discarded()) return Error{ErrorId::kInternal, "the server's answer is not JSON"};
  return json;
}

Result<Json> ApiClient::send(std::string_view method, const std::string& path, const Json* body) {
  sys::HttpHeaders headers = headers_;
  if (body != nullptr) headers.emplace_back("content-type", "application/json");
  const Result<sys::HttpResponse> response = http_->request(
      method, std::string(kBase) + path, headers, body == nullptr ? std::string() : body->dump());
  if (!response) return response.error();
  return read(*response);
}

Result<Json> ApiClient::get(const std::string& path) { return send("GET", path, nullptr); }
Result<Json> ApiClient::post(const std::string& path, const Json& body) {
  return send("POST", path, &body);
}
Result<Json> ApiClient::put(const std::string& path, const Json& body) {
  return send("PUT", path, &body);
}
Result<Json> ApiClient::remove(const std::string& path) { return send("DELETE", path, nullptr); }

Result<Json> ApiClient::upload(const std::string& path, const std::string& file,
                               std::function<void(std::uint64_t)> progress) {
  const Result<sys::HttpResponse> response =
      http_->upload("POST", std::string(kBase) + path, headers_, file, std::move(progress));
  if (!response) return response.error();
  return read(*response);
}

Status ApiClient::download(const std::string& path, std::function<Status(std::string_view)> sink) {
  const Result<sys::HttpResponse> response =
      http_->download(std::string(kBase) + path, headers_, std::move(sink));
  if (!response) return response.error();
  if (const Result<Json> checked = response->status >= 400 ? read(*response) : Json(); !checked) {
    return checked.error();
  }
  return {};
}

std::string url_encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.' || c == '~') {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

}  // namespace lineshaft::app
