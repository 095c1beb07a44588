#include "connect/opcua/look_around.h"

#include <set>
#include <utility>

#include "connect/opcua/browse.h"
#include "connect/opcua/visit.h"

namespace lineshaft::connect::opcua {

namespace {

// Ends a walk whose server has endless trees or answers slowly; what was found is shown.
constexpr Nanoseconds kWalkMax = std::chrono::seconds(30);
// The Server object describes the server itself, in thousands of nodes that nobody makes signals
// of: a walk goes into it only if it begins there.
constexpr std::string_view kServerObject = "i=2253";
constexpr std::string_view kObjects = "i=85";

connect::BrowseEntry entry_of(const BrowseEntry& found, const std::string& below,
                              std::vector<std::string> levels) {
  connect::BrowseEntry entry;
  levels.push_back(found.display_name.empty() ? found.name : found.display_name);
  entry.levels = std::move(levels);
  entry.node = found.node;
  entry.type = found.kind == BrowseEntry::Kind::kMethod ? "Method" : found.type_name;
  // A variable of a structure may have its parts as variables below it.
  entry.has_more = found.kind == BrowseEntry::Kind::kObject ||
                   (found.kind == BrowseEntry::Kind::kVariable && !found.type);
  if (found.kind == BrowseEntry::Kind::kMethod) {
    entry.method = BrowsedMethod{below, found.inputs, found.outputs};
  }
  if (found.kind != BrowseEntry::Kind::kVariable || !found.type) return entry;
  SignalConfig signal;
  signal.path = proposed_path(entry.levels);
  signal.point = Point{found.node, *found.type};
  signal.unit = found.unit;
  signal.description = found.description;
  signal.enum_set = found.enum_set;
  signal.range_low = found.range_low;
  signal.range_high = found.range_high;
  signal.writable = found.writable;
  const bool measured = *found.type == ValueType::kFloat32 || *found.type == ValueType::kFloat64;
  signal.interpolation = measured ? Interpolation::kLinear : Interpolation::kStep;
  entry.signal = std::move(signal);
  return entry;
}

class LookAround : public Task {
 public:
  LookAround(const Way& way, BrowseRequest request, BrowseDone done)
      : request_(std::move(request)),
        done_(std::move(done)),
        limit_(way.loop.make_timer()),
        finish_(way.loop.make_timer()),
        browser_(make_browser(way, std::get<Settings>(request_.settings))) {
    limit_->start(kWalkMax, [this] {
      report_.cut = true;
      finish({});
    });
    ask(request_.node, {});
  }

 private:
  void ask(const std::string& node, std::vector<std::string> levels) {
    browser_->browse(node, [this, node, levels = std::move(levels)](auto found) {
      if (finished_) return;
      // Below the start, what does not let itself be browsed is no reason to show nothing.
      if (!found && levels.empty()) return finish(found.error());
      if (found) take(*found, node.empty() ? std::string(kObjects) : node, levels);
      next();
    });
  }

  void take(const std::vector<BrowseEntry>& found, const std::string& below,
            const std::vector<std::string>& levels) {
    for (auto it = found.rbegin(); it != found.rend(); ++it) {
      waiting_.push_back(entry_of(*it, below, levels));
    }
  }

  // The last one first: so each entry stands behind what it lies below.
  void next() {
    while (!waiting_.empty()) {
      if (report_.entries.size() >= connect::kBrowseEntriesMax) {
        report_.cut = true;
        break;
      }
      connect::BrowseEntry entry = std::move(waiting_.back());
      waiting_.pop_back();
      // Trees of OPC UA have cycles; a method may be shared by many objects.
      const std::string below = entry.method ? "\n" + entry.method->object : "";
      const bool is_new = seen_.insert(entry.node + below).second;
      const bool descend = is_new && entry.has_more && entry.levels.size() < request_.depth &&
                           entry.node != kServerObject;
      if (!is_new) continue;
      report_.entries.push_back(std::move(entry));
      if (descend) return ask(report_.entries.back().node, report_.entries.back().levels);
    }
    finish({});
  }

  void finish(Status status) {
    if (std::exchange(finished_, true)) return;
    finish_->start(Nanoseconds(0), [this, status = std::move(status)] {
      const BrowseDone done = std::move(done_);
      if (!status) return done(status.error());
      BrowseReport report = std::move(report_);
      done(std::move(report));  // may destroy this
    });
  }

  const BrowseRequest request_;
  BrowseDone done_;
  BrowseReport report_;
  bool finished_ = false;
  std::vector<connect::BrowseEntry> waiting_;
  std::set<std::string> seen_;
  std::unique_ptr<sys::Timer> limit_;
  std::unique_ptr<sys::Timer> finish_;
  std::unique_ptr<Browser> browser_;
};

}  // namespace

std::unique_ptr<Task> make_look_around(const Way& way, BrowseRequest request, BrowseDone done) {
  return std::make_unique<LookAround>(way, std::move(request), std::move(done));
}

}  // namespace lineshaft::connect::opcua
