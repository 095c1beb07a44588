// The canonical bytes of a journal, as docs/formats/ledger.md describes them.
#include <algorithm>

#include "base/assert.h"
#include "ledger/journal.h"

namespace lineshaft::ledger {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kCurrencyBytes = 3;

__extension__ typedef unsigned __int128 UInt128;  // NOLINT: `using` is pedantic here

// --- writing ---

void put_signed(ByteWriter& writer, std::int64_t value) {
  writer.write_le(static_cast<std::uint64_t>(value));
}

void put_text(ByteWriter& writer, std::string_view text) {
  writer.varint(text.size());
  writer.bytes(as_bytes(text));
}

// Zigzag and LEB128, as base/bytes.h has them for 64 bits.
void put_amount(ByteWriter& writer, Int128 amount) {
  UInt128 rest = static_cast<UInt128>(amount) << 1 ^ static_cast<UInt128>(amount >> 127);
  while (rest >= 0x80) {
    writer.u8(static_cast<std::uint8_t>(rest | 0x80));
    rest >>= 7;
  }
  writer.u8(static_cast<std::uint8_t>(rest));
}

void put_exchange(ByteWriter& writer, const Exchange& exchange) {
  writer.bytes(as_bytes(exchange.from.code()));
  writer.bytes(as_bytes(exchange.to.code()));
  put_signed(writer, exchange.rate.numerator());
  put_signed(writer, exchange.rate.denominator());
  put_signed(writer, exchange.instant.ns);
  put_text(writer, exchange.source);
}

void put_legs(ByteWriter& writer, const Journal& journal) {
  writer.varint(journal.legs.size());
  for (const Leg& leg : journal.legs) {
    writer.varint(leg.account.value);
    put_amount(writer, leg.amount);
  }
  writer.u8(journal.exchange ? 1 : 0);
  if (journal.exchange) put_exchange(writer, *journal.exchange);
}

void put_account(ByteWriter& writer, const Account& account) {
  put_text(writer, account.name);
  put_text(writer, account.owner);
  writer.bytes(as_bytes(account.currency.code()));
  writer.u8(static_cast<std::uint8_t>(account.kind));
  writer.u8(static_cast<std::uint8_t>(account.constraint));
}

void put_body(ByteWriter& writer, const Journal& journal) {
  switch (journal.kind) {
    case JournalKind::kPending:
      writer.u8(journal.expiry ? 1 : 0);
      if (journal.expiry) put_signed(writer, journal.expiry->ns);
      return put_legs(writer, journal);
    case JournalKind::kReverse:
      writer.varint(journal.reference.value);
      return put_legs(writer, journal);
    case JournalKind::kPost:
      return put_legs(writer, journal);
    case JournalKind::kPostPending:
    case JournalKind::kVoidPending:
      return writer.varint(journal.reference.value);
    case JournalKind::kOpenAccount:
      return put_account(writer, *journal.account);
    case JournalKind::kCloseAccount:
      return writer.varint(journal.closed.value);
    case JournalKind::kClosePeriod:
      return put_text(writer, journal.owner);
  }
}

// --- reading ---

class Decoder {
 public:
  Decoder(ByteSpan bytes, Journal& out) : reader_(bytes), out_(out) {}

  // False if these are no bytes of a journal; what it says is for check_journal to judge.
  bool read();

 private:
  // Every number has one form: the shortest.
  std::uint64_t varint() {
    const std::size_t from = reader_.position();
    const std::uint64_t value = reader_.varint();
    const std::size_t taken = reader_.position() - from;
    if (taken > 1 && value >> (7 * (taken - 1)) == 0) good_ = false;
    return value;
  }
  std::int64_t fixed() { return static_cast<std::int64_t>(reader_.read_le<std::uint64_t>()); }
  bool flag() {
    const std::uint8_t value = reader_.u8();
    if (value > 1) good_ = false;
    return value == 1;
  }
  void text(std::string& out) {
    const std::uint64_t size = varint();
    if (size > reader_.remaining()) good_ = false;
    const ByteSpan bytes = reader_.bytes(good_ ? static_cast<std::size_t>(size) : 0);
    out.assign(as_text(bytes));
  }
  Currency currency() {
    const Result<Currency> known = Currency::parse(as_text(reader_.bytes(kCurrencyBytes)));
    if (!known) good_ = false;
    return known ? *known : Currency();
  }
  Int128 amount();
  void legs();
  Exchange exchange();
  void account();
  void body();

  ByteReader reader_;
  Journal& out_;
  bool good_ = true;
};

Int128 Decoder::amount() {
  UInt128 value = 0;
  for (unsigned shift = 0; shift < 120; shift += 7) {
    const std::uint8_t byte = reader_.u8();
    value |= static_cast<UInt128>(byte & 0x7f) << shift;
    if ((byte & 0x80) != 0) continue;
    if (byte == 0 && shift > 0) break;  // a longer form of a smaller number
    return static_cast<Int128>(value >> 1) ^ -static_cast<Int128>(value & 1);
  }
  good_ = false;
  return 0;
}

void Decoder::legs() {
  const std::uint64_t count = varint();
  // A leg has at least two bytes: nothing is allocated for what is not there.
  if (count > reader_.remaining() / 2) good_ = false;
  if (!good_) return;
  out_.legs.resize(static_cast<std::size_t>(count));
  for (Leg& leg : out_.legs) {
    const std::uint64_t account = varint();
    if (account > UINT32_MAX) good_ = false;
    leg = {AccountId{static_cast<std::uint32_t>(account)}, amount()};
  }
  if (flag()) out_.exchange = exchange();
}

Exchange Decoder::exchange() {
  Exchange exchange;
  exchange.from = currency();
  exchange.to = currency();
  const std::int64_t numerator = fixed();
  const std::int64_t denominator = fixed();
  const Result<Ratio> rate = Ratio::make(numerator, denominator);
  if (rate) exchange.rate = *rate;
  if (exchange.rate.numerator() != numerator || exchange.rate.denominator() != denominator) {
    good_ = false;
  }
  exchange.instant = {fixed()};
  text(exchange.source);
  return exchange;
}

void Decoder::account() {
  Account& account = out_.account.emplace();
  text(account.name);
  text(account.owner);
  account.currency = currency();
  account.kind = static_cast<AccountKind>(reader_.u8());
  account.constraint = static_cast<Constraint>(reader_.u8());
}

void Decoder::body() {
  switch (out_.kind) {
    case JournalKind::kPending:
      if (flag()) out_.expiry = Timestamp{fixed()};
      return legs();
    case JournalKind::kReverse:
      out_.reference = {varint()};
      return legs();
    case JournalKind::kPost:
      return legs();
    case JournalKind::kPostPending:
    case JournalKind::kVoidPending:
      out_.reference = {varint()};
      return;
    case JournalKind::kOpenAccount:
      return account();
    case JournalKind::kCloseAccount: {
      const std::uint64_t closed = varint();
      if (closed > UINT32_MAX) good_ = false;
      out_.closed = {static_cast<std::uint32_t>(closed)};
      return;
    }
    case JournalKind::kClosePeriod:
      return text(out_.owner);
  }
  good_ = false;
}

bool Decoder::read() {
  out_.legs.clear();
  out_.expiry.reset();
  out_.reference = {};
  out_.account.reset();
  out_.closed = {};
  out_.owner.clear();
  out_.exchange.reset();
  out_.evidence.clear();
  reader_.u8();  // the version, which decode_journal has seen
  out_.kind = static_cast<JournalKind>(reader_.u8());
  out_.recorded = {fixed()};
  out_.effective_day = static_cast<std::int32_t>(reader_.read_le<std::uint32_t>());
  text(out_.key);
  body();
  text(out_.memo);
  const std::size_t evidence = reader_.u8();
  if (evidence > kEvidenceMax) good_ = false;
  for (std::size_t i = 0; good_ && i < evidence; ++i) {
    const ByteSpan bytes = reader_.bytes(sizeof(Sha256));
    if (bytes.empty()) break;
    std::copy(bytes.begin(), bytes.end(), out_.evidence.emplace_back().begin());
  }
  return good_ && reader_.ok() && reader_.at_end();
}

}  // namespace

void encode_journal(const Journal& journal, Bytes& out) {
  ByteWriter writer(out);
  writer.u8(kVersion);
  writer.u8(static_cast<std::uint8_t>(journal.kind));
  put_signed(writer, journal.recorded.ns);
  writer.write_le(static_cast<std::uint32_t>(journal.effective_day));
  put_text(writer, journal.key);
  put_body(writer, journal);
  put_text(writer, journal.memo);
  LS_ASSERT(journal.evidence.size() <= kEvidenceMax);
  writer.u8(static_cast<std::uint8_t>(journal.evidence.size()));
  for (const Sha256& hash : journal.evidence) writer.bytes(hash);
}

Status decode_journal(ByteSpan bytes, Journal& out) {
  if (!bytes.empty() && bytes[0] > kVersion) {
    return Error{ErrorId::kFormatTooNew, "a journal has format version " +
                                             std::to_string(bytes[0]) + ", known is " +
                                             std::to_string(kVersion)};
  }
  if (bytes.empty() || bytes[0] != kVersion || !Decoder(bytes, out).read()) {
    return Error{ErrorId::kJournalInvalid, "these are not the bytes of a journal"};
  }
  return check_journal(out);
}

}  // namespace lineshaft::ledger
