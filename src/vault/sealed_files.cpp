#include "vault/sealed_files.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>

#include "base/hex.h"
#include "vault/seal.h"
#include "vault/sealed_file.h"
#include "vault/wipe.h"

namespace lineshaft::vault {
namespace {

constexpr std::string_view kMagic = "LINESEAL";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kSaltAt = 32;
constexpr std::size_t kSaltBytes = 32;
constexpr std::size_t kCheckAt = kSaltAt + kSaltBytes;
constexpr std::size_t kCheckBytes = 32;
constexpr std::string_view kUnfinished = ".sealing";
constexpr std::size_t kCopyBytes = std::size_t{1} << 20U;
constexpr int kDepthMax = 8;

// How the names of private keys of ours end: "tls/authority-key.pem" too.
constexpr std::array<std::string_view, 3> kKeyFiles{"signing.key", "key.pem", "key.der"};

std::string_view name_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// Over the head in front of it, keyed with what only the owner of the key has.
SecretBytes check_of(const SecretBytes& key, ByteSpan head) {
  return derive(key, "lineshaft file check 1|" + hex_text(head.first(kCheckAt)), kCheckBytes);
}

SecretBytes cipher_of(const SecretBytes& key, ByteSpan salt) {
  return derive(key, "lineshaft file 1|" + hex_text(salt), sys::kXtsKeyBytes);
}

Bytes head_of(TenantId owner, const FileKey& key, ByteSpan salt) {
  Bytes head(kHeadBytes);
  const auto put = [&head](std::size_t at, std::uint32_t number) {
    for (std::size_t i = 0; i < 4; ++i) head[at + i] = static_cast<std::uint8_t>(number >> (8 * i));
  };
  std::ranges::copy(kMagic, head.begin());
  put(8, kVersion);
  put(12, kHeadBytes);
  put(16, owner.value);
  put(20, key.number);
  std::ranges::copy(salt, head.begin() + kSaltAt);
  const SecretBytes check = check_of(key.key, head);
  std::ranges::copy(check.span(), head.begin() + kCheckAt);
  return head;
}

std::uint32_t number_at(ByteSpan head, std::size_t at) {
  return ByteReader(head.subspan(at)).read_le<std::uint32_t>();
}

// Nothing follows a head that is not synced: less than a head, or zeros in its place, is a file
// that was only just made when the power failed.
bool is_unfinished(ByteSpan head, std::uint64_t size) {
  if (size == 0) return true;
  const auto same = static_cast<std::size_t>(
      std::ranges::mismatch(head.first(std::min(head.size(), kMagic.size())), as_bytes(kMagic))
          .in1 -
      head.begin());
  const bool rest_is_zero = std::all_of(head.begin() + static_cast<std::ptrdiff_t>(same),
                                        head.end(), [](std::uint8_t byte) { return byte == 0; });
  if (rest_is_zero) return size <= kHeadBytes;
  return same == kMagic.size() && size < kHeadBytes;
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Status copy_content(sys::File& from, sys::File& to) {
  Bytes chunk(kCopyBytes);
  for (std::uint64_t at = 0;;) {
    const Result<std::size_t> count = from.read_at(at, chunk);
    if (!count) return count.error();
    if (*count == 0) return {};
    if (Status written = to.write_at(at, ByteSpan(chunk).first(*count)); !written) return written;
    at += *count;
  }
}

using Visit = std::function<Status(const std::string& file)>;

// Every file at `path`, down to `depth` directories.
Status visit(sys::FileSystem& files, const std::string& path, int depth, const Visit& see) {
  const Result<std::vector<std::string>> names = files.list(path);
  if (!names) return files.exists(path) ? see(path) : Status();
  if (depth == 0) return {};
  for (const std::string& name : *names) {
    const std::string inside = sys::join_path(path, name);
    if (name.ends_with(kUnfinished)) continue;
    if (Status seen = visit(files, inside, depth - 1, see); !seen) return seen;
  }
  return {};
}

}  // namespace

Result<bool> any_sealed(sys::FileSystem& files, const std::string& path) {
  bool any = false;
  Status done = visit(files, path, kDepthMax, [&](const std::string& name) -> Status {
    const auto file = files.open(name, sys::OpenMode::kRead);
    if (!file) return file.error();
    Bytes head(kMagic.size());
    const Result<std::size_t> count = (*file)->read_at(0, head);
    if (!count) return count.error();
    any = any || as_text(head) == kMagic;
    return {};
  });
  if (!done) return done.error();
  return any;
}

bool is_key_file(std::string_view path) {
  std::string_view name = name_of(path);
  for (const std::string_view ending : {std::string_view(".tmp"), kUnfinished}) {
    if (name.ends_with(ending)) name.remove_suffix(ending.size());
  }
  return std::ranges::any_of(kKeyFiles,
                             [&](std::string_view ending) { return name.ends_with(ending); });
}

SealedFiles::SealedFiles(sys::FileSystem& below, Vault& vault, sys::Random& random, TenantId owner,
                         Cover cover)
    : below_(below), vault_(vault), random_(random), owner_(owner), cover_(cover) {}

SealedFiles::~SealedFiles() = default;

std::shared_ptr<FileCipher> SealedFiles::share(ByteSpan salt, const FileKey& key) {
  const std::lock_guard lock(mutex_);
  std::erase_if(open_, [](const auto& one) { return one.second.expired(); });
  std::weak_ptr<FileCipher>& known = open_[Bytes(salt.begin(), salt.end())];
  std::shared_ptr<FileCipher> cipher = known.lock();
  if (cipher) return cipher;
  cipher = std::make_shared<FileCipher>();
  cipher->number = key.number;
  cipher->key = cipher_of(key.key, salt);
  known = cipher;
  return cipher;
}

// Durable before any content is: content without its head would be lost.
Result<std::shared_ptr<FileCipher>> SealedFiles::new_head(sys::File& file) {
  const Result<FileKey> key = vault_.file_key(owner_);
  if (!key) return key.error();
  std::array<std::uint8_t, kSaltBytes> salt{};
  random_.fill(salt);
  if (Status written = file.write_at(0, head_of(owner_, *key, salt)); !written) {
    return written.error();
  }
  if (Status synced = file.sync(); !synced) return synced.error();
  return share(salt, *key);
}

Result<std::shared_ptr<FileCipher>> SealedFiles::read_head(ByteSpan head, const std::string& path) {
  const TenantId owner{number_at(head, 16)};
  if (number_at(head, 8) > kVersion) {
    return Error{ErrorId::kFormatTooNew, path + " is enciphered in a newer way"};
  }
  const Result<FileKey> key = vault_.file_key(owner, number_at(head, 20));
  if (!key) return Error{key.error().id, path + " does not open: " + key.error().what};
  const SecretBytes check = check_of(key->key, head);
  if (owner != owner_ || !std::ranges::equal(check.span(), head.subspan(kCheckAt, kCheckBytes))) {
    return Error{ErrorId::kCorrupt, path + ": its head is damaged, or it belongs to others"};
  }
  return share(head.subspan(kSaltAt, kSaltBytes), *key);
}

Result<std::unique_ptr<sys::File>> SealedFiles::open(const std::string& path, sys::OpenMode mode) {
  Result<std::unique_ptr<sys::File>> file = below_.open(path, mode);
  if (!file) return file;
  const Result<std::uint64_t> size = (*file)->size();
  if (!size) return size.error();
  Bytes head(static_cast<std::size_t>(std::min<std::uint64_t>(*size, kHeadBytes)));
  const Result<std::size_t> count = (*file)->read_at(0, head);
  if (!count) return count.error();
  head.resize(*count);
  SealedFile::MakeHead make_head;
  if (covers(path)) make_head = [this](sys::File& below) { return new_head(below); };
  std::shared_ptr<FileCipher> cipher;
  const bool is_sealed = head.size() == kHeadBytes && as_text(head).starts_with(kMagic);
  if (is_sealed) {
    auto known = read_head(head, path);
    if (!known) return known.error();
    cipher = *std::move(known);
  } else if (make_head && mode != sys::OpenMode::kRead && is_unfinished(head, *size)) {
    if (Status cut = (*file)->truncate(0); !cut) return cut.error();
    auto made = new_head(**file);
    if (!made) return made.error();
    cipher = *std::move(made);
  } else if (make_head && is_unfinished(head, *size)) {
    cipher = std::make_shared<FileCipher>();  // of size 0: nothing is read with it
  }
  return std::unique_ptr<sys::File>(
      std::make_unique<SealedFile>(*std::move(file), std::move(cipher), std::move(make_head)));
}

Result<SealedFiles::State> SealedFiles::state_of(const std::string& path) {
  auto file = below_.open(path, sys::OpenMode::kRead);
  if (!file) return file.error();
  const Result<std::uint64_t> size = (*file)->size();
  if (!size) return size.error();
  Bytes head(static_cast<std::size_t>(std::min<std::uint64_t>(*size, kHeadBytes)));
  if (const auto count = (*file)->read_at(0, head); !count) return count.error();
  if (head.size() < kHeadBytes || !as_text(head).starts_with(kMagic)) {
    return covers(path) && !is_unfinished(head, *size) ? State::kClear : State::kFine;
  }
  const Result<FileKey> newest = vault_.file_key(owner_);
  if (!newest) return newest.error();
  return number_at(head, 20) == newest->number ? State::kSealed : State::kOldKey;
}

Status SealedFiles::seal_one(const std::string& path) {
  const std::string unfinished = path + std::string(kUnfinished);
  {
    const auto from = open(path, sys::OpenMode::kRead);
    if (!from) return from.error();
    const auto to = open(unfinished, sys::OpenMode::kCreateNew);
    if (!to) return to.error();
    if (Status copied = copy_content(**from, **to); !copied) return copied;
    if (Status synced = (*to)->sync(); !synced) return synced;
  }
  const auto before = below_.open(path, sys::OpenMode::kReadWrite);
  if (!before) return before.error();
  if (Status renamed = below_.rename(unfinished, path); !renamed) return renamed;
  if (Status synced = below_.sync_directory(parent_of(path)); !synced) return synced;
  wipe(**before);
  return {};
}

Result<std::size_t> SealedFiles::seal_existing(const std::string& path) {
  std::size_t changed = 0;
  Status done = visit(below_, path, kDepthMax, [&](const std::string& file) -> Status {
    const Result<State> state = state_of(file);
    if (!state) return state.error();
    if (*state != State::kClear && *state != State::kOldKey) return {};
    const std::string left_over = file + std::string(kUnfinished);
    if (below_.exists(left_over)) {
      if (Status removed = below_.remove(left_over); !removed) return removed;
    }
    if (Status sealed = seal_one(file); !sealed) return sealed;
    changed += 1;
    return {};
  });
  if (!done) return done.error();
  return changed;
}

Result<SealedFiles::Tally> SealedFiles::tally(const std::string& path) {
  Tally tally;
  Status done = visit(below_, path, kDepthMax, [&](const std::string& file) -> Status {
    const Result<State> state = state_of(file);
    // The store may have removed it meanwhile.
    if (!state) return state.error().id == ErrorId::kFileMissing ? Status() : state.error();
    if (*state == State::kSealed || *state == State::kOldKey) tally.sealed += 1;
    if (*state == State::kOldKey) tally.old_keys += 1;
    if (*state == State::kClear) tally.clear += 1;
    return {};
  });
  if (!done) return done.error();
  return tally;
}

}  // namespace lineshaft::vault
