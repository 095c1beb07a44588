#include "app/audit_sender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "identity/audit_entry.h"

namespace lineshaft::app {
namespace {

identity::AuditEntry entry_of(std::string action, std::string result) {
  identity::AuditEntry entry;
  entry.id = 7;
  entry.time = Timestamp{1'795'000'000'123'456'789};  // 2026-11-18T11:06:40.123456789Z
  entry.action = std::move(action);
  entry.result = std::move(result);
  return entry;
}

// Expected: RFC 5424, 6: PRI is 13 (log audit) * 8 + 6 (informational) or 4 (warning); a time has
// six digits of a second at most; RFC 5425, 4.3: the length in bytes stands before it.
TEST(SyslogFrame, IsOneOfRfc5424WithItsLength) {
  const identity::AuditEntry entry = entry_of("tag.write", "done");
  const std::string message =
      "<110>1 2026-11-18T11:06:40.123456Z plant.example lineshaft - tag.write - \xef\xbb\xbf" +
      identity::entry_line(entry);
  EXPECT_EQ(syslog_frame(entry, "plant.example"), std::to_string(message.size()) + " " + message);
}

TEST(SyslogFrame, WarnsOfWhatWasRefusedOrFailed) {
  EXPECT_THAT(syslog_frame(entry_of("access.denied", "refused"), "a"),
              testing::HasSubstr(" <108>1 "));
  EXPECT_THAT(syslog_frame(entry_of("tag.write", "failed"), "a"), testing::HasSubstr(" <108>1 "));
}

TEST(SyslogFrame, HasAMessageIdOfTheFormThatIsAllowed) {
  EXPECT_THAT(syslog_frame(entry_of("", "done"), "a"), testing::HasSubstr(" lineshaft - - - "));
  EXPECT_THAT(syslog_frame(entry_of(std::string(40, 'x'), "done"), "a"),
              testing::HasSubstr(" lineshaft - " + std::string(32, 'x') + " - "));
  EXPECT_THAT(syslog_frame(entry_of("a b\xc3\xa9", "done"), "a"),
              testing::HasSubstr(" lineshaft - a_b__ - "));
}

}  // namespace
}  // namespace lineshaft::app
