// settlement/graph.h: what an asset passes on to the assets it is derived from (royalty stacking).
// Pure functions; threads: any. docs/reference/settlement.md has the rules.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/decimal.h"
#include "base/ratio.h"
#include "base/result.h"

namespace lineshaft::settlement {

inline constexpr std::size_t kLinksMax = 1'000'000;
inline constexpr std::size_t kAncestorsMax = 1'024;  // that one asset pays

// Of what the rate of a link is a part. "Received" is what derived assets have passed on.
enum class LinkBase : std::uint8_t {
  kGross,          // own licences before withholding and costs, and received
  kNetOfTax,       // own licences after withholding, before costs, and received
  kNetOfUpstream,  // own licences after withholding and costs, and received, less what is passed on
                   // over links with another base
  kExternal,       // own licences after withholding and costs; nothing received. Two assets may be
                   // licensed to each other so
};

struct Link {
  std::string from;  // the derived asset, which pays
  std::string to;
  Ratio rate;
  LinkBase base = LinkBase::kNetOfTax;
  friend bool operator==(const Link&, const Link&) = default;
};

enum class Stacking : std::uint8_t {
  kDirect,           // an asset pays the assets it links to, which pay on from what they receive
  kEveryPath,        // it pays every ancestor: the rate of the link to it, once for every path
  kOncePerAncestor,  // the same, but once: the highest such rate
};

struct Graph {
  Stacking stacking = Stacking::kDirect;
  // All rates of an asset together; above it, each is scaled by cap / sum.
  std::optional<Ratio> cap;
  std::vector<Link> links;
  friend bool operator==(const Graph&, const Graph&) = default;
};

// One payment that an asset owes: the links of a graph after stacking and cap. Assets by position.
struct Passage {
  std::size_t from = 0;
  std::size_t to = 0;
  Ratio rate;
  LinkBase base = LinkBase::kNetOfTax;
};

struct Route {
  std::vector<std::size_t> order;     // derived assets before what they are derived from
  std::vector<Passage> passages;      // ordered by from, to, base
  std::vector<std::size_t> first_of;  // of asset i: passages [first_of[i], first_of[i + 1])
};

// Requires: `assets` ordered, no two equal.
// Errors: kInvalidArgument, naming the assets: an asset that is not among them, a link to itself
//         or twice, a rate not above 0 and up to 1, a cycle (links on kExternal make none, if
//         stacking is kDirect), rates of an asset above 1 in all, more than kLinksMax or
//         kAncestorsMax, other bases than kExternal where every ancestor is paid, rates whose sums
//         have parts of more than 18 digits.
// Cost:   O(assets + links); with ancestors, their sum.
Result<Route> route_of(const Graph& graph, std::span<const std::string> assets);

// What the licences of one asset itself have brought.
struct Receipts {
  Int128 gross = 0;       // before withholding and costs
  Int128 net_of_tax = 0;  // after withholding
  Int128 external = 0;    // after withholding and costs
};

struct Passed {
  Int128 base = 0;
  Int128 owed = 0;  // rounding point "link": down
  Int128 paid = 0;  // less than owed only when there was not more (largest remainder)
};

struct Flow {
  std::vector<Passed> passed;    // in the order of the passages
  std::vector<Int128> received;  // of each asset
  std::vector<Int128> retained;  // of each asset: external + received - paid, never below 0
};

// Requires: receipts of each asset, amounts with external <= net_of_tax <= gross.
// Errors: kInvalidArgument: more than 30 digits come together.
Result<Flow> pass_on(const Route& route, std::span<const Receipts> receipts);

}  // namespace lineshaft::settlement
