#include "app/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace lineshaft::app {
namespace {

TEST(Config, AnEmptyFileGivesTheDefaults) {
  const Result<Config> config = parse_config("", "lineshaft.toml");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->listen, (sys::Endpoint{"127.0.0.1", 8443}));
  EXPECT_TRUE(is_loopback(config->listen.host));
  EXPECT_EQ(config->outgoing, sys::Destinations()) << "this machine and private networks";
  EXPECT_EQ(config->plain, sys::Destinations()) << "the same";
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
[outgoing]
allow = ["10.0.0.0/8:502", "broker.example:8883"]
[plain]
allow = ["10.0.0.0/8:502"]
[security]
notice = "For staff only.\nUse is logged."
[history]
memtable_mib = 64
scrub_days = 30
disk_low = "512 MiB"
disk_critical = "3% or 1 GiB"
[vault]
master = "pkcs11"
master_key_file = "m.key"
pkcs11_module = "p.so"
pkcs11_token = "plant"
pkcs11_key = "k"
encryption = true
)",
                                             "lineshaft.toml");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->data_directory, "/srv/lineshaft");
  EXPECT_EQ(config->listen, (sys::Endpoint{"::", 443}));
  EXPECT_EQ(config->names.size(), 2U);
  EXPECT_EQ(config->log_level, LogLevel::kDebug);
  EXPECT_EQ(config->tls_key_file, "k.pem");
  EXPECT_EQ(config->notice, "For staff only.\nUse is logged.");
  EXPECT_EQ(config->outgoing.entries(),
            (std::vector<std::string>{"10.0.0.0/8:502", "broker.example:8883"}));
  EXPECT_EQ(config->plain.entries(), (std::vector<std::string>{"10.0.0.0/8:502"}));
  EXPECT_EQ(config->memtable_mib, 64U);
  EXPECT_EQ(config->scrub_days, 30);
  EXPECT_EQ(config->disk_low, (historian::DiskMark{.bytes = 512U << 20U, .percent = 0}));
  EXPECT_EQ(config->disk_critical, (historian::DiskMark{.bytes = 1U << 30U, .percent = 3}));
  EXPECT_EQ(config->master, "pkcs11");
  EXPECT_EQ(config->master_key_file, "m.key");
  EXPECT_EQ(config->pkcs11_module, "p.so");
  EXPECT_EQ(config->pkcs11_token, "plant");
  EXPECT_EQ(config->pkcs11_key, "k");
  EXPECT_TRUE(config->encryption);
}

TEST(Config, RefusesAmountsThatAreNone) {
  for (const char* text : {"", "%", "10", "101%", "10 GB", "1 GiB or", "1 GiB or 2", "-1%", "1GiB",
                           " 1 GiB", "1.5 GiB", "99999999999 GiB"}) {
    EXPECT_FALSE(parse_disk_mark(text).ok()) << text;
  }
}

std::string problem(std::string_view text) {
  const Result<Config> config = parse_config(text, "lineshaft.toml");
  return config ? "" : config.error().what;
}

TEST(Config, AListOfNamesHoldsNothingButNames) {
  for (const char* names : {"\"a\"", "[1]", "[\"a\", 2]", "[\"\"]", "{a = 1}"}) {
    EXPECT_THAT(problem("names = " + std::string(names)),
                testing::HasSubstr("lineshaft.toml:1: names"))
        << names;
  }
  EXPECT_EQ(problem("names = []"), "");
}

TEST(Config, ANoticeIsTextThatATerminalCanShow) {
  for (const std::string& notice :
       {std::string("\"\""), std::string("7"), std::string("\"a\\u001b[2J\""),
        std::string("\"a\\tb\""), "\"" + std::string(4001, 'x') + "\""}) {
    EXPECT_THAT(problem("[security]\nnotice = " + notice),
                testing::HasSubstr("security.notice: must be text"))
        << notice.substr(0, 20);
  }
  EXPECT_EQ(problem("[security]\nnotice = \"钢厂专用\\n使用情况会被记录\""), "");
}

TEST(Config, AListOfDestinationsHoldsNothingButThose) {
  for (const std::string setting : {"outgoing", "plain"}) {
    for (const char* list : {"\"private\"", "[1]", "[\"10.0.0.1/8\"]", "[\"private\", \"\"]",
                             "[\"private\", \"none\"]"}) {
      EXPECT_THAT(problem("[" + setting + "]\nallow = " + list),
                  testing::HasSubstr("lineshaft.toml:2: " + setting + ".allow: must be a list of"))
          << list;
    }
    EXPECT_EQ(problem("[" + setting + "]\nallow = []"), "");
    EXPECT_EQ(problem("[" + setting + "]\nallow = [\"none\"]"), "");
  }
}

TEST(Config, AMistakeIsNamedWithFileLineKeyAndWhatIsAllowed) {
  EXPECT_EQ(problem("\nlisten = 8443\n"),
            "lineshaft.toml:2: listen: must be \"address:port\", as in \"127.0.0.1:8443\" or "
            "\"[::1]:8443\"");
  EXPECT_EQ(problem("[history]\nmemtable_mib = 0"),
            "lineshaft.toml:2: history.memtable_mib: must be a whole number from 1 to 1024");
  EXPECT_EQ(problem("log_level = \"loud\""),
            "lineshaft.toml:1: log_level: must be \"debug\", \"info\", \"warn\" or \"error\"");
  EXPECT_THAT(problem("lisen = \"x\""), testing::HasSubstr("lisen: is not a setting; there are"));
  EXPECT_THAT(problem("data = \"a\"\nlisten = "), testing::StartsWith("lineshaft.toml:2: TOML: "));
  EXPECT_THAT(problem("[tls]\nkey = \"k.pem\""), testing::HasSubstr("give both or neither"));
}

// The page is for administrators: it must name every setting with the default and the bounds that
// the program has, and its example must be one that the program takes.
std::string configuration_page() {
  std::ifstream in(std::string(LINESHAFT_SOURCE_DIR) + "/docs/reference/configuration.md");
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(ConfigurationPage, NamesEverySettingWithItsDefaultAndWhatIsAllowed) {
  const std::string page = configuration_page();
  std::size_t rows = 0;
  for (std::size_t at = 0; (at = page.find("\n| `", at)) != std::string::npos; ++at) {
    if (page[at + 4] != '"') ++rows;  // a word of a list is no setting
  }
  EXPECT_EQ(rows, all_settings().size()) << "a row of a setting that does not exist";
  for (const Setting& setting : all_settings()) {
    const std::string fallback =
        setting.fallback.empty() ? "" : "`" + std::string(setting.fallback) + "`";
    EXPECT_THAT(page, testing::HasSubstr("| `" + std::string(setting.key) + "` | " + fallback +
                                         " | " + std::string(setting.allowed) + " |"));
  }
}

TEST(ConfigurationPage, TheDefaultsAreThoseOfTheProgram) {
  std::string text;
  for (const Setting& setting : all_settings()) {
    if (!setting.fallback.empty()) {
      text += std::string(setting.key) + " = " + std::string(setting.fallback) + "\n";
    }
  }
  const Result<Config> config = parse_config(text, "defaults");
  ASSERT_TRUE(config.ok()) << config.error().what;
  EXPECT_EQ(*config, Config{});
}

TEST(ConfigurationPage, ItsExampleIsTaken) {
  const std::string page = configuration_page();
  const std::size_t begin = page.find("```toml\n");
  ASSERT_NE(begin, std::string::npos);
  const std::string example = page.substr(begin + 8, page.find("```", begin + 8) - begin - 8);
  const Result<Config> config = parse_config(example, "example");
  ASSERT_TRUE(config.ok()) << config.error().what;
  for (const Setting& setting : all_settings()) {
    const std::string_view name = setting.key.substr(setting.key.rfind('.') + 1);
    EXPECT_THAT(example, testing::HasSubstr(std::string(name) + " = ")) << "not in the example";
  }
}

TEST(Endpoint, RefusesWhatIsNoAddressAndPort) {
  for (const char* text : {"", "8443", ":8443", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999",
                           "::1:8443", "host:80x"}) {
    EXPECT_FALSE(parse_endpoint(text).ok()) << text;
  }
}

}  // namespace
}  // namespace lineshaft::app
