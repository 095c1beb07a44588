#include "connect/lineshaft/remote.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "model/json.h"
#include "wire/batch/batch.h"

namespace lineshaft::connect {
namespace {

// A server that answers as docs/reference/api.md says.
class TestServer : public sys::HttpClient {
 public:
  std::vector<Tag> tags;
  std::vector<Sample> stored;
  std::vector<std::string> requests;
  std::string token;
  std::function<std::optional<int>(const std::vector<Sample>&)> refuse;

  Result<sys::HttpResponse> request(std::string_view method, std::string_view target,
                                    const sys::HttpHeaders& headers,
                                    std::string_view body) override {
    requests.push_back(std::string(method) + " " + std::string(target));
    token = headers[0].second;
    if (method == "GET") return list(target);
    if (target == "/api/v1/tags") return make(body);
    auto samples = batch::decode(as_bytes(body)).value();
    if (refuse) {
      if (const auto status = refuse(samples)) return answer(*status, R"({"detail":"no"})");
    }
    for (const Sample& sample : samples) {
      const bool known =
          std::ranges::any_of(tags, [&](const Tag& t) { return t.id == sample.tag; });
      if (!known) return answer(404, R"({"detail":"no such tag"})");
    }
    stored.insert(stored.end(), samples.begin(), samples.end());
    return answer(200, R"({"stored":1})");
  }
  Result<sys::HttpResponse> upload(std::string_view /*method*/, std::string_view /*target*/,
                                   const sys::HttpHeaders& /*headers*/,
                                   const std::string& /*file_path*/,
                                   std::function<void(std::uint64_t)> /*progress*/) override {
    return answer(404, "");
  }
  Result<sys::HttpResponse> download(std::string_view /*target*/,
                                     const sys::HttpHeaders& /*headers*/,
                                     std::function<Status(std::string_view)> /*sink*/) override {
    return answer(404, "");
  }

 private:
  static sys::HttpResponse answer(int status, std::string body) {
    return {status, {}, std::move(body)};
  }
  Result<sys::HttpResponse> make(std::string_view body) {
    const Result<TagSpec> spec = tag_spec_from_json(parse_json(body).value());
    if (!spec) return answer(400, R"({"detail":"bad tag"})");
    for (const Tag& tag : tags) {
      if (tag.spec.path == spec->path) return answer(409, R"({"detail":"taken"})");
    }
    tags.push_back({{static_cast<std::uint32_t>(100 + tags.size())}, *spec});
    return answer(201, dump(tag_json(tags.back())));
  }
  Result<sys::HttpResponse> list(std::string_view target) {
    Json items = Json::array();
    for (const Tag& tag : tags) {
      // The tests name no tag with a character that needs an escape, but the space.
      std::string escaped = tag.spec.path;
      if (const auto space = escaped.find(' '); space != std::string::npos) {
        escaped.replace(space, 1, "%20");
      }
      if (target.ends_with("prefix=" + escaped)) items.push_back(tag_json(tag));
    }
    return answer(200, dump({{"items", items}, {"total", items.size()}}));
  }
};

TagSpec spec_of(std::string path, ValueType type = ValueType::kFloat64) {
  TagSpec spec;
  spec.path = std::move(path);
  spec.type = type;
  spec.unit = "CEL";
  return spec;
}

Sample sample(std::uint32_t tag, std::int64_t time) {
  return {{tag}, {time}, quality::kGood, static_cast<double>(time)};
}

struct Refusals {
  std::vector<Error> all;
  RemoteServer::Refused into() {
    return [this](const Error& why) { all.push_back(why); };
  }
};

TEST(RemoteServer, MakesTheTagsThereAndStoresUnderTheirIds) {
  TestServer server;
  RemoteServer remote(server, "secret");
  const TagSpec a = spec_of("works/a");
  const TagSpec b = spec_of("works/press 4/b");
  Refusals refusals;
  const std::vector<RemoteSample> samples = {{&a, sample(1, 10)}, {&b, sample(2, 11)}};
  ASSERT_TRUE(remote.store(samples, refusals.into()).ok());
  ASSERT_EQ(server.stored.size(), 2u);
  EXPECT_EQ(server.stored[0].tag, TagId{100});
  EXPECT_EQ(server.stored[1].tag, TagId{101});
  EXPECT_EQ(server.stored[1].value, Value(11.0));
  EXPECT_EQ(server.tags[1].spec.unit, "CEL");
  EXPECT_EQ(server.token, "Bearer secret");
  EXPECT_EQ(server.requests.size(), 3u);
  ASSERT_TRUE(remote.store(samples, refusals.into()).ok());
  EXPECT_EQ(server.requests.size(), 4u) << "the ids are known now";
}

TEST(RemoteServer, FindsTagsThatExist) {
  TestServer server;
  server.tags = {{{7}, spec_of("works/press 4/b")}};
  RemoteServer remote(server, "secret");
  const TagSpec b = spec_of("works/press 4/b");
  Refusals refusals;
  ASSERT_TRUE(remote.store(std::vector<RemoteSample>{{&b, sample(2, 11)}}, refusals.into()).ok());
  EXPECT_EQ(server.stored[0].tag, TagId{7});
}

TEST(RemoteServer, TellsOfATagOfAnotherTypeAndStoresTheRest) {
  TestServer server;
  server.tags = {{{7}, spec_of("works/a", ValueType::kString)}};
  RemoteServer remote(server, "secret");
  const TagSpec a = spec_of("works/a");
  const TagSpec b = spec_of("works/b");
  Refusals refusals;
  const std::vector<RemoteSample> samples = {{&a, sample(1, 10)}, {&b, sample(2, 11)}};
  ASSERT_TRUE(remote.store(samples, refusals.into()).ok());
  ASSERT_EQ(refusals.all.size(), 1u);
  EXPECT_EQ(refusals.all[0].id, ErrorId::kTypeMismatch);
  EXPECT_EQ(server.stored.size(), 1u);
}

TEST(RemoteServer, MakesATagAgainThatHasGone) {
  TestServer server;
  RemoteServer remote(server, "secret");
  const TagSpec a = spec_of("works/a");
  Refusals refusals;
  ASSERT_TRUE(remote.store(std::vector<RemoteSample>{{&a, sample(1, 10)}}, refusals.into()).ok());
  server.tags = {{{55}, spec_of("works/a")}};
  ASSERT_TRUE(remote.store(std::vector<RemoteSample>{{&a, sample(1, 11)}}, refusals.into()).ok());
  EXPECT_EQ(server.stored.back().tag, TagId{55});
  EXPECT_TRUE(refusals.all.empty());
}

TEST(RemoteServer, LeavesOutOnlyTheSampleThatIsRefused) {
  TestServer server;
  server.refuse = [](const std::vector<Sample>& samples) -> std::optional<int> {
    const bool bad = std::ranges::any_of(samples, [](const Sample& s) { return s.time.ns == 66; });
    return bad ? std::optional(400) : std::nullopt;
  };
  RemoteServer remote(server, "secret");
  const TagSpec a = spec_of("works/a");
  std::vector<RemoteSample> samples;
  for (std::int64_t n = 1; n <= 100; ++n) samples.push_back({&a, sample(1, n)});
  Refusals refusals;
  ASSERT_TRUE(remote.store(samples, refusals.into()).ok());
  EXPECT_EQ(server.stored.size(), 99u);
  EXPECT_EQ(refusals.all.size(), 1u);
}

TEST(RemoteServer, KeepsWhatAServerCannotTakeNow) {
  TestServer server;
  const TagSpec a = spec_of("works/a");
  for (const int status : {401, 403, 429, 500, 503, 507}) {
    server.refuse = [status](const std::vector<Sample>&) { return std::optional(status); };
    RemoteServer remote(server, "secret");
    Refusals refusals;
    const Status stored =
        remote.store(std::vector<RemoteSample>{{&a, sample(1, 10)}}, refusals.into());
    EXPECT_FALSE(stored.ok()) << status;
    EXPECT_TRUE(refusals.all.empty()) << status;
  }
  EXPECT_TRUE(server.stored.empty());
}

}  // namespace
}  // namespace lineshaft::connect
