#include "wire/s7/plan.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "base/assert.h"

namespace lineshaft::s7 {

namespace {

constexpr std::uint32_t kFreeGap = kDataHeadBytes;

// A value, or a part of a long one, that is read in one piece.
struct Piece {
  Area area;
  std::uint16_t db;
  std::uint32_t start;
  std::uint32_t end;
  std::uint32_t item;
  std::uint32_t item_offset;
};

bool same_memory(const Piece& a, const Piece& b) { return a.area == b.area && a.db == b.db; }

std::size_t padded(std::size_t bytes) { return bytes + bytes % 2; }

// What a request can hold.
struct Room {
  std::size_t ranges;
  std::size_t bytes;  // of ranges with their heads, in the answer

  explicit Room(std::size_t pdu_bytes)
      : ranges(std::min(kItemsMax, (pdu_bytes - kJobHeadBytes - kFunctionBytes) / kItemBytes)),
        bytes((pdu_bytes - kAnswerHeadBytes - kFunctionBytes) & ~std::size_t{1}) {}

  std::uint32_t piece_max() const { return static_cast<std::uint32_t>(bytes - kDataHeadBytes); }
};

std::vector<Piece> cut(std::span<const PlanItem> items, std::uint32_t piece_max) {
  std::vector<Piece> pieces;
  pieces.reserve(items.size());
  for (std::uint32_t i = 0; i < items.size(); ++i) {
    const PlanItem& item = items[i];
    LS_ASSERT(item.bytes >= 1 && item.start + item.bytes <= kAreaBytes);
    LS_ASSERT(!is_counted(item.area) || (item.start % 2 == 0 && item.bytes % 2 == 0));
    for (std::uint32_t offset = 0; offset < item.bytes; offset += piece_max) {
      const std::uint32_t bytes = std::min(piece_max, item.bytes - offset);
      const std::uint32_t start = item.start + offset;
      pieces.push_back({item.area, item.db, start, start + bytes, i, offset});
    }
  }
  std::ranges::sort(
      pieces, {}, [](const Piece& p) { return std::tuple(p.area, p.db, p.start, p.end, p.item); });
  return pieces;
}

// Consecutive pieces that are read as one range.
struct Run {
  std::uint32_t start;
  std::uint32_t end;
  std::size_t first;  // piece
  std::size_t last;   // one past
};

// The runs that pieces make when only free gaps are bridged.
std::vector<Run> runs_of(std::span<const Piece> pieces, std::uint32_t gap_max) {
  const std::uint32_t bridged = std::min(kFreeGap, gap_max);
  std::vector<Run> runs;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const Piece& piece = pieces[i];
    const bool joins =
        i > 0 && same_memory(pieces[i - 1], piece) && piece.start <= runs.back().end + bridged;
    if (!joins) runs.push_back({piece.start, piece.end, i, i});
    runs.back().end = std::max(runs.back().end, piece.end);
    runs.back().last = i + 1;
  }
  return runs;
}

// Bridges the smallest gaps until at most `ranges_max` runs are left; false if the limit of gaps
// does not allow it.
bool bridge(std::span<const Piece> pieces, std::vector<Run>& runs, std::size_t ranges_max,
            std::uint32_t gap_max) {
  if (runs.size() <= ranges_max) return true;
  const std::size_t excess = runs.size() - ranges_max;
  std::vector<std::pair<std::uint32_t, std::size_t>> gaps;  // size, the run behind it
  for (std::size_t i = 1; i < runs.size(); ++i) {
    const std::uint32_t gap = runs[i].start - runs[i - 1].end;
    const bool bridgeable = same_memory(pieces[runs[i - 1].first], pieces[runs[i].first]);
    if (bridgeable && gap <= gap_max) gaps.emplace_back(gap, i);
  }
  if (gaps.size() < excess) return false;
  const auto end = gaps.begin() + static_cast<std::ptrdiff_t>(excess);
  std::ranges::nth_element(gaps, end);
  std::vector<bool> joined(runs.size());
  for (auto gap = gaps.begin(); gap != end; ++gap) joined[gap->second] = true;
  std::vector<Run> fewer;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!joined[i]) {
      fewer.push_back(runs[i]);
      continue;
    }
    fewer.back().end = runs[i].end;
    fewer.back().last = runs[i].last;
  }
  runs = std::move(fewer);
  return true;
}

// The ranges of one request for all of `pieces`; nothing if they do not fit into one.
std::optional<std::vector<Run>> lay_out(std::span<const Piece> pieces, const Room& room,
                                        const PlanLimits& limits) {
  if (!limits.join && pieces.size() > 1) return std::nullopt;
  std::vector<Run> runs = runs_of(pieces, limits.gap_max);
  if (!bridge(pieces, runs, room.ranges, limits.gap_max)) return std::nullopt;
  std::size_t bytes = 0;
  for (const Run& run : runs) bytes += kDataHeadBytes + padded(run.end - run.start);
  if (bytes > room.bytes) return std::nullopt;
  return runs;
}

// How many pieces from the front fit into one request. What fits still fits with fewer pieces, so
// the number is found by doubling and halving.
std::size_t count_fitting(std::span<const Piece> pieces, const Room& room,
                          const PlanLimits& limits) {
  std::size_t fits = 1;
  std::size_t step = 1;
  while (fits + step <= pieces.size() && lay_out(pieces.first(fits + step), room, limits)) {
    fits += step;
    step *= 2;
  }
  for (; step > 0; step /= 2) {
    if (fits + step <= pieces.size() && lay_out(pieces.first(fits + step), room, limits)) {
      fits += step;
    }
  }
  return fits;
}

PlanRequest request_of(std::span<const Piece> pieces, const std::vector<Run>& runs) {
  PlanRequest request;
  for (const Run& run : runs) {
    const Piece& head = pieces[run.first];
    const std::uint32_t bytes = run.end - run.start;
    Item item{head.area, head.db, Element::kByte, run.start * 8, static_cast<std::uint16_t>(bytes)};
    if (is_counted(head.area)) {
      item.element = head.area == Area::kTimer ? Element::kTimer : Element::kCounter;
      item.address = run.start / 2;
      item.count = static_cast<std::uint16_t>(bytes / 2);
    }
    const auto range = static_cast<std::uint16_t>(request.read.items.size());
    request.read.items.push_back(item);
    for (std::size_t i = run.first; i < run.last; ++i) {
      const Piece& piece = pieces[i];
      request.parts.push_back(
          {piece.item, range, piece.start - run.start, piece.item_offset, piece.end - piece.start});
    }
  }
  return request;
}

}  // namespace

std::vector<PlanRequest> plan_reads(std::span<const PlanItem> items, const PlanLimits& limits) {
  LS_ASSERT(limits.pdu_bytes >= kPduBytesMin);
  const Room room(limits.pdu_bytes);
  const std::vector<Piece> pieces = cut(items, room.piece_max());
  std::vector<PlanRequest> requests;
  std::span<const Piece> left(pieces);
  while (!left.empty()) {
    const std::size_t count = count_fitting(left, room, limits);
    const auto runs = lay_out(left.first(count), room, limits);
    LS_ASSERT(runs.has_value());  // a single piece always fits
    requests.push_back(request_of(left.first(count), *runs));
    left = left.subspan(count);
  }
  return requests;
}

}  // namespace lineshaft::s7
