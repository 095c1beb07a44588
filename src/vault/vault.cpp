#include "vault/vault.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/hex.h"
#include "vault/seal.h"

namespace lineshaft::vault {
namespace {

constexpr std::size_t kIdBytes = 16;
// Of a sealed text: a version, the number of its key, then what seal() gives.
constexpr std::uint8_t kSealedVersion = 1;
constexpr std::size_t kSealedHeadBytes = 5;

std::string owner_text(TenantId owner) {
  return owner == kServer ? std::string("the server")
                          : "organisation " + std::to_string(owner.value);
}

std::string bound_text(TenantId owner, std::string_view bound) {
  return "lineshaft secret 1|" + std::to_string(owner.value) + "|" + std::string(bound);
}

std::optional<std::uint32_t> number_of(ByteSpan sealed) {
  ByteReader reader(sealed);
  const std::uint8_t version = reader.u8();
  const auto number = reader.read_le<std::uint32_t>();
  if (!reader.ok() || version != kSealedVersion) return std::nullopt;
  return number;
}

}  // namespace

bool Vault::exists(sys::FileSystem& files, const std::string& directory) {
  return files.exists(sys::join_path(directory, kKeyFile)) ||
         files.exists(sys::join_path(directory, kKeyFileCopy));
}

Result<std::unique_ptr<Vault>> Vault::open(const VaultPlace& place, MasterSettings settings) {
  if (Status ready = prepare(); !ready) return ready.error();
  std::unique_ptr<Vault> vault(new Vault(place, std::move(settings)));
  const auto texts = read_key_files(place.files, place.directory);
  Status opened;
  if (texts) {
    opened = vault->load(*texts);
  } else if (texts.error().id == ErrorId::kFileMissing) {
    opened = vault->make_first();
  } else {
    opened = texts.error();
  }
  if (!opened) return opened.error();
  return vault;
}

Status Vault::make_first() {
  Result<Master> master =
      make_master(place_.files, place_.clock, place_.random, settings_, MasterTurn::kFirst);
  if (!master) return master.error();
  const std::lock_guard lock(mutex_);
  master_ = std::move(master->key);
  KeyFile first;
  first.master = master->note;
  std::array<std::uint8_t, kIdBytes> id{};
  place_.random.fill(id);
  first.id = hex_text(id);
  std::map<KeyName, SecretBytes> made;
  if (Status added = add_key(first, kServer, made); !added) return added;
  return keep(std::move(first), std::move(made));
}

Status Vault::load(const std::vector<std::string>& texts) {
  const std::lock_guard lock(mutex_);
  Status trouble;
  for (const std::string& text : texts) {
    Result<KeyFile> file = parse_key_file(text);
    if (!file) return file.error();
    Result<SecretBytes> master =
        get_master(place_.files, settings_, file->master,
                   [&](const SecretBytes& key) { return check_key_file(text, key); });
    if (!master) {
      if (trouble) trouble = master.error();  // of the newest one
      continue;
    }
    file_ = *std::move(file);
    master_ = *std::move(master);
    if (Status unsealed = unseal_keys(); !unsealed) return unsealed;
    // A crash may have left the copies different.
    if (texts.size() == 2 && texts[0] == texts[1]) return {};
    return write_key_file(place_.files, place_.directory, text);
  }
  return trouble;
}

Status Vault::unseal_keys() {
  for (const SealedKey& one : file_.keys) {
    if (one.state == KeyState::kDestroyed) continue;
    Result<SecretBytes> key = vault::open(master_, bound_of(file_, one), one.sealed);
    if (!key) return key.error();
    if (key->size() != kKeyBytes) return Error{ErrorId::kCorrupt, "keys.json: a key is too short"};
    keys_.insert_or_assign(KeyName{one.owner, one.number}, *std::move(key));
  }
  return {};
}

// Into `next`; the one that was active retires.
Status Vault::add_key(KeyFile& next, TenantId owner, std::map<KeyName, SecretBytes>& made) {
  SealedKey key;
  key.owner = owner;
  key.number = 1;
  for (SealedKey& one : next.keys) {
    if (one.owner != owner) continue;
    if (one.state == KeyState::kDestroyed) {
      return Error{ErrorId::kCorrupt, "the keys of " + owner_text(owner) + " were destroyed"};
    }
    one.state = KeyState::kRetired;
    key.number = one.number + 1;
  }
  key.made = place_.clock.now();
  SecretBytes fresh(kKeyBytes);
  place_.random.fill(fresh.span());
  key.sealed = vault::seal(master_, bound_of(next, key), fresh.span(), place_.random);
  made.insert_or_assign(KeyName{owner, key.number}, std::move(fresh));
  const auto behind = std::ranges::find_if(next.keys, [&](const SealedKey& one) {
    return std::pair(one.owner, one.number) > std::pair(key.owner, key.number);
  });
  next.keys.insert(behind, std::move(key));
  return {};
}

// On the disk first: nothing may be sealed under a key that a crash can take away.
Status Vault::keep(KeyFile next, std::map<KeyName, SecretBytes> made) {
  next.generation += 1;
  Status kept = write_key_file(place_.files, place_.directory, key_file_text(next, master_));
  if (!kept) return kept;
  file_ = std::move(next);
  keys_.merge(made);
  return {};
}

Result<std::uint32_t> Vault::active(TenantId owner) {
  for (const SealedKey& one : file_.keys) {
    if (one.owner == owner && one.state == KeyState::kActive) return one.number;
  }
  KeyFile next = file_;
  std::map<KeyName, SecretBytes> made;
  if (Status added = add_key(next, owner, made); !added) return added.error();
  const std::uint32_t number = made.begin()->first.second;
  if (Status kept = keep(std::move(next), std::move(made)); !kept) return kept.error();
  return number;
}

Result<const SecretBytes*> Vault::find(TenantId owner, std::uint32_t number) const {
  if (const auto found = keys_.find({owner, number}); found != keys_.end()) return &found->second;
  bool destroyed = false;
  for (const SealedKey& one : file_.keys) {
    destroyed = destroyed || (one.owner == owner && one.state == KeyState::kDestroyed);
  }
  return Error{ErrorId::kCorrupt, "key " + std::to_string(number) + " of " + owner_text(owner) +
                                      (destroyed ? " was destroyed" : " is not in keys.json")};
}

Result<std::string> Vault::seal(TenantId owner, std::string_view bound, std::string_view plain) {
  const std::lock_guard lock(mutex_);
  const Result<std::uint32_t> number = active(owner);
  if (!number) return number.error();
  const Result<const SecretBytes*> key = find(owner, *number);
  if (!key) return key.error();
  Bytes sealed{kSealedVersion};
  for (unsigned shift = 0; shift < 32; shift += 8) {
    sealed.push_back(static_cast<std::uint8_t>(*number >> shift));
  }
  const Bytes text = vault::seal(**key, bound_text(owner, bound), as_bytes(plain), place_.random);
  sealed.insert(sealed.end(), text.begin(), text.end());
  return base64_text(sealed);
}

Result<std::string> Vault::unseal(TenantId owner, std::string_view bound,
                                  std::string_view sealed) const {
  const Result<Bytes> bytes = base64_bytes(sealed);
  if (!bytes) return Error{ErrorId::kCorrupt, "what is sealed " + bytes.error().what};
  const std::optional<std::uint32_t> number = number_of(*bytes);
  if (!number) return Error{ErrorId::kCorrupt, "what is sealed is not of a form known here"};
  const std::lock_guard lock(mutex_);
  const Result<const SecretBytes*> key = find(owner, *number);
  if (!key) return key.error();
  const Result<SecretBytes> plain =
      vault::open(**key, bound_text(owner, bound), ByteSpan(*bytes).subspan(kSealedHeadBytes));
  if (!plain) return plain.error();
  return std::string(as_text(plain->span()));
}

bool Vault::is_current(TenantId owner, std::string_view sealed) const {
  const Result<Bytes> bytes = base64_bytes(sealed);
  const std::optional<std::uint32_t> number = bytes ? number_of(*bytes) : std::nullopt;
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(file_.keys, [&](const SealedKey& one) {
    return one.owner == owner && one.state == KeyState::kActive && one.number == number;
  });
}

Result<FileKey> Vault::file_key(TenantId owner) {
  const std::lock_guard lock(mutex_);
  const Result<std::uint32_t> number = active(owner);
  if (!number) return number.error();
  const Result<const SecretBytes*> key = find(owner, *number);
  if (!key) return key.error();
  return FileKey{*number, SecretBytes((*key)->span())};
}

Result<FileKey> Vault::file_key(TenantId owner, std::uint32_t number) const {
  const std::lock_guard lock(mutex_);
  const Result<const SecretBytes*> key = find(owner, number);
  if (!key) return key.error();
  return FileKey{number, SecretBytes((*key)->span())};
}

Status Vault::rotate() {
  const std::lock_guard lock(mutex_);
  std::vector<TenantId> owners;
  for (const SealedKey& one : file_.keys) {
    if (one.state == KeyState::kActive) owners.push_back(one.owner);
  }
  KeyFile next = file_;
  std::map<KeyName, SecretBytes> made;
  for (const TenantId owner : owners) {
    if (Status added = add_key(next, owner, made); !added) return added;
  }
  return keep(std::move(next), std::move(made));
}

Status Vault::drop_retired(TenantId owner) {
  const std::lock_guard lock(mutex_);
  KeyFile next = file_;
  std::erase_if(next.keys, [&](const SealedKey& one) {
    return one.owner == owner && one.state == KeyState::kRetired;
  });
  if (next.keys.size() == file_.keys.size()) return {};
  if (Status kept = keep(std::move(next), {}); !kept) return kept;
  std::erase_if(keys_, [&](const auto& one) {
    return one.first.first == owner && std::ranges::none_of(file_.keys, [&](const SealedKey& left) {
             return KeyName{left.owner, left.number} == one.first;
           });
  });
  return {};
}

Status Vault::change_master(const MasterSettings& settings) {
  const std::lock_guard lock(mutex_);
  Result<Master> made =
      make_master(place_.files, place_.clock, place_.random, settings, MasterTurn::kNext);
  if (!made) return made.error();
  KeyFile next = file_;
  next.master = made->note;
  for (SealedKey& one : next.keys) {
    if (one.state == KeyState::kDestroyed) continue;
    const SecretBytes& key = keys_.at({one.owner, one.number});
    one.sealed = vault::seal(made->key, bound_of(next, one), key.span(), place_.random);
  }
  std::swap(master_, made->key);
  if (Status kept = keep(std::move(next), {}); !kept) {
    std::swap(master_, made->key);
    return kept;
  }
  settings_ = settings;
  return settle_master(place_.files, settings_);
}

Status Vault::destroy(TenantId owner) {
  if (owner == kServer) return Error{ErrorId::kInvalidArgument, "the server keeps its own keys"};
  const std::lock_guard lock(mutex_);
  KeyFile next = file_;
  bool any = false;
  for (SealedKey& one : next.keys) {
    if (one.owner != owner) continue;
    any = true;
    one.state = KeyState::kDestroyed;
    one.sealed.clear();
  }
  if (!any) {  // so that it never gets one
    SealedKey mark;
    mark.owner = owner;
    mark.number = 1;
    mark.made = place_.clock.now();
    mark.state = KeyState::kDestroyed;
    next.keys.push_back(std::move(mark));
    std::ranges::stable_sort(next.keys, {}, &SealedKey::owner);
  }
  if (Status kept = keep(std::move(next), {}); !kept) return kept;
  std::erase_if(keys_, [&](const auto& one) { return one.first.first == owner; });
  return {};
}

std::string Vault::id() const {
  const std::lock_guard lock(mutex_);
  return file_.id;
}

MasterNote Vault::master() const {
  const std::lock_guard lock(mutex_);
  return file_.master;
}

std::vector<KeyInfo> Vault::keys() const {
  const std::lock_guard lock(mutex_);
  std::vector<KeyInfo> all;
  for (const SealedKey& one : file_.keys) {
    all.push_back({one.owner, one.number, one.made, one.state});
  }
  return all;
}

}  // namespace lineshaft::vault
