#include "app/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lineshaft::app {
namespace {

TEST(Config, AnEmptyFileGivesTheDefaults) {
  const Result<Config> config = parse_config("", "lineshaft.toml");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->listen, (sys::Endpoint{"127.0.0.1", 8443}));
  EXPECT_TRUE(is_loopback(config->listen.host));
}

TEST(Config, ReadsEverySetting) {
  const Result<Config> config = parse_config(R"(
data = "/srv/lineshaft"
listen = "[::]:443"
names = ["plant.example", "10.0.0.5"]
log_level = "debug"
[tls]
certificate = "c.pem"
key = "k.pem"
[history]
memtable_mib = 64
)",
                                             "lineshaft.toml");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->data_directory, "/srv/lineshaft");
  EXPECT_EQ(config->listen, (sys::Endpoint{"::", 443}));
  EXPECT_EQ(config->names.size(), 2U);
  EXPECT_EQ(config->log_level, LogLevel::kDebug);
  EXPECT_EQ(config->tls_key_file, "k.pem");
  EXPECT_EQ(config->memtable_mib, 64U);
}

std::string problem(std::string_view text) {
  const Result<Config> config = parse_config(text, "lineshaft.toml");
  return config ? "" : config.error().what;
}

TEST(Config, AMistakeIsNamedWithFileLineKeyAndWhatIsAllowed) {
  EXPECT_EQ(problem("\nlisten = 8443\n"),
            "lineshaft.toml:2: listen: must be a string with at least one character");
  EXPECT_EQ(problem("[history]\nmemtable_mib = 0"),
            "lineshaft.toml:2: history.memtable_mib: must be a whole number from 1 to 1024");
  EXPECT_EQ(problem("log_level = \"loud\""),
            "lineshaft.toml:1: log_level: must be \"debug\", \"info\", \"warn\" or \"error\"");
  EXPECT_THAT(problem("lisen = \"x\""), testing::HasSubstr("lisen: is not a setting; there are"));
  EXPECT_THAT(problem("data = \"a\"\nlisten = "), testing::StartsWith("lineshaft.toml:2: TOML: "));
  EXPECT_THAT(problem("[tls]\nkey = \"k.pem\""), testing::HasSubstr("give both or neither"));
}

TEST(Endpoint, RefusesWhatIsNoAddressAndPort) {
  for (const char* text : {"", "8443", ":8443", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999",
                           "::1:8443", "host:80x"}) {
    EXPECT_FALSE(parse_endpoint(text).ok()) << text;
  }
}

}  // namespace
}  // namespace lineshaft::app
