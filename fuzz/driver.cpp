// A main() for harnesses where libFuzzer is not: runs every seed, then mutations of them, for a
// time. `make test` runs every harness so, built by g++ with the other tests; what is found by
// looking at coverage is found by `make fuzz`.
//
//   x_fuzz SECONDS [FOLDER of seeds]
//
// The input under work when the program dies is left in a file, which is named.
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" void __sanitizer_set_death_callback(void (*callback)());

namespace {

using Input = std::vector<std::uint8_t>;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kInputBytesMax = 4096;

Input current;
std::string name;

void keep_current() {
  const std::string path = name + ".found";
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return;
  std::fwrite(current.data(), 1, current.size(), file);
  std::fclose(file);
  std::fprintf(stderr, "the input of %zu bytes is in %s\n", current.size(), path.c_str());
}

void on_abort(int /*signal*/) {
  keep_current();
  std::_Exit(1);
}

std::vector<Input> read_seeds(const char* folder) {
  std::vector<Input> seeds;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return seeds;
}

class Mutator {
 public:
  Mutator(std::uint64_t seed, std::vector<Input> seeds) : random_(seed), seeds_(std::move(seeds)) {
    if (seeds_.empty()) seeds_.emplace_back();
  }

  Input next() {
    Input input = seeds_[below(seeds_.size())];
    for (std::size_t left = 1 + below(6); left > 0; --left) change(input);
    if (input.size() > kInputBytesMax) input.resize(kInputBytesMax);
    return input;
  }

 private:
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }
  std::uint8_t byte() {
    // The ends of ranges are where lengths go wrong.
    constexpr std::uint8_t kEnds[] = {0x00, 0x01, 0x7F, 0x80, 0xFF};
    return below(2) == 0 ? kEnds[below(std::size(kEnds))] : static_cast<std::uint8_t>(random_());
  }

  void change(Input& input) {
    const std::size_t at = below(input.size() + 1);
    const auto here = input.begin() + static_cast<std::ptrdiff_t>(at);
    if (at == input.size()) return input.push_back(byte());
    const std::size_t rest = input.size() - at;
    const auto end = here + static_cast<std::ptrdiff_t>(1 + below(rest));
    switch (below(6)) {
      case 0:
        input[at] = byte();
        break;
      case 1:
        input[at] = static_cast<std::uint8_t>(input[at] ^ (1U << below(8)));
        break;
      case 2:
        input.erase(here, end);
        break;
      case 3:
        input.insert(here, byte());
        break;
      case 4: {  // a part once more
        const Input part(here, end);
        input.insert(here, part.begin(), part.end());
        break;
      }
      default: {  // the rest is that of another
        const Input& other = seeds_[below(seeds_.size())];
        input.resize(at);
        const std::size_t from = below(other.size() + 1);
        input.insert(input.end(), other.begin() + static_cast<std::ptrdiff_t>(from), other.end());
      }
    }
  }

  std::mt19937_64 random_;
  std::vector<Input> seeds_;
};

void run(Input input) {
  current = std::move(input);
  LLVMFuzzerTestOneInput(current.data(), current.size());
}

}  // namespace

int main(int count, char** words) {
  if (count < 2) {
    std::fprintf(stderr, "usage: %s SECONDS [FOLDER]\n", words[0]);
    return 2;
  }
  name = std::filesystem::path(words[0]).filename().string();
  __sanitizer_set_death_callback(keep_current);
  std::signal(SIGABRT, on_abort);
  const std::uint64_t seed = std::random_device{}();
  std::printf("%s: seed %llu\n", name.c_str(), static_cast<unsigned long long>(seed));
  std::vector<Input> seeds;
  if (count > 2) seeds = read_seeds(words[2]);
  for (const Input& input : seeds) run(input);
  std::uint64_t runs = seeds.size();
  Mutator mutator(seed, std::move(seeds));
  const auto end = Clock::now() + std::chrono::seconds(std::atoi(words[1]));
  while (Clock::now() < end) {
    run(mutator.next());
    ++runs;
  }
  std::printf("%llu inputs\n", static_cast<unsigned long long>(runs));
  return 0;
}
