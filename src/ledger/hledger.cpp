// The posted journals as text for hledger, so that another program can add everything up again.
#include <shared_mutex>

#include "ledger/ledger.h"
#include "ledger/source.h"

namespace lineshaft::ledger {
namespace {

constexpr std::size_t kBufferBytes = 1024 * 1024;

// Nothing that its grammar gives a meaning to.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool special = c == ':' || c == ';' || c == '|' || c == ' ' || c == '"' || c == '(' ||
                         c == ')' || c == '[' || c == ']' || c == '*' || c == '!' || c == '=';
    out += special ? '_' : c;
  }
  return out;
}

// "acme:12:acme/cash": the number keeps names apart that differ in special characters only.
std::string account_name(AccountId id, const Account& account) {
  return plain(account.owner) + ":" + std::to_string(id.value) + ":" + plain(account.name);
}

}  // namespace

Status Ledger::write_hledger(const std::string& path) const {
  const Sequence through = last();
  return sys::write_file_in_parts(files_, path, [&](sys::File& file) -> Status {
    std::string text;
    std::uint64_t offset = 0;
    const auto flush = [&]() -> Status {
      Status written = file.write_at(offset, as_bytes(text));
      offset += text.size();
      text.clear();
      return written;
    };
    Journal journal;
    const LogEarlier earlier(reader_);
    Status done =
        read_entries(reader_, {1}, through, [&](Sequence sequence, ByteSpan bytes) -> Status {
          if (Status read = decode_journal(bytes, journal); !read) return read;
          if (journal.kind == JournalKind::kPostPending) {
            Result<Journal> pending = earlier.read(journal.reference);
            if (!pending) return std::move(pending).error();
            journal.legs = std::move(pending->legs);
          } else if (journal.kind == JournalKind::kPending) {
            return {};
          }
          if (journal.legs.empty()) return {};
          text += format_rfc3339({std::int64_t{journal.effective_day} * 86'400 * 1'000'000'000})
                      .substr(0, 10) +
                  " (" + std::to_string(sequence.value) + ") " + plain(journal.key) + "\n";
          {
            const std::shared_lock lock(mutex_);
            for (const Leg& leg : journal.legs) {
              const Account& account = state_.account(leg.account);
              text += "    " + account_name(leg.account, account) + "  " +
                      money_text({leg.amount, account.currency}) + "\n";
            }
          }
          text += "\n";
          return text.size() < kBufferBytes ? Status() : flush();
        });
    return done ? flush() : done;
  });
}

}  // namespace lineshaft::ledger
