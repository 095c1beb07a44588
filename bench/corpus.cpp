// bench/corpus.cpp: writes the samples that historians are measured with into one file.
//
//   corpus DIRECTORY|synthetic --out FILE [--tags 1000] [--samples 10000]
//
// DIRECTORY holds tables (.csv, .dat) whose columns are tiled; what that means: app/bench_corpus.h.
//
// The file, all numbers little-endian:
//   "LSCORPUS"  8 bytes
//   u32         version, 1
//   u32         number of tags
//   u64         samples of each tag, n
//   each tag:   16 bytes name, filled up with zeros; u64 type (1 bool, 2 int64, 4 float64)
//   each tag:   n times int64, nanoseconds since 1970; n times float64, the values
#include <bit>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>

#include "app/bench_corpus.h"
#include "base/bytes.h"

using namespace lineshaft;

namespace {

constexpr std::size_t kNameBytes = 16;

struct Arguments {
  std::string from;
  std::string out;
  app::CorpusSize size;
};

std::optional<Arguments> parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (!word.starts_with("--")) {
      arguments.from = word;
      continue;
    }
    if (++i == argc) return std::nullopt;
    const std::string_view value = argv[i];
    if (word == "--out") {
      arguments.out = value;
      continue;
    }
    if (word != "--tags" && word != "--samples") return std::nullopt;
    std::size_t& count = word == "--tags" ? arguments.size.tags : arguments.size.samples;
    const auto end = value.data() + value.size();
    if (std::from_chars(value.data(), end, count).ptr != end || count == 0) return std::nullopt;
  }
  if (arguments.from.empty() || arguments.out.empty()) return std::nullopt;
  return arguments;
}

Bytes make_head(const app::BenchCorpus& corpus) {
  Bytes head;
  ByteWriter writer(head);
  writer.bytes(as_bytes("LSCORPUS"));
  writer.write_le(std::uint32_t{1});
  writer.write_le(static_cast<std::uint32_t>(corpus.size().tags));
  writer.write_le(std::uint64_t{corpus.size().samples});
  for (std::size_t i = 0; i < corpus.size().tags; ++i) {
    const app::CorpusTag tag = corpus.tag(i);
    std::string name = tag.name;
    name.resize(kNameBytes);
    writer.bytes(as_bytes(name));
    writer.write_le(static_cast<std::uint64_t>(tag.type));
  }
  return head;
}

Bytes make_body(const app::CorpusTag& tag) {
  Bytes body;
  ByteWriter writer(body);
  for (const std::int64_t time : tag.times_ns) writer.write_le(std::bit_cast<std::uint64_t>(time));
  for (const double value : tag.values) writer.write_le(std::bit_cast<std::uint64_t>(value));
  return body;
}

bool write_corpus(const app::BenchCorpus& corpus, const std::string& path) {
  std::ofstream out(path, std::ios::binary);
  const auto write = [&](const Bytes& bytes) {
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
  };
  write(make_head(corpus));
  for (std::size_t i = 0; i < corpus.size().tags; ++i) write(make_body(corpus.tag(i)));
  return out.flush().good();
}

}  // namespace

int main(int argc, char** argv) {
  const std::optional<Arguments> arguments = parse(argc, argv);
  if (!arguments) {
    std::cerr << "corpus DIRECTORY|synthetic --out FILE [--tags 1000] [--samples 10000]\n";
    return 2;
  }
  const Result<app::BenchCorpus> corpus =
      arguments->from == "synthetic"
          ? app::BenchCorpus::synthetic(arguments->size)
          : app::BenchCorpus::recorded(sys::real_file_system(), arguments->from, arguments->size);
  if (!corpus.ok()) {
    std::cerr << corpus.error().text() << "\n";
    return 1;
  }
  if (!write_corpus(*corpus, arguments->out)) {
    std::perror(arguments->out.c_str());
    return 1;
  }
  return 0;
}
