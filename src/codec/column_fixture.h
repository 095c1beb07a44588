// codec/column_fixture.h: columns of every shape for tests, and bytes with the slack decoders want.
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "codec/codec.h"

namespace lineshaft::codec {

using Integers = std::vector<std::int64_t>;

// A copy that ends exactly kSlackBytes before the end of its memory.
struct Slacked {
  explicit Slacked(ByteSpan content) : memory(content.begin(), content.end()) {
    size = memory.size();
    memory.resize(size + kSlackBytes, 0xA5);
  }
  ByteSpan span() const { return ByteSpan(memory).first(size); }

  Bytes memory;
  std::size_t size = 0;
};

struct IntegerShape {
  std::string name;
  std::function<Integers(std::size_t count, std::mt19937_64& random)> make;
};

inline std::int64_t wrapped(std::uint64_t value) { return static_cast<std::int64_t>(value); }

// Every value drawn by `draw(i)`.
template <typename Draw>
Integers drawn(std::size_t count, const Draw& draw) {
  Integers values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = draw(i);
  return values;
}

inline const std::vector<IntegerShape>& integer_shapes() {
  using Random = std::mt19937_64;
  static const std::vector<IntegerShape> shapes = {
      {"constant", [](std::size_t n, Random& r) { return Integers(n, wrapped(r())); }},
      {"counter",
       [](std::size_t n, Random&) {
         return drawn(n, [](std::size_t i) { return 1000 + 7 * wrapped(i); });
       }},
      {"small",
       [](std::size_t n, Random& r) {
         return drawn(n, [&](std::size_t) { return wrapped(r() % 100) - 50; });
       }},
      {"walk",
       [](std::size_t n, Random& r) {
         std::int64_t at = 1'000'000;
         return drawn(n, [&](std::size_t) { return at += wrapped(r() % 17) - 8; });
       }},
      {"any width",
       [](std::size_t n, Random& r) {
         const unsigned width = static_cast<unsigned>(r() % 65);
         return drawn(n,
                      [&](std::size_t) { return width == 0 ? 5 : wrapped(r() >> (64 - width)); });
       }},
      {"width of its own a group",
       [](std::size_t n, Random& r) {
         return drawn(n, [&](std::size_t i) { return wrapped(r() >> (i / 128 * 7 % 64)); });
       }},
      {"spikes",
       [](std::size_t n, Random& r) {
         return drawn(
             n, [&](std::size_t) { return wrapped(r() % 50 == 0 ? r() >> r() % 64 : r() % 8); });
       }},
      {"jumps in a counter",
       [](std::size_t n, Random& r) {
         std::uint64_t at = 0;
         return drawn(n, [&](std::size_t) {
           return wrapped(at += r() % 100 == 0 ? r() % 1'000'000'000 : 1);
         });
       }},
      {"held",
       [](std::size_t n, Random& r) {
         std::int64_t at = 0;
         return drawn(
             n, [&](std::size_t) { return at = r() % 40 == 0 ? wrapped(r() % 100'000) : at; });
       }},
      {"few far apart",
       [](std::size_t n, Random& r) {
         const Integers few = drawn(9, [&](std::size_t) { return wrapped(r()); });
         return drawn(n, [&](std::size_t) { return few[r() % few.size()]; });
       }},
      {"switch", [](std::size_t n,
                    Random& r) { return drawn(n, [&](std::size_t) { return wrapped(r() % 2); }); }},
      {"extremes",
       [](std::size_t n, Random& r) {
         const Integers ends = {INT64_MIN, INT64_MAX, 0, -1, INT64_MIN + 1};
         return drawn(n, [&](std::size_t) { return ends[r() % ends.size()]; });
       }},
      {"any", [](std::size_t n,
                 Random& r) { return drawn(n, [&](std::size_t) { return wrapped(r()); }); }},
  };
  return shapes;
}

// Lengths around every boundary of groups and vectors.
inline std::vector<std::size_t> column_lengths() {
  std::vector<std::size_t> lengths;
  for (std::size_t i = 1; i <= 300; ++i) lengths.push_back(i);
  for (const std::size_t i : {1023U, 1024U, 1025U, 8191U, 8192U}) lengths.push_back(i);
  return lengths;
}

}  // namespace lineshaft::codec
