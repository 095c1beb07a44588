#include "identity/audit_entry.h"

#include <array>

namespace lineshaft::identity {
namespace {

// RFC 8785 escapes what must be escaped and nothing else. Bytes that are no UTF-8 pass as they are:
// what stands on a tampered disk must not be made equal to something else.
void append_text(std::string& line, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  line += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (byte >= 0x20) {
      line += c;
    } else if (constexpr std::string_view kShort = "\b\t\n\f\r"; kShort.find(c) != kShort.npos) {
      line += '\\';
      line += "btnfr"[kShort.find(c)];
    } else {
      line += "\\u00";
      line += kHex[byte >> 4U];
      line += kHex[byte & 15U];
    }
  }
  line += '"';
}

void append_field(std::string& line, const char* name, std::string_view text) {
  line += line.empty() ? "{\"" : ",\"";
  line += name;
  line += "\":";
  append_text(line, text);
}

void append_number(std::string& line, const char* name, const std::string& digits) {
  line += ",\"";
  line += name;
  line += "\":" + digits;
}

}  // namespace

std::string entry_line(const AuditEntry& entry) {
  std::string line;
  append_field(line, "action", entry.action);
  append_field(line, "actor", entry.actor);
  append_number(line, "actor_id", std::to_string(entry.actor_id));
  append_field(line, "actor_kind", entry.actor_kind);
  append_field(line, "address", entry.address);
  append_field(line, "after", entry.after);
  append_field(line, "before", entry.before);
  append_field(line, "detail", entry.detail);
  append_field(line, "door", entry.door);
  append_number(line, "id", std::to_string(entry.id));
  append_field(line, "object", entry.object);
  append_field(line, "request", entry.request);
  append_field(line, "result", entry.result);
  append_number(line, "tenant", std::to_string(entry.tenant.value));
  append_number(line, "time", std::to_string(entry.time.ns));
  return line + "}";
}

std::string text_object(std::initializer_list<std::pair<const char*, std::string_view>> fields) {
  std::string object;
  for (const auto& [name, text] : fields) append_field(object, name, text);
  return object.empty() ? object : object + "}";
}

ledger::Sha256 entry_hash(const AuditEntry& entry) {
  const std::string line = entry_line(entry);
  return ledger::leaf_hash(as_bytes(line));
}

std::string_view result_word(AuditResult result) {
  constexpr std::array<std::string_view, 3> kWords{"done", "refused", "failed"};
  return kWords.at(static_cast<std::size_t>(result));
}

std::string_view door_word(Door door) {
  constexpr std::array<std::string_view, 6> kWords{"", "console", "api", "cli", "flow", "server"};
  return kWords.at(static_cast<std::size_t>(door));
}

std::string_view kind_word(const Principal& principal) {
  if (principal.kind == PrincipalKind::kUser) return "user";
  if (principal.origin.door == Door::kServer) return "server";
  if (principal.origin.door == Door::kFlow) return "flow";
  return principal.kind == PrincipalKind::kToken ? "token" : "nobody";
}

}  // namespace lineshaft::identity
