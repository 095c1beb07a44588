// The whole ledger for others, piece by piece: an export to verify, and text for hledger.
#include <algorithm>
#include <shared_mutex>

#include "ledger/export.h"
#include "ledger/ledger.h"
#include "ledger/source.h"

namespace lineshaft::ledger {
namespace {

// Of a piece: some 30 KiB, at most 64 MiB.
constexpr std::uint64_t kEntriesPerPiece = 256;

Status write_pieces(sys::FileSystem& files, const std::string& path, const Pieces& pieces) {
  return sys::write_file_in_parts(files, path, [&](sys::File& file) -> Status {
    for (std::uint64_t offset = 0;;) {
      const Result<std::string> piece = pieces();
      if (!piece) return piece.error();
      if (piece->empty()) return {};
      if (Status written = file.write_at(offset, as_bytes(*piece)); !written) return written;
      offset += piece->size();
    }
  });
}

// Nothing that the grammar of hledger gives a meaning to.
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

std::string day_of(const Journal& journal) {
  return format_rfc3339({std::int64_t{journal.effective_day} * 86'400 * 1'000'000'000})
      .substr(0, 10);
}

}  // namespace

Result<Pieces> Ledger::export_pieces(ExportOf of) {
  const Result<SignedNote> note = of == ExportOf::kAll ? checkpoint() : witnesses_.newest();
  if (!note) return note.error();
  if (!signer_) return *key_trouble_;
  const Result<Checkpoint> opened = open_checkpoint(*note, signer_->key());
  if (!opened) return opened.error();
  return Pieces([this, note = note->encoded(), size = opened->size,
                 next = std::uint64_t{0}]() mutable -> Result<std::string> {
    Bytes out;
    if (next > size) return std::string();
    if (next == 0) append_export_begin(out);
    if (size > 0) {
      const Sequence from{std::max<std::uint64_t>(next, 1)};
      next = std::min(size, from.value + kEntriesPerPiece - 1) + 1;
      Status read = read_entries(reader_, from, {next - 1}, [&](Sequence, ByteSpan entry) {
        append_export_entry(entry, leaf_hash(entry), out);
        return Status();
      });
      if (!read) return std::move(read).error();
    } else {
      next = 1;
    }
    if (next > size) append_export_end(signer_->key().text(), note, out);
    return std::string(as_text(out));
  });
}

Status Ledger::export_to(const std::string& path, ExportOf of) {
  const Result<Pieces> pieces = export_pieces(of);
  if (!pieces) return pieces.error();
  return write_pieces(files_, path, *pieces);
}

Status Ledger::append_hledger(Sequence sequence, ByteSpan bytes, std::string& text) const {
  Journal journal;
  if (Status read = decode_journal(bytes, journal); !read) return read;
  if (journal.kind == JournalKind::kPostPending) {
    Result<Journal> pending = LogEarlier(reader_).read(journal.reference);
    if (!pending) return std::move(pending).error();
    journal.legs = std::move(pending->legs);
  } else if (journal.kind == JournalKind::kPending) {
    return {};
  }
  if (journal.legs.empty()) return {};
  text += day_of(journal) + " (" + std::to_string(sequence.value) + ") " + plain(journal.key);
  const std::shared_lock lock(mutex_);
  for (const Leg& leg : journal.legs) {
    const Account& account = state_.account(leg.account);
    text += "\n    " + account_name(leg.account, account) + "  " +
            money_text({leg.amount, account.currency});
  }
  text += "\n\n";
  return {};
}

Pieces Ledger::hledger_pieces() const {
  return [this, size = last().value, next = std::uint64_t{1}]() mutable -> Result<std::string> {
    std::string text;
    while (text.empty() && next <= size) {
      const Sequence from{next};
      next = std::min(size, next + kEntriesPerPiece - 1) + 1;
      Status read = read_entries(reader_, from, {next - 1}, [&](Sequence sequence, ByteSpan bytes) {
        return append_hledger(sequence, bytes, text);
      });
      if (!read) return std::move(read).error();
    }
    return text;
  };
}

Status Ledger::write_hledger(const std::string& path) const {
  return write_pieces(files_, path, hledger_pieces());
}

}  // namespace lineshaft::ledger
