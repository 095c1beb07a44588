#include "app/key_house.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "app/factor_seal.h"
#include "app/key_sources.h"
#include "base/log.h"
#include "sys/clock.h"

namespace lineshaft::app {
namespace {

// Private keys of the server's own; what others put elsewhere is theirs.
constexpr std::array<std::string_view, 5> kKeyFiles{"tls/key.pem", "tls/authority-key.pem",
                                                    "opcua/own/key.der", "opcua/own/ecc-key.der",
                                                    "audit/signing.key"};
constexpr std::string_view kLedgerKey = "ledger/signing.key";
constexpr std::array<std::string_view, 4> kStores{"history", "ledger", "flows", "tenants"};

sys::FileSystem& real() { return sys::real_file_system(); }

const char* word_of(vault::KeyState state) {
  switch (state) {
    case vault::KeyState::kActive:
      return "active";
    case vault::KeyState::kRetired:
      return "retired";
    case vault::KeyState::kDestroyed:
      break;
  }
  return "destroyed";
}

}  // namespace

Result<std::unique_ptr<KeyHouse>> KeyHouse::open(const Config& config) {
  std::unique_ptr<KeyHouse> house(new KeyHouse(config));
  auto vault =
      vault::Vault::open({real(), sys::real_clock(), sys::real_random(), config.data_directory},
                         master_settings(config));
  if (!vault) return vault.error();
  house->vault_ = *std::move(vault);
  house->files_ = std::make_unique<vault::SealedFiles>(
      real(), *house->vault_, sys::real_random(), vault::kServer,
      config.encryption ? vault::Cover::kEverything : vault::Cover::kKeyFiles);
  house->key_files_ = std::make_unique<vault::SealedFiles>(
      real(), *house->vault_, sys::real_random(), vault::kServer, vault::Cover::kKeyFiles);
  house->seal_ = std::make_unique<SealedMembers>(*house->vault_);
  house->factor_seal_ = std::make_unique<FactorSeal>(*house->vault_);
  if (Status sealed = house->seal_files(true); !sealed) return sealed.error();
  return house;
}

// `stores`: nobody has them open.
Status KeyHouse::seal_files(bool stores) {
  std::size_t changed = 0;
  const auto seal = [&](vault::SealedFiles& files, std::string_view name) -> Status {
    if (!real().exists(path(name))) return {};
    const Result<std::size_t> sealed = files.seal_existing(path(name));
    if (!sealed) return sealed.error();
    changed += *sealed;
    return {};
  };
  for (const std::string_view name : kKeyFiles) {
    if (Status done = seal(*key_files_, name); !done) return done;
  }
  if (Status done = seal(*files_, kLedgerKey); !done) return done;
  // Without encryption there is nothing else in them to seal.
  const bool all = stores && config_.encryption;
  for (const std::string_view name : kStores) {
    if (!all) break;
    if (Status done = seal(*files_, name); !done) return done;
  }
  if (changed > 0) log_info("vault", std::to_string(changed) + " files are sealed anew");
  return {};
}

// Retired keys under which nothing is sealed any more.
Status KeyHouse::drop_unused() {
  const auto is_retired = [](const vault::KeyInfo& key) {
    return key.state == vault::KeyState::kRetired;
  };
  // To look at every file takes a while.
  if (std::ranges::none_of(vault_->keys(), is_retired)) return {};
  const Result<vault::SealedFiles::Tally> counted = tally();
  if (!counted) return counted.error();
  std::set<TenantId> owners;
  for (const vault::KeyInfo& key : vault_->keys()) {
    const bool in_use = key.owner == vault::kServer && counted->old_keys > 0;
    if (key.state == vault::KeyState::kRetired && !in_use) owners.insert(key.owner);
  }
  for (const TenantId owner : owners) {
    if (Status dropped = vault_->drop_retired(owner); !dropped) return dropped;
  }
  return {};
}

Status KeyHouse::settle(records::Documents& documents) {
  const Result<std::size_t> sealed = documents.seal_stale();
  if (!sealed) return sealed.error();
  if (*sealed > 0) {
    log_info("vault", "the secrets of " + std::to_string(*sealed) + " documents are sealed anew");
  }
  for (const auto& reseal : also_) {
    if (Status done = reseal(); !done) return done;
  }
  return drop_unused();
}

Status KeyHouse::rotate(records::Documents& documents) {
  Status done = vault_->rotate();
  if (done) done = seal_files(false);
  return done ? settle(documents) : done;
}

Result<vault::SealedFiles::Tally> KeyHouse::tally() {
  vault::SealedFiles::Tally sum;
  const auto add = [&](vault::SealedFiles& files, std::string_view name) -> Status {
    const auto one = files.tally(path(name));
    if (!one) return one.error();
    sum.sealed += one->sealed;
    sum.clear += one->clear;
    sum.old_keys += one->old_keys;
    return {};
  };
  for (const std::string_view name : kStores) {
    if (Status done = add(*files_, name); !done) return done.error();
  }
  for (const std::string_view name : kKeyFiles) {
    if (Status done = add(*key_files_, name); !done) return done.error();
  }
  return sum;
}

std::string key_advice(const Config& config) {
  if (config.master != "file" || !config.master_key_file.empty()) return "";
  return "The master key lies in the data directory: it protects backups, but not a copy of the "
         "whole directory. Put it elsewhere with vault.master_key_file, or use a credential, a "
         "passphrase or a token.";
}

KeyDesk::~KeyDesk() {
  const std::lock_guard lock(start_mutex_);
  if (thread_.joinable()) thread_.join();
}

Result<api::VaultView> KeyDesk::view() {
  const auto counted = house_.tally();
  if (!counted) return counted.error();
  const vault::MasterNote note = house_.vault().master();
  api::VaultView view;
  view.id = house_.vault().id();
  view.master = note.source;
  view.master_since = note.since;
  view.master_place = master_place(house_.config());
  view.advice = key_advice(house_.config());
  view.encryption = house_.config().encryption;
  view.files_sealed = counted->sealed;
  view.files_clear = counted->clear;
  view.files_old_keys = counted->old_keys;
  view.rotating = rotating_;
  for (const vault::KeyInfo& key : house_.vault().keys()) {
    view.keys.push_back({key.owner, key.number, key.made, word_of(key.state)});
  }
  const std::lock_guard lock(mutex_);
  view.trouble = trouble_;
  return view;
}

Status KeyDesk::rotate() {
  const std::lock_guard one_at_a_time(start_mutex_);
  if (rotating_) return Error{ErrorId::kConflict, "a rotation is running already"};
  if (thread_.joinable()) thread_.join();
  rotating_ = true;
  thread_ = std::thread([this] {
    const Status done = house_.rotate(documents_);
    if (!done) log_error("vault", done.error().text());
    const std::lock_guard lock(mutex_);
    trouble_ = done ? "" : done.error().text();
    rotating_ = false;
  });
  return {};
}

}  // namespace lineshaft::app
