// Random damage to a store with a sealed file: every answer is right, or what is lost is named. As
// long as LINESHAFT_TORTURE_SECONDS says, from the seed LINESHAFT_TORTURE_SEED; else some rounds.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>

#include "historian/parity_fixture.h"

namespace lineshaft::historian {
namespace {

constexpr std::uint64_t kRoundsShort = 60;
constexpr std::uint64_t kBurstBytes = 64 * 1024;  // what parity always repairs (parity.h)
constexpr std::uint64_t kFlipsMax = 300;          // more would hit every page of the file
constexpr std::uint64_t kFlipsInBurstMax = 2000;

class DamageTorture : public ParityTest {
 protected:
  struct Counts {
    std::uint64_t rounds = 0, flips = 0, cuts = 0, zeroed = 0;
    std::uint64_t whole = 0;   // rounds after which everything was answered
    std::uint64_t named = 0;   // rounds in which something was lost, and said
    std::uint64_t bursts = 0;  // damage of up to 64 KiB at one place of the sealed file
    std::uint64_t bursts_repaired = 0;
  };

  std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }

  bool time_is_left(std::uint64_t rounds) const {
    const char* seconds = std::getenv("LINESHAFT_TORTURE_SECONDS");
    if (seconds == nullptr) return rounds < kRoundsShort;
    const auto limit = std::chrono::seconds(std::strtoull(seconds, nullptr, 10));
    return std::chrono::steady_clock::now() - begun_ < limit;
  }

  std::vector<std::string> all_paths(sys::SimDisk& disk) {
    std::vector<std::string> found;
    for (const std::string directory : {"/data/history", "/data/history/wal"}) {
      for (const std::string& name : disk.list(directory).value()) {
        if (name != kLogName) found.push_back(sys::join_path(directory, name));
      }
    }
    return found;
  }

  static void flip(sys::FileImage& file, std::uint64_t bit) {
    std::uint8_t byte = 0;
    file.read(bit / 8, {&byte, 1});
    byte = static_cast<std::uint8_t>(byte ^ (1U << (bit % 8)));
    file.write(bit / 8, {&byte, 1});
  }

  // Of any file; where bits are flipped often, mostly of the sealed one.
  void damage_anything(sys::DiskImage& image, const std::vector<std::string>& paths,
                       const std::string& sealed) {
    const std::string& path = below(2) == 0 ? sealed : paths[below(paths.size())];
    sys::FileImage& file = image.file(*image.find(path));
    if (file.size() == 0) return;
    switch (below(6)) {
      case 0:
        ++counts_.cuts;
        return file.resize(below(file.size()));
      case 1: {
        const std::uint64_t sector = below(file.size() / 512 + 1) * 512;
        const std::uint64_t bytes = std::min(512 + 512 * below(8), file.size() - sector);
        ++counts_.zeroed;
        return file.write(sector, Bytes(bytes));
      }
      default:
        break;
    }
    const std::uint64_t flips = below(3) == 0 ? 1 : 1 + below(kFlipsMax);
    for (std::uint64_t i = 0; i < flips; ++i) flip(file, below(file.size() * 8));
    counts_.flips += flips;
  }

  // One damaged place of the sealed file, of up to 64 KiB.
  void damage_at_one_place(sys::DiskImage& image, const std::string& sealed) {
    ++counts_.bursts;
    sys::FileImage& file = image.file(*image.find(sealed));
    const std::uint64_t bytes = 1 + below(std::min(kBurstBytes, file.size()));
    const std::uint64_t at = below(file.size() - bytes + 1);
    switch (below(4)) {
      case 0:
        ++counts_.zeroed;
        return file.write(at, Bytes(bytes));
      case 1:
        ++counts_.cuts;
        return file.resize(file.size() - bytes);
      case 2: {
        Bytes garbage(bytes);
        random_.fill(garbage);
        return file.write(at, garbage);
      }
      default:
        break;
    }
    const std::uint64_t flips = 1 + below(kFlipsInBurstMax);
    for (std::uint64_t i = 0; i < flips; ++i) flip(file, at * 8 + below(bytes * 8));
    counts_.flips += flips;
  }

  // Empty, or what is wrong: an answer that is not right, and nobody says so.
  std::string problem_of(const sys::DiskImage& image, bool& whole) {
    sys::SimDisk disk(image);
    OnDisk store(disk);
    if (Status opened = store.open(); !opened) return "does not open: " + opened.error().text();
    whole = kept_.difference(*store).empty();
    if (whole) return {};
    if (std::string invented = kept_.invented(*store); !invented.empty()) return invented;
    const bool told = !store->recovery().damages.empty() || store->counters().damaged_blocks > 0;
    return told ? "" : kept_.missing(*store) + ", and nobody says so";
  }

  // A repair, online or not, leaves nothing damaged.
  std::string problem_after_repair(const sys::DiskImage& image) {
    sys::SimDisk disk(image);
    OnDisk store(disk);
    if (below(2) == 0) {
      if (Status opened = store.open(); !opened) return opened.error().text();
      if (const auto verified = verify(store); !verified) return verified.error().text();
      store.close();
    } else {
      const auto repaired =
          repair_store(disk, kDirectory, [](std::uint64_t, std::uint64_t) { return true; });
      if (!repaired) return repaired.error().text();
    }
    for (const FileFinding& finding : verify_store(disk, kDirectory).value()) {
      if (finding.state == FileState::kDamaged) return finding.name + " is damaged still";
    }
    return {};
  }

  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  Counts counts_;
};

TEST_F(DamageTorture, EveryAnswerIsRightOrTheDamageIsNamed) {
  store_.close();
  const sys::DiskImage whole = disk_.image();
  const std::vector<std::string> paths = all_paths(disk_);
  const std::string sealed = path(only(kSamplesSuffix));
  while (time_is_left(counts_.rounds)) {
    ++counts_.rounds;
    const bool is_burst = below(2) == 0;
    sys::DiskImage damaged = whole;
    is_burst ? damage_at_one_place(damaged, sealed) : damage_anything(damaged, paths, sealed);
    bool is_whole = false;
    ASSERT_EQ(problem_of(damaged, is_whole), "") << "round " << counts_.rounds;
    ++(is_whole ? counts_.whole : counts_.named);
    if (!is_burst) continue;
    counts_.bursts_repaired += is_whole ? 1U : 0U;
    if (below(4) != 0) continue;
    ASSERT_EQ(problem_after_repair(damaged), "") << "round " << counts_.rounds;
  }
  EXPECT_EQ(counts_.bursts_repaired, counts_.bursts);
  std::cout << "{\"torture\":\"damage\",\"rounds\":" << counts_.rounds
            << ",\"bit_flips\":" << counts_.flips << ",\"cut_short\":" << counts_.cuts
            << ",\"zeroed\":" << counts_.zeroed << ",\"all_answered\":" << counts_.whole
            << ",\"loss_named\":" << counts_.named << ",\"silent\":0,\"bursts\":" << counts_.bursts
            << ",\"bursts_repaired\":" << counts_.bursts_repaired << "}" << std::endl;
}

}  // namespace
}  // namespace lineshaft::historian
