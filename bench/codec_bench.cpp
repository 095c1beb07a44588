// bench/codec_bench.cpp: how small columns get, and how fast they are written and read: one thread,
// data in the cache, time of the processor.
//
//   codec_bench [DATA] [VECTORS]
//
// DATA is a folder like ../shared/data. VECTORS keeps to one kind of vectors ("AVX2"); "all" tries
// every one.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "codec/codec.h"
#include "codec/kernels.h"
#include "codec/real_columns_fixture.h"

using namespace lineshaft;
using namespace lineshaft::codec;

namespace {

// Column by column, each cut into blocks; all of a kind together are one line of figures.
struct Shape {
  std::string name;
  std::vector<std::vector<double>> blocks;
};

// Of this program on a core: what else the machine does counts little.
double seconds_now() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// Millions of values a second: the median of seven runs of at least 30 ms.
double measured(std::size_t values, const std::function<void()>& once) {
  std::vector<double> rates;
  for (int run = 0; run < 7; ++run) {
    std::size_t repeated = 0;
    const double began = seconds_now();
    double took = 0;
    do {
      once();
      ++repeated;
      took = seconds_now() - began;
    } while (took < 0.03);
    rates.push_back(static_cast<double>(repeated * values) / took / 1e6);
  }
  std::nth_element(rates.begin(), rates.begin() + 3, rates.end());
  return rates[3];
}

struct Encoded {
  Bytes bytes;  // with slack
  std::size_t size = 0;
  std::size_t count = 0;

  ByteSpan span() const { return ByteSpan(bytes).first(size); }
};

template <typename T, typename Encode, typename Decode>
std::vector<Encoded> measure(const std::string& name, const std::vector<std::vector<T>>& blocks,
                             Effort effort, Encode encode, Decode decode) {
  std::vector<Encoded> encoded;
  std::size_t values = 0;
  std::size_t bytes = 0;
  for (const std::vector<T>& block : blocks) {
    Encoded one;
    encode(block, effort, one.bytes);
    one.size = one.bytes.size();
    one.count = block.size();
    one.bytes.resize(one.size + kSlackBytes);
    values += block.size();
    bytes += one.size;
    encoded.push_back(std::move(one));
  }
  Bytes scratch;
  const double encoding = measured(values, [&] {
    for (const std::vector<T>& block : blocks) {
      scratch.clear();
      encode(block, effort, scratch);
    }
  });
  std::vector<T> out(kValuesMax);
  const double decoding = measured(values, [&] {
    for (const Encoded& one : encoded) {
      if (!decode(one.span(), std::span(out).first(one.count))) std::abort();
    }
  });
  std::printf("%-24s %6.2f bits  encode %6.0f  decode %6.0f", name.c_str(),
              8.0 * static_cast<double>(bytes) / static_cast<double>(values), encoding, decoding);
  return encoded;
}

void measure_totals(const std::vector<Encoded>& encoded) {
  std::size_t values = 0;
  for (const Encoded& one : encoded) values += one.count;
  double sum = 0;
  const double adding = measured(values, [&] {
    for (const Encoded& one : encoded) sum += total_float64(one.span(), one.count)->sum;
  });
  std::printf("  decode+sum %6.0f%s", adding, std::isnan(sum) ? " nan" : "");
}

void measure_float64(const Shape& shape, Effort effort) {
  measure_totals(measure(shape.name, shape.blocks, effort, encode_float64, decode_float64));
  std::printf(" M/s\n");
}

void measure_float32(const Shape& shape, Effort effort) {
  std::vector<std::vector<float>> blocks;
  for (const std::vector<double>& block : shape.blocks) {
    blocks.emplace_back(block.begin(), block.end());
  }
  measure(shape.name + ", float32", blocks, effort, encode_float32, decode_float32);
  std::printf(" M/s\n");
}

Shape made(const std::string& name, const std::function<double(std::size_t)>& value) {
  Shape shape{name, {}};
  for (int block = 0; block < 8; ++block) {
    shape.blocks.emplace_back();
    for (std::size_t i = 0; i < kValuesMax; ++i) shape.blocks.back().push_back(value(i));
  }
  return shape;
}

double rounded(double value, double decimals) { return std::round(value * decimals) / decimals; }

std::vector<Shape> made_shapes() {
  std::mt19937_64 random(1);
  std::normal_distribution<double> gauss;
  double walk = 50;
  double total = 100'000;
  double set_point = 70;
  double held = 0;
  std::vector<Shape> shapes;
  shapes.push_back(
      made("walk, 2 decimals", [&](auto) { return rounded(walk += gauss(random) * 0.05, 100); }));
  shapes.push_back(made("noisy sine, 3 decimals", [&](auto i) {
    return rounded(20 + 5 * std::sin(static_cast<double>(i) / 200) + gauss(random) * 0.2, 1000);
  }));
  shapes.push_back(made("uniform, 2 decimals",
                        [&](auto) { return static_cast<double>(random() % 10'000) / 100; }));
  shapes.push_back(
      made("counter", [&](auto i) { return static_cast<double>(i * 3 + random() % 4); }));
  shapes.push_back(made("total, 3 decimals", [&](auto) {
    return rounded(total += static_cast<double>(random() % 40) / 1000, 1000);
  }));
  shapes.push_back(made("set point", [&](auto) {
    if (random() % 1000 == 0) set_point = static_cast<double>(random() % 1000) / 10;
    return set_point;
  }));
  shapes.push_back(made("held, 1 decimal", [&](auto) {
    if (random() % 12 == 0) held = static_cast<double>(random() % 500) / 10;
    return held;
  }));
  shapes.push_back(made("5 significant digits", [&](auto) {
    const double value = std::pow(10, static_cast<double>(random() % 4000) / 1000 - 1);
    char text[32];
    std::snprintf(text, sizeof(text), "%.5g", value);
    return std::strtod(text, nullptr);
  }));
  shapes.push_back(made("1 % NaN", [&](auto) {
    return random() % 100 == 0 ? NAN : static_cast<double>(random() % 1000) / 10;
  }));
  shapes.push_back(made("Gauss, all digits", [&](auto) { return gauss(random); }));
  return shapes;
}

Shape real_shape(const std::string& folder, const RealSet& set) {
  Shape shape{set.name, {}};
  for (const RealColumn& column : columns_of_set(folder, set)) {
    for (std::size_t at = 0; at < column.values.size(); at += kValuesMax) {
      const auto begin = column.values.begin() + static_cast<std::ptrdiff_t>(at);
      const std::size_t count = std::min(kValuesMax, column.values.size() - at);
      shape.blocks.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(count));
    }
  }
  return shape;
}

void measure_times(Effort effort) {
  struct Case {
    const char* name;
    std::function<std::int64_t(std::size_t)> offset;  // nanoseconds from the regular time
  };
  std::mt19937_64 random(2);
  std::normal_distribution<double> gauss;
  const std::vector<Case> cases = {
      {"times, regular", [](auto) { return 0; }},
      {"times, 0..9 ms",
       [&](auto) { return static_cast<std::int64_t>(random() % 10) * 1'000'000; }},
      {"times, +-5 ms",
       [&](auto) { return (static_cast<std::int64_t>(random() % 11) - 5) * 1'000'000; }},
      {"times, Gauss 1 ms, 100 ns",
       [&](auto) { return std::llround(gauss(random) * 10'000) * 100; }},
  };
  for (const Case& one : cases) {
    std::vector<std::vector<std::int64_t>> blocks(8);
    for (auto& block : blocks) {
      for (std::size_t i = 0; i < kValuesMax; ++i) {
        block.push_back(1'700'000'000'000'000'000 + static_cast<std::int64_t>(i) * 1'000'000'000 +
                        one.offset(i));
      }
    }
    measure(one.name, blocks, effort, encode_times, decode_times);
    std::printf(" M/s\n");
  }
}

void measure_all(const std::string& folder, Effort effort) {
  std::printf("%s\n", effort == Effort::kFresh ? "fresh" : "sealed");
  const std::vector<Shape> shapes = made_shapes();
  for (const Shape& shape : shapes) measure_float64(shape, effort);
  for (const RealSet& set : real_sets()) {
    const Shape shape = real_shape(folder, set);
    if (!shape.blocks.empty()) measure_float64(shape, effort);
  }
  measure_float32(shapes[0], effort);
  measure_float32(shapes[1], effort);
  measure_times(effort);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "";
  const std::string wanted = argc > 2 ? argv[2] : "";
  bool found = wanted.empty();
  for (const std::int64_t target : vector_targets()) {
    if (!wanted.empty() && wanted != "all" && wanted != vector_target_name(target)) continue;
    found = true;
    if (!wanted.empty()) use_vector_target(target);
    std::printf("vectors: %s\n", vector_target_name(target));
    for (Effort effort : {Effort::kFresh, Effort::kSealed}) measure_all(folder, effort);
    if (wanted.empty()) break;
  }
  if (!found) std::fprintf(stderr, "this machine has no vectors called %s\n", wanted.c_str());
  return found ? 0 : 2;
}
