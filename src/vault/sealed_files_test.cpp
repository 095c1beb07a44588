#include "vault/sealed_files.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>

#include "base/format_page_fixture.h"
#include "base/torture_fixture.h"
#include "vault/vault_fixture.h"
#include "wal/crash_fixture.h"

namespace lineshaft::vault {
namespace {

constexpr TenantId kAcme{1};
// What disks write whole is more.
constexpr std::uint64_t kWholeBytes = 16;

struct SealedWorld : VaultWorld {
  explicit SealedWorld(Cover cover = Cover::kEverything, TenantId owner = kServer) {
    EXPECT_TRUE(open().ok());
    files = std::make_unique<SealedFiles>(disk, *vault, random, owner, cover);
  }
  Bytes below(const std::string& path) { return sys::read_file(disk, path, 1 << 26).value(); }
  Bytes above(const std::string& path) { return sys::read_file(*files, path, 1 << 26).value(); }
  Status put(const std::string& path, std::string_view text) {
    return sys::write_file_atomically(*files, path, as_bytes(text));
  }
  std::unique_ptr<SealedFiles> files;
};

Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

TEST(SealedFiles, ShowsNothingOfTheContentBelow) {
  SealedWorld world;
  const std::string text =
      "the temperature of the melt, again and again: " + std::string(9000, 'x');
  ASSERT_TRUE(world.put("/data/a", text).ok());
  EXPECT_EQ(world.above("/data/a"), bytes_of(text));
  const Bytes below = world.below("/data/a");
  EXPECT_EQ(below.size(), 4096 + text.size() + 15);
  EXPECT_EQ(as_text(below).find("xxxx"), std::string_view::npos);
  EXPECT_EQ(as_text(below).find("temperature"), std::string_view::npos);
  // The same text in another file, and in another place, looks otherwise.
  ASSERT_TRUE(world.put("/data/b", text).ok());
  const Bytes other = world.below("/data/b");
  EXPECT_FALSE(std::equal(below.begin() + 4096, below.begin() + 4112, other.begin() + 4096));
  EXPECT_FALSE(std::equal(below.begin() + 8192, below.begin() + 8208, below.begin() + 8208));
}

TEST(SealedFiles, CoversKeyFilesAlwaysAndOthersByChoice) {
  SealedWorld world(Cover::kKeyFiles);
  ASSERT_TRUE(world.put("/data/signing.key", "secret").ok());
  ASSERT_TRUE(world.put("/data/checkpoint", "public").ok());
  EXPECT_EQ(as_text(world.below("/data/checkpoint")), "public");
  EXPECT_TRUE(as_text(world.below("/data/signing.key")).starts_with("LINESEAL"));
  EXPECT_EQ(as_text(world.above("/data/signing.key")), "secret");
  for (const char* name : {"tls/key.pem", "opcua/own/key.der.tmp", "opcua/own/ecc-key.der",
                           "ledger/signing.key.sealing", "tls/authority-key.pem"}) {
    EXPECT_TRUE(is_key_file(name)) << name;
  }
  for (const char* name : {"ledger/verifier.key", "tls/certificate.pem", "key"}) {
    EXPECT_FALSE(is_key_file(name)) << name;
  }
}

// Random calls on a sealed file and on a plain one give the same answers.
TEST(SealedFiles, BehavesAsAFileInTheClear) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SealedWorld world;
    sys::SimDisk plain_disk;
    sys::SimRandom random(seed);
    auto sealed = world.files->open("/data/f", sys::OpenMode::kCreate).value();
    auto plain = plain_disk.open("/f", sys::OpenMode::kCreate).value();
    for (int step = 0; step < 300; ++step) {
      const std::uint64_t at = random.below(random.below(4) == 0 ? 20'000 : 300);
      const auto bytes = static_cast<std::size_t>(random.below(random.below(5) == 0 ? 9'000 : 40));
      const std::uint64_t choice = random.below(12);
      if (choice < 5) {
        Bytes data(bytes);
        random.fill(data);
        ASSERT_TRUE(sealed->write_at(at, data).ok());
        ASSERT_TRUE(plain->write_at(at, data).ok());
      } else if (choice < 7) {
        ASSERT_TRUE(sealed->truncate(at).ok());
        ASSERT_TRUE(plain->truncate(at).ok());
      } else if (choice < 8) {
        ASSERT_TRUE(sealed->allocate(at).ok());
        ASSERT_TRUE(plain->allocate(at).ok());
      } else if (choice < 9) {
        sealed = world.files->open("/data/f", sys::OpenMode::kReadWrite).value();
      }
      Bytes a(bytes);
      Bytes b(bytes);
      ASSERT_EQ(sealed->read_at(at, a).value(), plain->read_at(at, b).value())
          << seed << " " << step;
      ASSERT_EQ(a, b) << seed << " " << step;
      ASSERT_EQ(sealed->size().value(), plain->size().value());
    }
    EXPECT_EQ(world.above("/data/f"), sys::read_file(plain_disk, "/f", 1 << 20).value());
  }
}

// What was synced and not touched since is there after every crash; what was touched is old or new,
// block by block.
TEST(SealedFiles, KeepsAfterACrashWhatWasSynced) {
  std::uint64_t states = 0;
  for (std::uint64_t seed = 1; seed <= 60 && !HasFailure(); ++seed) {
    SealedWorld world;
    sys::SimRandom random(seed);
    auto file = world.files->open("/data/f", sys::OpenMode::kCreate).value();
    ASSERT_TRUE(world.disk.sync_directory("/data").ok());
    Bytes content(static_cast<std::size_t>(random.below(3000)));
    random.fill(content);
    if (random.below(2) == 0) {
      ASSERT_TRUE(file->allocate(6000).ok());
      content.resize(6000);
    }
    ASSERT_TRUE(file->write_at(0, content).ok());
    ASSERT_TRUE(file->sync().ok());
    const std::size_t from = world.disk.operations();
    const Bytes synced = content;
    Bytes touched(20'000);
    for (int i = 0; i < 4; ++i) {
      const std::uint64_t at = random.below(content.size() + 30);
      Bytes data(static_cast<std::size_t>(1 + random.below(1200)));
      random.fill(data);
      ASSERT_TRUE(file->write_at(at, data).ok());
      if (content.size() < at + data.size()) content.resize(at + data.size());
      std::ranges::copy(data, content.begin() + static_cast<std::ptrdiff_t>(at));
      std::fill_n(touched.begin() + static_cast<std::ptrdiff_t>(at), data.size(), std::uint8_t{1});
    }
    const auto check = [&](const sys::CrashState& state) {
      states += 1;
      sys::SimDisk disk(state.image);
      SealedFiles later(disk, *world.vault, world.random, kServer, Cover::kEverything);
      const Bytes found = sys::read_file(later, "/data/f", 1 << 20).value();
      EXPECT_GE(found.size(), synced.size()) << state.what;
      for (std::size_t i = 0; i < std::min(found.size(), synced.size()); ++i) {
        if (touched[i] == 0 && found[i] != synced[i]) {
          ADD_FAILURE() << "seed " << seed << ": byte " << i << " is lost with " << state.what;
          return false;
        }
      }
      return !HasFailure();
    };
    world.disk.for_each_crash_state(from, check, kWholeBytes);
  }
  std::cout << "crash states opened and checked: " << states << "\n";
  EXPECT_GT(states, 2'000u);
}

// The log of samples and journals, enciphered: as wal/crash_test.cpp.
TEST(SealedFiles, LosesNothingThatTheLogAcknowledged) {
  SealedWorld keys;
  const wal::Layer layer = [&](sys::SimDisk& disk) {
    return std::make_unique<SealedFiles>(disk, *keys.vault, keys.random, kServer,
                                         Cover::kEverything);
  };
  wal::LogOptions options;
  options.directory = "/data/wal";
  options.segment_bytes = 4096;
  const Torture torture;
  std::uint64_t states = 0;
  for (std::uint64_t i = 1; !HasFailure(); ++i) {
    if (torture.wanted() ? torture.is_over() : i > 2) break;
    const std::uint64_t seed = Torture::seed(i);
    sys::SimDisk disk;
    wal::NotedLog log(disk, options, seed, layer);
    ASSERT_EQ(log.open(), "");
    ASSERT_EQ(log.work(60), "");
    log.close();
    disk.for_each_crash_state(
        0,
        [&](const sys::CrashState& state) {
          states += 1;
          const std::string problem =
              wal::problem_of_crashed(state.image, options, 1'000'000 * seed + states,
                                      log.notebook(), state.operations, layer);
          EXPECT_EQ(problem, "") << "seed " << seed << ", " << state.what << "\n" << disk.journal();
          return problem.empty();
        },
        kWholeBytes);
  }
  std::cout << "crash states opened and checked: " << states << "\n";
  torture.report({{"crash_states_of_the_sealed_log", states}});
  if (!torture.wanted()) {
    EXPECT_GT(states, 2'000u);
  }
}

TEST(SealedFiles, OpensNothingOnceTheKeyIsDestroyed) {
  SealedWorld world(Cover::kEverything, kAcme);
  ASSERT_TRUE(world.put("/data/a", "samples").ok());
  ASSERT_TRUE(world.vault->destroy(kAcme).ok());
  const auto opened = world.files->open("/data/a", sys::OpenMode::kRead);
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().what.find("was destroyed"), std::string::npos);
  EXPECT_FALSE(world.put("/data/b", "more").ok());
}

TEST(SealedFiles, DoesNotOpenTheFileOfAnotherOwnerNorADamagedHead) {
  SealedWorld world(Cover::kEverything, kAcme);
  ASSERT_TRUE(world.put("/data/a", "samples").ok());
  SealedFiles server(world.disk, *world.vault, world.random, kServer, Cover::kEverything);
  EXPECT_FALSE(server.open("/data/a", sys::OpenMode::kRead).ok());
  const Bytes whole = world.below("/data/a");
  for (std::size_t at = 8; at < 96; ++at) {
    Bytes damaged = whole;
    damaged[at] ^= 1U;
    ASSERT_TRUE(sys::write_file_atomically(world.disk, "/data/a", damaged).ok());
    EXPECT_FALSE(world.files->open("/data/a", sys::OpenMode::kRead).ok()) << at;
  }
}

TEST(SealedFiles, SealsWhatLiesInTheClearAndWipesIt) {
  SealedWorld world(Cover::kKeyFiles);
  ASSERT_TRUE(world.disk.create_directories("/data/tls").ok());
  const auto clear = [&](const char* path, const char* text) {
    return sys::write_file_atomically(world.disk, path, as_bytes(text));
  };
  ASSERT_TRUE(clear("/data/tls/key.pem", "a private key").ok());
  ASSERT_TRUE(clear("/data/tls/certificate.pem", "a certificate").ok());
  EXPECT_EQ(world.files->tally("/data").value().clear, 1u);
  const std::size_t from = world.disk.operations();
  const auto before = world.disk.open("/data/tls/key.pem", sys::OpenMode::kRead).value();
  EXPECT_EQ(world.files->seal_existing("/data").value(), 1u);
  Bytes former(13, 1);
  ASSERT_EQ(before->read_at(0, former).value(), 13u);
  EXPECT_EQ(former, Bytes(13)) << "the old blocks still hold the key";
  EXPECT_EQ(as_text(world.above("/data/tls/key.pem")), "a private key");
  EXPECT_TRUE(as_text(world.below("/data/tls/key.pem")).starts_with("LINESEAL"));
  EXPECT_EQ(as_text(world.below("/data/tls/certificate.pem")), "a certificate");
  EXPECT_EQ(world.files->seal_existing("/data").value(), 0u);
  // A crash at any moment leaves the key, and the next call finishes.
  world.disk.for_each_crash_state(from, [&](const sys::CrashState& state) {
    sys::SimDisk disk(state.image);
    SealedFiles later(disk, *world.vault, world.random, kServer, Cover::kKeyFiles);
    EXPECT_TRUE(later.seal_existing("/data").ok()) << state.what;
    EXPECT_EQ(as_text(sys::read_file(later, "/data/tls/key.pem", 100).value()), "a private key");
    const auto tally = later.tally("/data").value();
    EXPECT_EQ(tally.clear, 0u);
    EXPECT_EQ(tally.sealed, 1u);
    return !HasFailure();
  });
}

TEST(SealedFiles, GivesFilesTheNewestKey) {
  SealedWorld world;
  ASSERT_TRUE(world.put("/data/a", "samples").ok());
  ASSERT_TRUE(world.vault->rotate().ok());
  EXPECT_EQ(world.files->tally("/data/a").value().old_keys, 1u);
  EXPECT_EQ(world.files->seal_existing("/data/a").value(), 1u);
  EXPECT_EQ(world.files->tally("/data/a").value().old_keys, 0u);
  ASSERT_TRUE(world.vault->drop_retired(kServer).ok());
  EXPECT_EQ(as_text(world.above("/data/a")), "samples");
}

TEST(SealedFiles, AFileLeftOverInTheClearIsSealedWhenItIsWrittenAnew) {
  SealedWorld world;
  ASSERT_TRUE(sys::write_file_atomically(world.disk, "/data/a.tmp", as_bytes("left over")).ok());
  ASSERT_TRUE(world.put("/data/a", "new").ok());
  EXPECT_TRUE(as_text(world.below("/data/a")).starts_with("LINESEAL"));
  EXPECT_EQ(as_text(world.above("/data/a")), "new");
}

TEST(SealedFiles, ReadsTheExampleOfItsFormatPage) {
  const Bytes file = hex_of_page("vault.md", "A file");
  ASSERT_GT(file.size(), 96u);
  // The page leaves out the zeros between the check and the content.
  Bytes whole(file.begin(), file.begin() + 96);
  whole.resize(4096);
  whole.insert(whole.end(), file.begin() + 96, file.end());
  VaultWorld world;
  const auto keep = [&](const char* path, ByteSpan content) {
    return sys::write_file_atomically(world.disk, path, content);
  };
  std::string keys;
  std::string master;
  std::ifstream page(std::string(LINESHAFT_SOURCE_DIR) + "/docs/formats/vault.md");
  std::string* into = nullptr;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("#")) {
      into = line == "### keys.json" ? &keys : line == "### master.key" ? &master : nullptr;
    }
    if (into != nullptr && line.starts_with("    ")) *into += line.substr(4) + "\n";
  }
  ASSERT_TRUE(keep("/data/keys.json", as_bytes(keys)).ok());
  ASSERT_TRUE(keep("/data/master.key", as_bytes(master)).ok());
  ASSERT_TRUE(keep("/data/file", whole).ok());
  const Status opened = world.open();
  ASSERT_TRUE(opened.ok()) << opened.error().text();
  SealedFiles files(world.disk, *world.vault, world.random, kAcme, Cover::kEverything);
  EXPECT_EQ(as_text(sys::read_file(files, "/data/file", 100).value()), "21.5 degrees at noon");
}

}  // namespace
}  // namespace lineshaft::vault
