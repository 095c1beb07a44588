// What every answer carries, over all routes and files of the console.
#include <gtest/gtest.h>

#include <future>
#include <nlohmann/json.hpp>

#include "api/router_fixture.h"

namespace lineshaft::api {
namespace {

class Kept final : public sys::HttpResponder {
 public:
  explicit Kept(std::promise<sys::HttpResponse>& out) : out_(out) {}
  void send(sys::HttpResponse response) override { out_.set_value(std::move(response)); }
  void send_stream(sys::HttpResponse head, sys::HttpBodySource) override {
    out_.set_value(std::move(head));
  }

 private:
  std::promise<sys::HttpResponse>& out_;
};

class Headers : public Api {
 protected:
  sys::HttpResponse whole(const std::string& method, const std::string& path,
                          sys::HttpHeaders headers = {}) {
    std::promise<sys::HttpResponse> out;
    sys::HttpRequest request;
    request.method = method;
    request.path = path;
    request.headers = std::move(headers);
    request.headers.emplace_back("accept-encoding", "gzip");
    router_->handle(std::move(request), std::make_unique<Kept>(out));
    return out.get_future().get();
  }
  static std::string value(const sys::HttpResponse& response, std::string_view name) {
    for (const auto& [key, text] : response.headers) {
      if (key == name) return text;
    }
    return {};
  }
  // Every route as an administrator, and as nobody; pages, files, what is missing.
  void for_all(const std::function<void(const std::string&, const sys::HttpResponse&)>& look) {
    const sys::HttpHeaders administrator{{"authorization", token(Role::kAdministrator)}};
    for (const Route& route : router_->routes()) {
      std::string path = "/api/v1" + std::string(route.path);
      for (std::size_t at = path.find('{'); at != path.npos; at = path.find('{')) {
        path.replace(at, path.find('}') - at + 1, "1");
      }
      const std::string name = std::string(route.method) + " " + path;
      look(name + " by nobody", whole(route.method, path));
      if (std::string_view(route.method) == "GET") {
        look(name, whole(route.method, path, administrator));
      }
    }
    for (const char* path : {"/", "/trends", "/assets/x-1.js", "/nothing.js", "/api/v1/nothing",
                             "/.well-known/security.txt", "/api/v1"}) {
      look(path, whole("GET", path));
    }
  }
};

TEST_F(Headers, EveryAnswerCarriesWhatProtectsABrowser) {
  claim_and_keep();
  int looked = 0;
  for_all([&](const std::string& name, const sys::HttpResponse& answer) {
    ++looked;
    EXPECT_EQ(value(answer, "strict-transport-security"), "max-age=31536000; includeSubDomains")
        << name;
    EXPECT_EQ(value(answer, "x-content-type-options"), "nosniff") << name;
    EXPECT_EQ(value(answer, "referrer-policy"), "no-referrer") << name;
    EXPECT_EQ(value(answer, "cross-origin-opener-policy"), "same-origin") << name;
    EXPECT_EQ(value(answer, "cross-origin-resource-policy"), "same-origin") << name;
    EXPECT_NE(value(answer, "permissions-policy").find("camera=()"), std::string::npos) << name;
    EXPECT_EQ(value(answer, "access-control-allow-origin"), "") << name;
    const std::string policy = value(answer, "content-security-policy");
    for (const char* part : {"default-src 'self'", "object-src 'none'", "base-uri 'none'",
                             "form-action 'self'", "frame-ancestors 'none'"}) {
      EXPECT_NE(policy.find(part), std::string::npos) << name << ": " << part;
    }
    EXPECT_EQ(policy.find("unsafe"), std::string::npos) << name;
    if (name.find("/api/v1") != std::string::npos) {
      EXPECT_EQ(value(answer, "cache-control"), "no-store") << name;
    }
  });
  EXPECT_GT(looked, 200);
}

TEST_F(Headers, EveryAnswerSaysWhatItIs) {
  claim_and_keep();
  for_all([&](const std::string& name, const sys::HttpResponse& answer) {
    if (answer.body.empty()) return;
    const std::string type = value(answer, "content-type");
    EXPECT_NE(type, "") << name;
    // JSON is UTF-8 by its definition (RFC 8259).
    if (type.starts_with("text/") && !type.starts_with("text/html")) {
      EXPECT_NE(type.find("charset=utf-8"), std::string::npos) << name << ": " << type;
    }
  });
}

TEST_F(Headers, SigningOutClearsWhatTheBrowserKept) {
  claim_and_keep();
  const Reply out =
      ask("DELETE", "/session", Json(), {{"cookie", session_}, {"x-csrf-token", csrf_}});
  ASSERT_EQ(out.status, 204) << out.body;
  EXPECT_EQ(header(out, "clear-site-data"), "\"cache\"");
  EXPECT_NE(header(out, "set-cookie").find("Max-Age=0"), std::string::npos);
}

TEST_F(Headers, SecurityTxtNamesWhomToTell) {
  EXPECT_EQ(whole("GET", "/.well-known/security.txt").body, "Contact: mailto:a@example.com\n");
}

}  // namespace
}  // namespace lineshaft::api
