// connect/opcua/history_reader.h: fetches what the server kept while nobody listened, by
// HistoryRead: after an outage by itself, or a range that somebody asks for. Includes open62541's
// headers: for the .cpp files of this folder only.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "connect/backfill.h"
#include "connect/opcua/history_request.h"

namespace lineshaft::connect::opcua {

// Beside polling and publishing: one request at a time, and the next one only when the values of
// the last are on disk. Whatever a server answers, a fill ends: pages that bring nothing new, and
// more than kHistoryValuesMax values, end it with the reason.
// Threads: the loop's.
class HistoryReader {
 public:
  HistoryReader(sys::EventLoop& loop, Access& access);

  // The session is away since `at`, with which the gap of every signal was marked.
  void lost(Timestamp at);
  // What stands in our history from before this driver: those gaps begin there.
  void stands(std::vector<Standing> standing) { standing_ = std::move(standing); }
  // The session stands: fills the gaps, then goes on with what was asked for. `device_ahead`: how
  // much later the clock of the server is.
  void start(Nanoseconds device_ahead);
  // The session is away.
  void stop();

  // Errors: kBusy (one that was asked for runs).
  Status ask(const BackfillRequest& request);
  // Ends what runs. Errors: kNotFound.
  Status cancel();
  std::optional<BackfillStatus> status() const;

 private:
  struct Part {
    std::size_t signal = 0;
    Timestamp from;                // what is still to be fetched, in the server's time
    std::vector<Timestamp> marks;  // of its gaps, in our time: what stood then closes them
    std::optional<Value> last;     // usable
    UaPoint point;
    int stalls = 0;  // pages in a row that brought nothing new
    bool done = false;
  };
  struct Job {
    BackfillStatus status;
    std::vector<Part> parts;
    std::size_t next = 0;              // all before it are done
    std::size_t checked = 0;           // all before it have history, or are done
    std::vector<std::size_t> portion;  // parts under way, of one range
    UA_DateTime start = 0;             // of that range
  };
  template <typename F>
  auto only_now(F f) {
    return [this, epoch = epoch_, f = std::move(f)](auto&&... answer) {
      if (epoch == epoch_) f(std::forward<decltype(answer)>(answer)...);
    };
  }

  void make_gap(Nanoseconds device_ahead);
  void add_gap(Job& job, std::vector<std::size_t>& part_of, const Standing& since,
               Nanoseconds device_ahead);
  Job* job() { return gap_ ? &*gap_ : (asked_ ? &*asked_ : nullptr); }
  void step();
  void check(Job& job);
  void on_levels(Job& job, std::size_t count, const UA_ReadResponse& answer);
  bool take_portion(Job& job);
  bool look_at_mark(Job& job);
  void close_mark(const Part& part, Timestamp mark, const HistoryPage& page);
  void ask_page(Job& job);
  void on_pages(Job& job, UA_StatusCode whole, std::vector<HistoryPage>& pages);
  void take_page(Job& job, Part& part, HistoryPage& page);
  bool take_values(Job& job, Part& part, const UA_HistoryData& data);
  void without(Job& job, Part& part);
  void fail_part(Job& job, Part& part, const std::string& what);
  void go_on();
  void finish(Job& job, BackfillState state);
  void tell(const BackfillStatus& status);

  Access& access_;
  std::unique_ptr<sys::Timer> pause_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  bool up_ = false;
  bool waiting_ = false;     // for an answer, for the disk, or for the end of the pause
  std::uint64_t epoch_ = 0;  // answers of before a loss are not taken
  std::size_t nodes_max_;

  std::optional<Timestamp> lost_at_;  // and not yet in gap_
  std::vector<Standing> standing_;    // and not yet in gap_
  std::optional<Job> gap_;
  std::optional<Job> asked_;
  std::optional<BackfillStatus> last_;
  std::vector<bool> no_history_;  // by signal: the server said so, and is not asked again by itself
  bool told_no_history_ = false;
};

}  // namespace lineshaft::connect::opcua
