// connect/opcua/caller.h: calls of methods in a session: what they take is asked of the server,
// checked, and sent. Includes open62541's headers: for the .cpp files of this folder only.
#pragma once

#include <deque>
#include <map>
#include <memory>

#include "connect/opcua/access.h"
#include "connect/opcua/arguments.h"

namespace lineshaft::connect::opcua {

// One after the other, beside all polling and publishing. Threads: the loop's.
class Caller {
 public:
  explicit Caller(Access& access) : access_(access) {}

  // Every method of the settings, in their order.
  void describe(Driver::MethodsDone done);
  // Requires: the settings have a method of that name.
  void call(const MethodCall& call, Driver::CallDone done);
  // The session is away: what waits or is under way ends with this; descriptions are asked for
  // anew.
  void fail_all(const Error& why);

 private:
  struct Description {
    UaNodeId object;
    UaNodeId method;
    std::vector<Argument> inputs;
    std::vector<Argument> outputs;
  };
  using DescriptionDone = std::function<void(Result<const Description*>)>;
  struct Operation {
    MethodCall call;
    Driver::CallDone done;
    bool sent = false;
  };
  template <typename F>
  auto only_now(F f) {
    return [this, epoch = epoch_, f = std::move(f)](auto& answer) {
      if (epoch == epoch_) f(answer);
    };
  }

  const MethodConfig* find(const std::string& name) const;
  void learn(const MethodConfig& method, DescriptionDone done);
  void on_properties(const std::string& name, Description description,
                     const UA_BrowseResponse& answer, const DescriptionDone& done);
  void describe_next(std::size_t index, std::shared_ptr<std::vector<MethodView>> views,
                     Driver::MethodsDone done);
  void next();
  void send(const Description& description);
  void on_called(const Description& description, const UA_CallResponse& answer);
  void finish(Result<MethodOutcome> result);

  Access& access_;
  std::map<std::string, Description> known_;  // in this session
  std::deque<Operation> queue_;               // the first one is under way
  std::map<std::uint64_t, Driver::MethodsDone> describing_;
  std::uint64_t next_describing_ = 0;
  std::uint64_t epoch_ = 0;  // answers of before a loss are not taken
};

}  // namespace lineshaft::connect::opcua
