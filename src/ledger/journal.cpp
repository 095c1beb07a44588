#include "ledger/journal.h"

#include "base/utf8.h"

namespace lineshaft::ledger {
namespace {

Error invalid(std::string what) { return {ErrorId::kJournalInvalid, std::move(what)}; }

Status check_text(std::string_view field, std::string_view text, std::size_t bytes_max) {
  if (text.size() > bytes_max) {
    return invalid(std::string(field) + " has more than " + std::to_string(bytes_max) + " bytes");
  }
  if (!is_utf8(text) || has_control(text)) {
    return invalid(std::string(field) + " is no plain UTF-8 text");
  }
  return {};
}

Status check_name(std::string_view field, std::string_view text) {
  if (text.empty()) return invalid(std::string(field) + " is empty");
  return check_text(field, text, kNameBytesMax);
}

bool has_legs(JournalKind kind) {
  return kind == JournalKind::kPost || kind == JournalKind::kPending ||
         kind == JournalKind::kReverse;
}

bool has_reference(JournalKind kind) {
  return kind == JournalKind::kPostPending || kind == JournalKind::kVoidPending ||
         kind == JournalKind::kReverse;
}

// Each field is there exactly when the kind has it.
Status check_fields_of_kind(const Journal& journal) {
  const JournalKind kind = journal.kind;
  const auto check = [&](const char* field, bool is_there, bool belongs) -> Status {
    if (is_there == belongs) return {};
    return invalid(std::string(field) +
                   (belongs ? " is missing in a journal of kind "
                            : " does not belong into a journal of kind ") +
                   std::string(kind_text(kind)));
  };
  if (Status ok = check("legs", !journal.legs.empty(), has_legs(kind)); !ok) return ok;
  if (Status ok = check("reference", journal.reference.value != 0, has_reference(kind)); !ok) {
    return ok;
  }
  if (journal.expiry) {
    if (Status ok = check("expiry", true, kind == JournalKind::kPending); !ok) return ok;
  }
  if (Status ok = check("account", journal.account.has_value(), kind == JournalKind::kOpenAccount);
      !ok) {
    return ok;
  }
  if (Status ok = check("closed", journal.closed.value != 0, kind == JournalKind::kCloseAccount);
      !ok) {
    return ok;
  }
  if (!journal.owner.empty()) {
    if (Status ok = check("owner", true, kind == JournalKind::kClosePeriod); !ok) return ok;
  }
  if (journal.exchange) return check("exchange", true, has_legs(kind));
  return {};
}

Status check_legs(const std::vector<Leg>& legs) {
  if (legs.empty()) return {};
  if (legs.size() < 2) return invalid("legs: there is only one");
  if (legs.size() > kLegsMax) {
    return invalid("legs: there are more than " + std::to_string(kLegsMax));
  }
  for (std::size_t i = 0; i < legs.size(); ++i) {
    const char* wrong = nullptr;
    if (legs[i].account.value == 0) wrong = "the account is missing";
    if (legs[i].amount == 0) wrong = "the amount is zero";
    if (legs[i].amount >= kAmountEnd || legs[i].amount <= -kAmountEnd) {
      wrong = "the amount has more than 30 digits";
    }
    if (wrong != nullptr) return invalid("leg " + std::to_string(i + 1) + ": " + wrong);
  }
  return {};
}

Status check_account(const Account& account) {
  if (Status name = check_name("account name", account.name); !name) return name;
  if (Status owner = check_name("account owner", account.owner); !owner) return owner;
  if (account.kind > AccountKind::kExpense) return invalid("account kind is unknown");
  if (account.constraint > Constraint::kCreditsWithinDebits) {
    return invalid("account constraint is unknown");
  }
  return {};
}

Status check_exchange(const Exchange& exchange) {
  if (exchange.from == exchange.to) return invalid("exchange: both currencies are the same");
  if (exchange.rate.numerator() <= 0) return invalid("exchange: the rate is not above zero");
  return check_name("exchange source", exchange.source);
}

}  // namespace

bool is_same_request(const Journal& a, const Journal& b) {
  if (a.recorded == b.recorded) return a == b;
  Journal same = a;
  same.recorded = b.recorded;
  return same == b;
}

Status check_journal(const Journal& journal) {
  if (journal.kind < JournalKind::kPost || journal.kind > JournalKind::kClosePeriod) {
    return invalid("kind is unknown");
  }
  if (journal.key.empty()) return invalid("key is empty");
  if (Status key = check_text("key", journal.key, kKeyBytesMax); !key) return key;
  if (journal.effective_day < kEffectiveDayMin || journal.effective_day > kEffectiveDayMax) {
    return invalid("effective_day is not between the years 1600 and 9999");
  }
  if (Status fields = check_fields_of_kind(journal); !fields) return fields;
  if (Status legs = check_legs(journal.legs); !legs) return legs;
  if (journal.account) {
    if (Status account = check_account(*journal.account); !account) return account;
  }
  if (Status owner = check_text("owner", journal.owner, kNameBytesMax); !owner) return owner;
  if (journal.exchange) {
    if (Status exchange = check_exchange(*journal.exchange); !exchange) return exchange;
  }
  if (journal.evidence.size() > kEvidenceMax) {
    return invalid("evidence has more than " + std::to_string(kEvidenceMax) + " hashes");
  }
  return check_text("memo", journal.memo, kMemoBytesMax);
}

Result<Journal> joined(Journal frame, const std::vector<Journal>& parts) {
  frame.kind = JournalKind::kPost;
  frame.legs.clear();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string name = "part " + std::to_string(i + 1) + ": ";
    if (parts[i].kind != JournalKind::kPost) return invalid(name + "kind is not post");
    if (parts[i].effective_day != frame.effective_day) {
      return invalid(name + "effective_day is another than that of the whole");
    }
    if (parts[i].exchange) {
      if (frame.exchange && frame.exchange != parts[i].exchange) {
        return invalid(name + "exchange is another than that of the whole");
      }
      frame.exchange = parts[i].exchange;
    }
    frame.legs.insert(frame.legs.end(), parts[i].legs.begin(), parts[i].legs.end());
  }
  if (Status whole = check_journal(frame); !whole) return std::move(whole).error();
  return frame;
}

std::string_view kind_text(JournalKind kind) {
  switch (kind) {
    case JournalKind::kPost:
      return "post";
    case JournalKind::kPending:
      return "pending";
    case JournalKind::kPostPending:
      return "post_pending";
    case JournalKind::kVoidPending:
      return "void_pending";
    case JournalKind::kReverse:
      return "reverse";
    case JournalKind::kOpenAccount:
      return "open_account";
    case JournalKind::kCloseAccount:
      return "close_account";
    case JournalKind::kClosePeriod:
      return "close_period";
  }
  return "unknown";
}

}  // namespace lineshaft::ledger
