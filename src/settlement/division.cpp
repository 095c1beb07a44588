#include "settlement/division.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <string>

#include "base/assert.h"
#include "settlement/exact.h"

namespace lineshaft::settlement {
namespace {

// Worths are read in blocks of this many low parties, so that the sums of a pass stay in a cache.
constexpr unsigned kLowPartiesMax = 12;

Error refused(const std::string& why) { return {ErrorId::kInvalidArgument, "division: " + why}; }

std::int64_t multiple_up_to(unsigned n) {  // lcm(1..n); n = 24 gives 5'354'228'880.
  std::int64_t multiple = 1;
  for (unsigned i = 2; i <= n; ++i) multiple = std::lcm(multiple, std::int64_t{i});
  return multiple;
}

std::int64_t binomial(unsigned n, unsigned k) {
  std::int64_t value = 1;
  for (unsigned i = 1; i <= k; ++i) value = value * (n - k + i) / i;
  return value;
}

// Sums of worths by size of the coalition: of all, and of those with party i.
class SizeSums {
 public:
  explicit SizeSums(unsigned parties)
      : parties_(parties), all_(parties + 1), with_(parties, std::vector<Int128>(parties + 1)) {}

  // For the members of `coalition`, whose bit 0 is the party `first`.
  void add_with(Coalition coalition, unsigned first, std::size_t size, Int128 worth) {
    for (Coalition rest = coalition; rest != 0; rest &= rest - 1) {
      with_[first + static_cast<std::size_t>(std::countr_zero(rest))][size] += worth;
    }
  }
  void add_all(std::size_t size, Int128 worth) { all_[size] += worth; }

  // The sum over all coalitions of s others of what party i adds.
  Int128 contribution(unsigned i, unsigned s) const {
    return with_[i][s + 1] - (all_[s] - with_[i][s]);
  }

  Division division() const {
    Division division{multiple_up_to(parties_), std::vector<Int128>(parties_), {}};
    for (unsigned i = 0; i < parties_; ++i) {
      std::vector<Int128>& row = division.contributions.emplace_back();
      for (unsigned s = 0; s < parties_; ++s) {
        row.push_back(contribution(i, s));
        // n * C(n-1, s) divides lcm(1..n).
        division.numerators[i] +=
            row.back() * (division.denominator / (parties_ * binomial(parties_ - 1, s)));
      }
    }
    return division;
  }

 private:
  unsigned parties_;
  std::vector<Int128> all_;
  std::vector<std::vector<Int128>> with_;
};

// One pass in order: for each block of coalitions that share their high parties. Instead of adding
// a worth to each of its members, it is added to two sums, one for its low members and one for its
// high ones; both kinds of sums are few, and are given to the members at the end.
template <typename Value, typename WorthOf>
SizeSums sums_of_sizes(unsigned parties, const WorthOf& worth_of) {
  const unsigned low = std::min(parties, kLowPartiesMax);
  const unsigned high = parties - low;
  const std::size_t low_end = std::size_t{1} << low;
  std::vector<std::uint8_t> size_of(low_end);
  for (std::size_t i = 0; i < low_end; ++i) {
    size_of[i] = static_cast<std::uint8_t>(std::popcount(i));
  }
  // [members among the high parties][set of low parties]
  std::vector<std::vector<Int128>> by_low(high + 1, std::vector<Int128>(low_end));
  SizeSums sums(parties);
  for (Coalition block = 0; block < Coalition{1} << high; ++block) {
    const auto members = static_cast<std::size_t>(std::popcount(block));
    std::vector<Int128>& of_low = by_low[members];
    std::array<Int128, kLowPartiesMax + 1> by_size{};
    for (std::size_t i = 0; i < low_end; ++i) {
      const Value worth = worth_of(block << low | i);
      of_low[i] += worth;
      by_size[size_of[i]] += worth;
    }
    for (unsigned size = 0; size <= low; ++size) {
      sums.add_all(members + size, by_size[size]);
      sums.add_with(block, low, members + size, by_size[size]);
    }
  }
  for (std::size_t members = 0; members < by_low.size(); ++members) {
    for (std::size_t i = 0; i < low_end; ++i) {
      sums.add_with(i, 0, members + size_of[i], by_low[members][i]);
    }
  }
  return sums;
}

Status check_parties(unsigned parties) {
  if (parties >= 1 && parties <= kPartiesExactMax) return {};
  return refused(std::to_string(parties) + " parties: exact for 1 to " +
                 std::to_string(kPartiesExactMax) + "; use a sample beyond");
}

Error nothing_is_worth() { return refused("the coalition of nobody must be worth 0"); }

// Of the set of positions `chosen`, the union of what they stand for.
Coalition union_of(Coalition chosen, std::span<const Coalition> parts) {
  Coalition all = 0;
  for (; chosen != 0; chosen &= chosen - 1) {
    all |= parts[static_cast<std::size_t>(std::countr_zero(chosen))];
  }
  return all;
}

Status check_centres(std::span<const Coalition> centres) {
  Coalition seen = 0;
  unsigned members_max = 0;
  for (const Coalition centre : centres) {
    if (centre == 0) return refused("a centre has no members");
    if ((seen & centre) != 0) return refused("a party is a member of two centres");
    seen |= centre;
    members_max = std::max(members_max, static_cast<unsigned>(std::popcount(centre)));
  }
  if (seen == 0) return refused("there are no centres");
  if ((seen & (seen + 1)) != 0) return refused("a party between the others is in no centre");
  if (members_max + centres.size() > kPartiesExactMax + 1) {
    return refused("the largest centre has " + std::to_string(members_max) + " members, of " +
                   std::to_string(centres.size()) + " centres: together at most " +
                   std::to_string(kPartiesExactMax + 1));
  }
  return {};
}

std::vector<Coalition> bits_of(Coalition set) {
  std::vector<Coalition> bits;
  for (; set != 0; set &= set - 1) bits.push_back(set & -set);
  return bits;
}

}  // namespace

Result<Division> shapley(std::span<const std::int64_t> worth) {
  if (!std::has_single_bit(worth.size())) {
    return refused("the table has " + std::to_string(worth.size()) + " worths, no power of two");
  }
  const auto parties = static_cast<unsigned>(std::countr_zero(worth.size()));
  if (Status checked = check_parties(parties); !checked) return checked.error();
  if (worth[0] != 0) return nothing_is_worth();
  return sums_of_sizes<std::int64_t>(parties, [&](Coalition s) { return worth[s]; }).division();
}

Result<Division> shapley(unsigned parties, const Worth& worth) {
  if (Status checked = check_parties(parties); !checked) return checked.error();
  if (worth(0) != 0) return nothing_is_worth();
  // The empty coalition has been asked: each one is asked once.
  const auto worth_of = [&](Coalition s) { return s == 0 ? 0 : worth(s); };
  return sums_of_sizes<std::int64_t>(parties, worth_of).division();
}

// Owen's value within centre k is Shapley's value of the game among its members in which a set S is
// worth the weighted sum, over sets H of other centres, of the worth of S together with H.
Result<Division> owen(std::span<const Coalition> centres, const Worth& worth) {
  if (Status checked = check_centres(centres); !checked) return checked.error();
  if (worth(0) != 0) return nothing_is_worth();
  const auto count = static_cast<unsigned>(centres.size());
  unsigned members_max = 0;
  Coalition everybody = 0;
  for (const Coalition centre : centres) {
    members_max = std::max(members_max, static_cast<unsigned>(std::popcount(centre)));
    everybody |= centre;
  }
  const std::int64_t outer = multiple_up_to(count);
  const std::int64_t inner = multiple_up_to(members_max);
  Division division{
      outer * inner, std::vector<Int128>(static_cast<std::size_t>(std::popcount(everybody))), {}};
  for (unsigned k = 0; k < count; ++k) {
    std::vector<Coalition> others(centres.begin(), centres.end());
    others.erase(others.begin() + k);
    const std::vector<Coalition> members = bits_of(centres[k]);
    const auto worth_of = [&](Coalition some) {
      const Coalition own = union_of(some, members);
      Int128 sum = 0;
      for (Coalition chosen = 0; chosen < Coalition{1} << others.size(); ++chosen) {
        const Coalition coalition = own | union_of(chosen, others);
        if (coalition == 0) continue;
        const auto joined = static_cast<unsigned>(std::popcount(chosen));
        sum += Int128{worth(coalition)} * (outer / (count * binomial(count - 1, joined)));
      }
      return sum;
    };
    const Division own =
        sums_of_sizes<Int128>(static_cast<unsigned>(members.size()), worth_of).division();
    for (std::size_t i = 0; i < members.size(); ++i) {
      division.numerators[static_cast<std::size_t>(std::countr_zero(members[i]))] =
          own.numerators[i] * (inner / own.denominator);
    }
  }
  return division;
}

std::vector<Int128> in_units(const Division& division) {
  const std::int64_t denominator = division.denominator;
  std::vector<Int128> units;
  std::vector<Int128> rests;
  Int128 rest_sum = 0;
  for (const Int128 numerator : division.numerators) {
    Int128 rest = numerator % denominator;
    if (rest < 0) rest += denominator;
    units.push_back((numerator - rest) / denominator);
    rests.push_back(rest);
    rest_sum += rest;
  }
  LS_ASSERT(rest_sum % denominator == 0);
  std::vector<std::size_t> order(units.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater{}, [&](std::size_t i) { return rests[i]; });
  for (std::size_t i = 0; i < static_cast<std::size_t>(rest_sum / denominator); ++i) {
    ++units[order[i]];
  }
  return units;
}

}  // namespace lineshaft::settlement
