#include "ledger/note.h"

#include <sodium.h>

#include <algorithm>

#include "base/assert.h"
#include "base/utf8.h"
#include "sys/sha256.h"

namespace lineshaft::ledger {
namespace {

constexpr std::string_view kDash = "\xe2\x80\x94 ";  // em dash, blank
constexpr std::size_t kSignatureBytes = 64;
constexpr std::size_t kTimeBytes = 8;
constexpr std::size_t kIdBytes = 4;

Error invalid(std::string what) { return {ErrorId::kInvalidArgument, std::move(what)}; }

std::uint64_t seconds_of(Timestamp time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, time.ns / 1'000'000'000));
}

// What a witness signs.
std::string cosigned_text(std::string_view text, std::uint64_t seconds) {
  return "cosignature/v1\ntime " + std::to_string(seconds) + "\n" + std::string(text);
}

bool is_signed_by(std::string_view text, ByteSpan signature, const NoteKey& key) {
  return crypto_sign_verify_detached(signature.data(),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     text.size(), key.public_key.data()) == 0;
}

// "name base64(id || signature)".
std::optional<NoteSignature> parse_signature(std::string_view line) {
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos || !is_key_name(line.substr(0, blank))) return std::nullopt;
  const std::optional<Bytes> bytes = base64_bytes(line.substr(blank + 1));
  if (!bytes || bytes->size() <= kIdBytes) return std::nullopt;
  NoteSignature signature;
  signature.name = std::string(line.substr(0, blank));
  signature.key_id = ByteReader(*bytes).read_be<std::uint32_t>();
  signature.signature.assign(bytes->begin() + kIdBytes, bytes->end());
  return signature;
}

}  // namespace

std::string base64_text(ByteSpan bytes) {
  std::string text(sodium_base64_ENCODED_LEN(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();  // the NUL
  return text;
}

std::optional<Bytes> base64_bytes(std::string_view text) {
  Bytes bytes(text.size() + 1);  // never a null pointer
  std::size_t size = 0;
  if (sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &size,
                        nullptr, sodium_base64_VARIANT_ORIGINAL) != 0) {
    return std::nullopt;
  }
  bytes.resize(size);
  // One text for one value: the unused bits of the last character are zero.
  if (base64_text(bytes) != text) return std::nullopt;
  return bytes;
}

bool is_key_name(std::string_view name) {
  return !name.empty() && is_utf8(name) && !has_control(name) &&
         name.find_first_of(" +") == std::string_view::npos;
}

std::uint32_t NoteKey::id() const {
  const std::uint8_t separator[] = {'\n', static_cast<std::uint8_t>(kind)};
  const sys::Sha256 hash = sys::sha256({as_bytes(name), separator, public_key});
  return ByteReader(hash).read_be<std::uint32_t>();
}

std::string NoteKey::text() const {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string hex;
  for (int shift = 28; shift >= 0; shift -= 4) hex += kDigits[id() >> shift & 15];
  Bytes key = {static_cast<std::uint8_t>(kind)};
  key.insert(key.end(), public_key.begin(), public_key.end());
  return name + "+" + hex + "+" + base64_text(key);
}

Result<NoteKey> NoteKey::parse(std::string_view text) {
  const Error bad = invalid("'" + std::string(utf8_prefix(text, 200)) + "' is no verifier key");
  const std::size_t first = text.find('+');
  if (first == std::string_view::npos) return bad;
  const std::size_t second = text.find('+', first + 1);
  if (second == std::string_view::npos) return bad;
  NoteKey key;
  key.name = std::string(text.substr(0, first));
  const std::optional<Bytes> bytes = base64_bytes(text.substr(second + 1));
  if (!is_key_name(key.name) || !bytes || bytes->size() != 1 + key.public_key.size()) return bad;
  key.kind = static_cast<SignatureKind>((*bytes)[0]);
  if (key.kind != SignatureKind::kNote && key.kind != SignatureKind::kCosignature) return bad;
  std::copy(bytes->begin() + 1, bytes->end(), key.public_key.begin());
  if (key.text() != text) return bad;
  return key;
}

std::string SignedNote::encoded() const {
  std::string encoded = text + "\n";
  for (const NoteSignature& one : signatures) {
    Bytes bytes;
    ByteWriter writer(bytes);
    writer.write_be(one.key_id);
    writer.bytes(one.signature);
    encoded += std::string(kDash) + one.name + " " + base64_text(bytes) + "\n";
  }
  return encoded;
}

Result<SignedNote> parse_note(std::string_view encoded) {
  if (encoded.size() > kNoteBytesMax) return invalid("a note has more than 64 KiB");
  if (!is_utf8(encoded)) return invalid("a note is no UTF-8");
  const std::size_t end = encoded.rfind("\n\n");
  if (end == std::string_view::npos) return invalid("a note has no signatures");
  SignedNote note;
  note.text = std::string(encoded.substr(0, end + 1));
  for (const char c : note.text) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n') {
      return invalid("a note has control characters");
    }
  }
  std::string_view rest = encoded.substr(end + 2);
  while (!rest.empty()) {
    const std::size_t line_end = rest.find('\n');
    if (line_end == std::string_view::npos || !rest.starts_with(kDash)) {
      return invalid("a note has a line that is no signature");
    }
    std::optional<NoteSignature> signature =
        parse_signature(rest.substr(kDash.size(), line_end - kDash.size()));
    if (!signature) return invalid("a note has a line that is no signature");
    if (note.signatures.size() == kNoteSignaturesMax)
      return invalid("a note has too many signatures");
    note.signatures.push_back(*std::move(signature));
    rest.remove_prefix(line_end + 1);
  }
  if (note.signatures.empty()) return invalid("a note has no signatures");
  return note;
}

std::optional<Timestamp> verify_note(const SignedNote& note, const NoteKey& key) {
  std::optional<Timestamp> found;
  for (const NoteSignature& one : note.signatures) {
    if (one.name != key.name || one.key_id != key.id()) continue;
    if (key.kind == SignatureKind::kNote) {
      if (one.signature.size() != kSignatureBytes) return std::nullopt;
      if (!is_signed_by(note.text, one.signature, key)) return std::nullopt;
      found = Timestamp{0};
      continue;
    }
    if (one.signature.size() != kTimeBytes + kSignatureBytes) return std::nullopt;
    const std::uint64_t seconds = ByteReader(one.signature).read_be<std::uint64_t>();
    constexpr std::uint64_t kSecondsMax = 9'223'372'036;
    if (seconds > kSecondsMax) return std::nullopt;
    if (!is_signed_by(cosigned_text(note.text, seconds),
                      ByteSpan(one.signature).subspan(kTimeBytes), key)) {
      return std::nullopt;
    }
    found = Timestamp{static_cast<std::int64_t>(seconds) * 1'000'000'000};
  }
  return found;
}

NoteSigner::NoteSigner(std::string name, SignatureKind kind, const Seed& seed) {
  LS_ASSERT(is_key_name(name));
  key_.name = std::move(name);
  key_.kind = kind;
  crypto_sign_seed_keypair(key_.public_key.data(), secret_.data(), seed.data());
}

NoteSigner::~NoteSigner() { sodium_memzero(secret_.data(), secret_.size()); }

NoteSignature NoteSigner::sign(std::string_view text, Timestamp now) const {
  LS_ASSERT(text.ends_with('\n'));
  NoteSignature made{key_.name, key_.id(), {}};
  std::string message(text);
  if (key_.kind == SignatureKind::kCosignature) {
    ByteWriter(made.signature).write_be(seconds_of(now));
    message = cosigned_text(text, seconds_of(now));
  }
  std::array<std::uint8_t, kSignatureBytes> signature{};
  crypto_sign_detached(signature.data(), nullptr,
                       reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                       secret_.data());
  made.signature.insert(made.signature.end(), signature.begin(), signature.end());
  return made;
}

}  // namespace lineshaft::ledger
