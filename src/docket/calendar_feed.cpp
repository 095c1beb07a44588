#include "docket/calendar_feed.h"

#include <algorithm>

#include "base/utf8.h"

namespace lineshaft::docket {
namespace {

constexpr std::size_t kLineOctetsMax = 75;  // RFC 5545, 3.1; without the line end

// RFC 5545, 3.3.11. Line ends stay; other control characters have no place in a text.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == ';' || c == ',') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      if (c != '\r') out += ' ';
    } else {
      out += c;
    }
  }
  return out;
}

// Writes one content line; a line that goes on begins with a blank, which counts.
void put(std::string& out, std::string_view name, std::string_view value) {
  std::string line(name);
  line += ':';
  line += value;
  std::string_view rest = line;
  std::size_t room = kLineOctetsMax;
  while (rest.size() > room) {
    std::string_view part = utf8_prefix(rest, room);
    // Bytes that are no UTF-8 have no good place to cut.
    if (part.empty()) part = rest.substr(0, room);
    out += part;
    out += "\r\n ";
    rest.remove_prefix(part.size());
    room = kLineOctetsMax - 1;
  }
  out += rest;
  out += "\r\n";
}

void put_text(std::string& out, std::string_view name, std::string_view text) {
  put(out, name, escaped(text));
}

// "20260228".
std::string basic_date(Day day) {
  std::string text = day_text(day);
  std::erase(text, '-');
  return text;
}

// "20260228T093000Z".
std::string basic_instant(Timestamp t) {
  std::string text = format_rfc3339(t).substr(0, 19);
  std::erase(text, '-');
  std::erase(text, ':');
  return text + "Z";
}

void put_entry(std::string& out, const FeedEntry& entry, const std::string& stamp) {
  put(out, "BEGIN", "VEVENT");
  put_text(out, "UID", entry.uid);
  put(out, "DTSTAMP", stamp);
  put(out, "DTSTART;VALUE=DATE", basic_date(entry.day));
  put_text(out, "SUMMARY", entry.summary);
  if (!entry.description.empty()) put_text(out, "DESCRIPTION", entry.description);
  put(out, "TRANSP", "TRANSPARENT");  // a deadline leaves the day free for meetings
  for (const int days : entry.alarm_days) {
    put(out, "BEGIN", "VALARM");
    put(out, "ACTION", "DISPLAY");
    put_text(out, "DESCRIPTION", entry.summary);
    put(out, "TRIGGER", "-P" + std::to_string(days) + "D");
    put(out, "END", "VALARM");
  }
  put(out, "END", "VEVENT");
}

struct Words {
  const char* grace;
  const char* fee;
  const char* uncertain;
};
constexpr Words kEnglish{"With surcharge until ",
                         "Fee: ", "The holidays of that year are not known yet: the day may move."};
constexpr Words kChinese{"宽限期至 ", "费用：", "该年节假日安排尚未公布，日期可能顺延。"};

}  // namespace

FeedEntry feed_entry(const Case& item, const Deadline& deadline, Language language,
                     std::string_view authority) {
  const Rule& rule = *deadline.rule;
  const bool is_chinese = language == Language::kChinese && !rule.title_zh.empty();
  const Words& words = is_chinese ? kChinese : kEnglish;
  const std::string number = deadline.number == 0 ? "" : std::to_string(deadline.number);
  FeedEntry entry;
  entry.day = deadline.due;
  // The day of the trigger tells two rules of one id, and two events without a number, apart.
  entry.uid = item.id + "." + deadline.pack->id + "." + rule.id + "." + number + "." +
              basic_date(deadline.trigger) + "@" + std::string(authority);
  entry.summary = item.id + ": " + (is_chinese ? rule.title_zh : rule.title);
  if (!number.empty()) entry.summary += " (" + number + ")";
  const Payment payment = payment_on(item, deadline, deadline.due);
  std::vector<Money> sums;
  for (const FeeItem& fee : payment.items) add_to(sums, fee.amount);
  for (const Money& sum : sums) entry.description += words.fee + money_text(sum) + "\n";
  if (deadline.grace_end) {
    entry.description += words.grace + day_text(*deadline.grace_end) + "\n";
  }
  if (!deadline.is_certain) entry.description += std::string(words.uncertain) + "\n";
  entry.description += rule.source;
  if (!deadline.done && rule.kind == RuleKind::kTask) entry.alarm_days = rule.remind_days;
  return entry;
}

std::string calendar_feed(std::string_view name, Timestamp stamp,
                          std::span<const FeedEntry> entries) {
  std::string out;
  put(out, "BEGIN", "VCALENDAR");
  put(out, "VERSION", "2.0");
  put(out, "PRODID", "-//Lineshaft//Docket//EN");
  put(out, "CALSCALE", "GREGORIAN");
  put(out, "METHOD", "PUBLISH");
  put_text(out, "NAME", name);  // RFC 7986, and the name for it that older programs know
  put_text(out, "X-WR-CALNAME", name);
  put(out, "REFRESH-INTERVAL;VALUE=DURATION", "P1D");
  const std::string instant = basic_instant(stamp);
  for (const FeedEntry& entry : entries) put_entry(out, entry, instant);
  put(out, "END", "VCALENDAR");
  return out;
}

}  // namespace lineshaft::docket
