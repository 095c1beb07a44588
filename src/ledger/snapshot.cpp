// docs/formats/ledger.md, "Snapshot", has the layout.
#include "ledger/snapshot.h"

#include <algorithm>
#include <bit>

#include "base/crc32c.h"

namespace lineshaft::ledger {
namespace {

constexpr std::array<std::uint8_t, 8> kMagic = {'L', 'S', 'L', 'S', 'N', 'A', 'P', 0};
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kCrcBytes = 4;
constexpr std::size_t kKeyBytes = 16;
// Ten million journals need 160 MB for their keys.
constexpr std::size_t kBytesMax = std::size_t{16} << 30;

class Writer {
 public:
  explicit Writer(Bytes& out) : writer_(out) {}
  void number(std::uint64_t value) { writer_.varint(value); }
  void fixed(std::uint64_t value) { writer_.write_le(value); }
  void flag(bool value) { writer_.u8(value ? 1 : 0); }
  void byte(std::uint8_t value) { writer_.u8(value); }
  void bytes(ByteSpan bytes) { writer_.bytes(bytes); }
  void text(std::string_view text) {
    number(text.size());
    bytes(as_bytes(text));
  }
  void amount(Int128 value) {
    fixed(static_cast<std::uint64_t>(value));
    fixed(static_cast<std::uint64_t>(value >> 64));
  }
  void day(std::int32_t value) { writer_.write_le(static_cast<std::uint32_t>(value)); }

 private:
  ByteWriter writer_;
};

class Reader {
 public:
  explicit Reader(ByteSpan bytes) : reader_(bytes) {}
  std::uint64_t number() { return reader_.varint(); }
  // Of things of so many bytes at least: no more of them than bytes are left.
  std::uint64_t count(std::size_t bytes_each) {
    const std::uint64_t value = number();
    if (value > reader_.remaining() / bytes_each) good_ = false;
    return good() ? value : 0;
  }
  std::uint64_t fixed() { return reader_.read_le<std::uint64_t>(); }
  bool flag() { return reader_.u8() != 0; }
  std::uint8_t byte() { return reader_.u8(); }
  ByteSpan bytes(std::size_t count) { return reader_.bytes(count); }
  std::string text() {
    const std::uint64_t size = count(1);
    return std::string(as_text(bytes(static_cast<std::size_t>(size))));
  }
  Int128 amount() {
    const std::uint64_t low = fixed();
    const auto high = static_cast<std::int64_t>(fixed());
    return static_cast<Int128>(high) * (Int128{1} << 64) + static_cast<Int128>(low);
  }
  std::int32_t day() { return static_cast<std::int32_t>(reader_.read_le<std::uint32_t>()); }
  Currency currency() {
    const Result<Currency> known = Currency::parse(as_text(bytes(3)));
    if (!known) good_ = false;
    return known ? *known : Currency();
  }
  std::size_t remaining() const { return reader_.remaining(); }
  void fail() { good_ = false; }
  bool good() const { return good_ && reader_.ok(); }
  bool at_end() const { return reader_.at_end(); }

 private:
  ByteReader reader_;
  bool good_ = true;
};

}  // namespace

// Knows the inside of State.
class StateCodec {
 public:
  static void write(const State& state, Writer& out) {
    out.number(state.count_);
    out.fixed(static_cast<std::uint64_t>(state.time_.ns));
    write_owners(state, out);
    write_accounts(state, out);
    write_reservations(state, out);
    std::vector<std::uint64_t> reversed(state.reversed_.begin(), state.reversed_.end());
    std::sort(reversed.begin(), reversed.end());
    out.number(reversed.size());
    for (const std::uint64_t sequence : reversed) out.number(sequence);
    state.keys_.save([&](std::uint64_t high, std::uint64_t low) {
      out.fixed(high);
      out.fixed(low);
    });
  }

  static void read(Reader& in, State& state) {
    state.count_ = in.number();
    state.time_ = {static_cast<std::int64_t>(in.fixed())};
    read_owners(in, state);
    read_accounts(in, state);
    read_reservations(in, state);
    for (std::uint64_t left = in.count(1); left > 0; --left) state.reversed_.insert(in.number());
    if (state.count_ > in.remaining() / kKeyBytes) in.fail();
    if (in.good()) state.keys_.reserve(state.count_);
    for (std::uint64_t i = 0; in.good() && i < state.count_; ++i) {
      const std::uint64_t high = in.fixed();
      const std::uint64_t low = in.fixed();
      if (!state.keys_.restore(high, low)) in.fail();
    }
  }

 private:
  static void write_owners(const State& state, Writer& out) {
    out.day(state.all_closed_through_);
    out.number(state.owners_.size());
    for (const State::Owner& owner : state.owners_) {
      out.text(owner.name);
      out.day(owner.closed_through);
    }
  }
  static void read_owners(Reader& in, State& state) {
    state.all_closed_through_ = in.day();
    for (std::uint64_t left = in.count(5); in.good() && left > 0; --left) {
      const std::uint32_t index = state.owner_index(in.text());
      if (index + 1 != state.owners_.size()) return in.fail();
      state.owners_[index].closed_through = in.day();
    }
  }

  static void write_accounts(const State& state, Writer& out) {
    out.number(state.accounts_.size());
    for (std::size_t i = 0; i < state.accounts_.size(); ++i) {
      const Account& account = state.accounts_[i];
      const State::Book& book = state.books_[i];
      out.text(account.name);
      out.number(book.owner);
      out.bytes(as_bytes(account.currency.code()));
      out.byte(static_cast<std::uint8_t>(account.kind));
      out.byte(static_cast<std::uint8_t>(account.constraint));
      out.flag(book.closed);
      for (const Int128 sum : {book.balance.debits, book.balance.credits,
                               book.balance.pending_debits, book.balance.pending_credits}) {
        out.amount(sum);
      }
    }
  }
  static void read_accounts(Reader& in, State& state) {
    for (std::uint64_t left = in.count(70); in.good() && left > 0; --left) {
      Account account;
      account.name = in.text();
      const std::uint64_t owner = in.number();
      if (owner >= state.owners_.size()) return in.fail();
      account.owner = state.owners_[static_cast<std::size_t>(owner)].name;
      account.currency = in.currency();
      account.kind = static_cast<AccountKind>(in.byte());
      account.constraint = static_cast<Constraint>(in.byte());
      if (account.kind > AccountKind::kExpense ||
          account.constraint > Constraint::kCreditsWithinDebits || !state.open_account(account)) {
        return in.fail();
      }
      State::Book& book = state.books_.back();
      book.closed = in.flag();
      Balance& balance = book.balance;
      for (Int128* sum :
           {&balance.debits, &balance.credits, &balance.pending_debits, &balance.pending_credits}) {
        *sum = in.amount();
      }
    }
  }

  static void write_reservations(const State& state, Writer& out) {
    std::vector<std::uint64_t> numbers;
    for (const auto& [sequence, reservation] : state.reservations_) numbers.push_back(sequence);
    std::sort(numbers.begin(), numbers.end());
    out.number(numbers.size());
    for (const std::uint64_t sequence : numbers) {
      const State::Reservation& reservation = state.reservations_.at(sequence);
      out.number(sequence);
      out.byte(static_cast<std::uint8_t>(reservation.fate));
      out.flag(reservation.has_expiry);
      out.fixed(static_cast<std::uint64_t>(reservation.expiry_ns));
      out.number(reservation.legs.size());
      for (const Leg& leg : reservation.legs) {
        out.number(leg.account.value);
        out.amount(leg.amount);
      }
    }
  }
  static void read_reservations(Reader& in, State& state) {
    for (std::uint64_t left = in.count(12); in.good() && left > 0; --left) {
      const std::uint64_t sequence = in.number();
      State::Reservation& reservation = state.reservations_[sequence];
      reservation.fate = static_cast<State::Reservation::Fate>(in.byte());
      if (reservation.fate > State::Reservation::Fate::kExpired) return in.fail();
      reservation.has_expiry = in.flag();
      reservation.expiry_ns = static_cast<std::int64_t>(in.fixed());
      for (std::uint64_t legs = in.count(17); in.good() && legs > 0; --legs) {
        const std::uint64_t account = in.number();
        const AccountId id{static_cast<std::uint32_t>(account)};
        if (account > UINT32_MAX || !state.has(id)) return in.fail();
        reservation.legs.push_back({id, in.amount()});
      }
      if (reservation.fate != State::Reservation::Fate::kOpen) continue;
      ++state.open_reservations_;
      if (reservation.has_expiry) state.expiries_.emplace(reservation.expiry_ns, sequence);
    }
  }
};

Bytes encode_snapshot(const State& state, const Peaks& peaks) {
  Bytes bytes(kMagic.begin(), kMagic.end());
  ByteWriter(bytes).write_le(kVersion);
  Writer out(bytes);
  out.bytes(state.key_seed());
  out.number(peaks.size());
  for (const Sha256& hash : peaks.hashes()) out.bytes(hash);
  StateCodec::write(state, out);
  ByteWriter(bytes).write_le(crc32c(bytes));
  return bytes;
}

std::optional<Snapshot> decode_snapshot(ByteSpan bytes) {
  if (bytes.size() < kMagic.size() + kCrcBytes) return std::nullopt;
  const ByteSpan content = bytes.first(bytes.size() - kCrcBytes);
  if (ByteReader(bytes.last(kCrcBytes)).read_le<std::uint32_t>() != crc32c(content)) {
    return std::nullopt;
  }
  if (!std::equal(kMagic.begin(), kMagic.end(), content.begin())) return std::nullopt;
  ByteReader head(content.subspan(kMagic.size()));
  if (head.read_le<std::uint32_t>() != kVersion) return std::nullopt;
  Reader in(content.subspan(kMagic.size() + sizeof kVersion));
  KeySeed seed{};
  const ByteSpan seed_bytes = in.bytes(seed.size());
  std::copy(seed_bytes.begin(), seed_bytes.end(), seed.begin());
  const std::uint64_t size = in.number();
  std::vector<Sha256> hashes(static_cast<std::size_t>(std::popcount(size)));
  for (Sha256& hash : hashes) {
    const ByteSpan raw = in.bytes(hash.size());
    std::copy(raw.begin(), raw.end(), hash.begin());
  }
  Snapshot snapshot{State(seed), Peaks(size, std::move(hashes))};
  StateCodec::read(in, snapshot.state);
  if (!in.good() || !in.at_end() || snapshot.state.last().value != size) return std::nullopt;
  return snapshot;
}

std::optional<Snapshot> load_snapshot(sys::FileSystem& files, const std::string& path) {
  const Result<Bytes> bytes = sys::read_file(files, path, kBytesMax);
  if (!bytes) return std::nullopt;
  return decode_snapshot(*bytes);
}

}  // namespace lineshaft::ledger
