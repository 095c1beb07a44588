#include "settlement/graph.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/assert.h"
#include "settlement/exact.h"
#include "settlement/split.h"

namespace lineshaft::settlement {
namespace {

Error refused(const std::string& why) { return {ErrorId::kInvalidArgument, "links: " + why}; }

std::string pair_text(const Link& link) { return link.from + " -> " + link.to; }

bool is_above_one(const Ratio& rate) { return rate.numerator() > rate.denominator(); }

// The links of each asset, by position.
using LinksOf = std::vector<std::vector<Passage>>;

Result<LinksOf> links_of(const Graph& graph, std::span<const std::string> assets) {
  if (graph.links.size() > kLinksMax) {
    return refused("more than " + std::to_string(kLinksMax));
  }
  LinksOf links(assets.size());
  for (const Link& link : graph.links) {
    std::size_t ends[2];
    for (int i = 0; i < 2; ++i) {
      const std::string& name = i == 0 ? link.from : link.to;
      const auto found = std::ranges::lower_bound(assets, name);
      if (found == assets.end() || *found != name) {
        return refused(pair_text(link) + ": there is no asset '" + name + "'");
      }
      ends[i] = static_cast<std::size_t>(found - assets.begin());
    }
    if (ends[0] == ends[1]) return refused(link.from + " leads to itself");
    if (link.rate <= Ratio() || is_above_one(link.rate)) {
      return refused(pair_text(link) + ": the rate " + link.rate.text() +
                     " is not above 0 and up to 1");
    }
    if (graph.stacking != Stacking::kDirect && link.base != LinkBase::kExternal) {
      return refused(pair_text(link) +
                     ": where every ancestor is paid, only external receipts are a base");
    }
    links[ends[0]].push_back({ends[0], ends[1], link.rate, link.base});
  }
  for (std::vector<Passage>& some : links) {
    if (some.size() > kAncestorsMax) {
      return refused(assets[some[0].from] + " has more than " + std::to_string(kAncestorsMax));
    }
    std::ranges::sort(some, {}, [](const Passage& p) { return std::tie(p.to, p.base); });
    const auto twice = std::ranges::adjacent_find(
        some, [](const Passage& a, const Passage& b) { return a.to == b.to && a.base == b.base; });
    if (twice != some.end()) {
      return refused(assets[twice->from] + " -> " + assets[twice->to] + " is there twice");
    }
  }
  return links;
}

// Does what `link` pays wait for what its asset receives?
bool waits(const Graph& graph, const Passage& link) {
  return graph.stacking != Stacking::kDirect || link.base != LinkBase::kExternal;
}

// "a -> b -> a". Requires: every asset with waiting[i] > 0 has a link from such an asset.
std::string cycle_text(const Graph& graph, const LinksOf& links,
                       const std::vector<std::size_t>& waiting,
                       std::span<const std::string> assets) {
  std::vector<std::size_t> payer_of(assets.size(), assets.size());
  for (std::size_t i = 0; i < assets.size(); ++i) {
    if (waiting[i] == 0) continue;
    for (const Passage& link : links[i]) {
      if (waits(graph, link)) payer_of[link.to] = i;
    }
  }
  // Backwards from asset to payer until one comes again: from there it is a cycle.
  std::vector<bool> seen(assets.size());
  auto at = static_cast<std::size_t>(
      std::ranges::find_if(waiting, [](std::size_t count) { return count > 0; }) - waiting.begin());
  for (; !seen[at]; at = payer_of[at]) seen[at] = true;
  std::string text = assets[at];
  std::size_t payer = payer_of[at];
  for (; payer != at; payer = payer_of[payer]) text = assets[payer] + " -> " + text;
  return assets[at] + " -> " + text;
}

Result<std::vector<std::size_t>> order_of(const Graph& graph, const LinksOf& links,
                                          std::span<const std::string> assets) {
  std::vector<std::size_t> waiting(assets.size());  // for how many payers still
  for (const std::vector<Passage>& some : links) {
    for (const Passage& link : some) waiting[link.to] += waits(graph, link) ? 1U : 0U;
  }
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < assets.size(); ++i) {
    if (waiting[i] == 0) order.push_back(i);
  }
  for (std::size_t next = 0; next < order.size(); ++next) {
    for (const Passage& link : links[order[next]]) {
      if (waits(graph, link) && --waiting[link.to] == 0) order.push_back(link.to);
    }
  }
  if (order.size() < assets.size()) {
    return refused("the cycle " + cycle_text(graph, links, waiting, assets) +
                   " can pay only on external receipts");
  }
  return order;
}

// Replaces the links of each asset by one for each of its ancestors.
Status stack(const Graph& graph, LinksOf& links, const std::vector<std::size_t>& order,
             std::span<const std::string> assets) {
  // Ancestors first: what they pay is part of what their derived assets pay.
  for (auto at = order.rbegin(); at != order.rend(); ++at) {
    std::map<std::size_t, Ratio> rates;
    const auto add = [&](const Passage& passage) -> Status {
      Ratio& rate = rates[passage.to];
      if (graph.stacking == Stacking::kOncePerAncestor) {
        rate = std::max(rate, passage.rate);
        return {};
      }
      const Result<Ratio> sum = rate.plus(passage.rate);
      if (!sum) return refused(assets[*at] + ": " + sum.error().what);
      rate = *sum;
      return {};
    };
    for (const Passage& link : links[*at]) {
      if (Status added = add(link); !added) return added;
      for (const Passage& further : links[link.to]) {
        if (Status added = add(further); !added) return added;
      }
    }
    if (rates.size() > kAncestorsMax) {
      return refused(assets[*at] + " has more than " + std::to_string(kAncestorsMax) +
                     " ancestors");
    }
    links[*at].clear();
    for (const auto& [to, rate] : rates) {
      links[*at].push_back({*at, to, rate, LinkBase::kExternal});
    }
  }
  return {};
}

// Scales the rates of one asset to the cap, if they are above it.
Status limit(const std::optional<Ratio>& cap, std::vector<Passage>& passages,
             const std::string& asset) {
  Ratio sum;
  for (const Passage& passage : passages) {
    const Result<Ratio> more = sum.plus(passage.rate);
    if (!more) return refused(asset + ": " + more.error().what);
    sum = *more;
  }
  if (cap && sum > *cap) {
    const Result<Ratio> factor = Ratio::make(Int128{cap->numerator()} * sum.denominator(),
                                             Int128{cap->denominator()} * sum.numerator());
    if (!factor) return refused(asset + ": " + factor.error().what);
    for (Passage& passage : passages) {
      const Result<Ratio> scaled = passage.rate.times(*factor);
      if (!scaled) return refused(asset + ": " + scaled.error().what);
      passage.rate = *scaled;
    }
    sum = *cap;
  }
  if (!is_above_one(sum)) return {};
  return refused(asset + " would pass on more than it receives: " + sum.text());
}

// One asset, whose receipts are final: what it owes over its links but those on kExternal.
void pass_on_received(std::span<const Passage> passages, const Receipts& receipts, Int128 received,
                      Int128 available, std::span<Passed> passed) {
  Int128 others = 0;
  std::vector<Int128> owed(passages.size());
  const auto owe = [&](std::size_t i, Int128 base) {
    passed[i].base = base;
    passed[i].owed = passages[i].rate.of(base, Rounding::kFloor).value_or(0);
    owed[i] = passed[i].owed;
  };
  for (std::size_t i = 0; i < passages.size(); ++i) {
    if (passages[i].base == LinkBase::kGross) owe(i, receipts.gross + received);
    if (passages[i].base == LinkBase::kNetOfTax) owe(i, receipts.net_of_tax + received);
    others += owed[i];
  }
  for (std::size_t i = 0; i < passages.size(); ++i) {
    if (passages[i].base != LinkBase::kNetOfUpstream) continue;
    owe(i, std::max<Int128>(0, available - others));
  }
  Int128 sum = 0;
  for (const Int128 amount : owed) sum += amount;
  const std::vector<Int128> paid = sum <= available ? owed : largest_remainder(available, owed);
  for (std::size_t i = 0; i < passages.size(); ++i) {
    if (passages[i].base != LinkBase::kExternal) passed[i].paid = paid[i];
  }
}

}  // namespace

Result<Route> route_of(const Graph& graph, std::span<const std::string> assets) {
  if (graph.cap && (*graph.cap < Ratio() || is_above_one(*graph.cap))) {
    return refused("the cap " + graph.cap->text() + " is not between 0 and 1");
  }
  Result<LinksOf> links = links_of(graph, assets);
  if (!links) return links.error();
  Result<std::vector<std::size_t>> order = order_of(graph, *links, assets);
  if (!order) return order.error();
  if (graph.stacking != Stacking::kDirect) {
    if (Status stacked = stack(graph, *links, *order, assets); !stacked) return stacked.error();
  }
  Route route{*std::move(order), {}, {}};
  for (std::size_t i = 0; i < assets.size(); ++i) {
    std::vector<Passage>& passages = (*links)[i];
    if (Status limited = limit(graph.cap, passages, assets[i]); !limited) return limited.error();
    route.first_of.push_back(route.passages.size());
    route.passages.insert(route.passages.end(), passages.begin(), passages.end());
  }
  route.first_of.push_back(route.passages.size());
  return route;
}

Result<Flow> pass_on(const Route& route, std::span<const Receipts> receipts) {
  LS_ASSERT(receipts.size() == route.order.size());
  Flow flow{std::vector<Passed>(route.passages.size()), std::vector<Int128>(receipts.size()), {}};
  // Over links on external receipts first: they wait for nobody.
  std::vector<Int128> spent(receipts.size());
  for (std::size_t i = 0; i < route.passages.size(); ++i) {
    const Passage& passage = route.passages[i];
    if (passage.base != LinkBase::kExternal) continue;
    const Int128 base = receipts[passage.from].external;
    const Int128 owed = passage.rate.of(base, Rounding::kFloor).value_or(0);
    flow.passed[i] = {base, owed, owed};
    flow.received[passage.to] += owed;
    spent[passage.from] += owed;
  }
  flow.retained.resize(receipts.size());
  for (const std::size_t asset : route.order) {
    const Int128 received = flow.received[asset];
    if (!is_amount(receipts[asset].gross + received)) return too_large("what an asset receives");
    const Int128 available = receipts[asset].external + received - spent[asset];
    const std::size_t first = route.first_of[asset];
    const std::size_t count = route.first_of[asset + 1] - first;
    const std::span<const Passage> passages = std::span(route.passages).subspan(first, count);
    pass_on_received(passages, receipts[asset], received, available,
                     std::span(flow.passed).subspan(first, count));
    flow.retained[asset] = available;
    for (std::size_t i = first; i < first + count; ++i) {
      if (route.passages[i].base == LinkBase::kExternal) continue;
      flow.received[route.passages[i].to] += flow.passed[i].paid;
      flow.retained[asset] -= flow.passed[i].paid;
    }
  }
  return flow;
}

}  // namespace lineshaft::settlement
