// identity/audit_entry.h: the one form of an entry as bytes, which its hash is of
// (docs/formats/audit.md). Pure functions.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "identity/audit.h"
#include "ledger/merkle.h"

namespace lineshaft::identity {

// One line of JSON with all fields in the order of the alphabet. Two entries have the same line
// only if they are the same.
std::string entry_line(const AuditEntry& entry);
ledger::Sha256 entry_hash(const AuditEntry& entry);

// {"email":"ann@example.com","role":"viewer"}: what a change is from, or to.
std::string text_object(std::initializer_list<std::pair<const char*, std::string_view>> fields);

std::string_view result_word(AuditResult result);
std::string_view door_word(Door door);
std::string_view kind_word(const Principal& principal);

}  // namespace lineshaft::identity
