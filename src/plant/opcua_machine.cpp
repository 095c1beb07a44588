// A machine that speaks OPC UA: its signals as variables below its name.
#include "base/assert.h"
#include "connect/opcua/server.h"
#include "plant/feed.h"
#include "plant/served_machine.h"

namespace lineshaft::plant {
namespace {

namespace opcua = connect::opcua;

// Ids are numbers of signals, from 1. It does not know where in the plant it stands.
std::vector<Tag> tags_of(const Machine& machine) {
  connect::ConnectionConfig config;
  config.settings = machine.settings;
  for (const Signal& signal : machine.signals) config.signals.push_back(signal.config);
  std::vector<Tag> tags;
  for (TagSpec& spec : connect::tag_specs(config)) {
    spec.path = machine.name + "/" + name_of(machine.signals[tags.size()]);
    tags.push_back({{static_cast<std::uint32_t>(tags.size() + 1)}, std::move(spec)});
  }
  return tags;
}

class OpcUaMachine final : public ServedMachine, private opcua::ServerBacking {
 public:
  OpcUaMachine(const Machine& machine, const Hall& hall)
      : feed_(machine, hall.loop, hall.clock, hall.speed, [this](const auto& changed) {
          for (const std::size_t signal : changed) server_->publish(sample(signal));
        }) {}

  Status start(const Machine& machine, const Hall& hall) {
    opcua::ServerOptions options;
    options.listen = {"127.0.0.1", machine.port};
    options.allow_anonymous = true;  // clients are known by their certificates
    options.rights_per_tag = false;
    auto server = opcua::make_server(hall.loop, hall.clock, *hall.trust, *this, options);
    if (!server) return server.error();
    server_ = *std::move(server);
    return server_->put(tags_of(machine));
  }

 private:
  Sample sample(std::size_t signal) const {
    return {{static_cast<std::uint32_t>(signal + 1)},
            feed_.time(),
            quality::kGood,
            feed_.value(signal)};
  }

  bool admit(const opcua::ServerUser& user, std::string_view /*password*/) override {
    return user.kind == opcua::UserKind::kAnonymous;
  }
  bool may_read(const opcua::ServerUser&, TagId) override { return true; }
  bool may_write(const opcua::ServerUser&, TagId) override { return false; }
  std::optional<Sample> current(TagId tag) override { return sample(tag.value - 1); }
  Status write(const opcua::ServerUser&, TagId, Value) override {
    return Error{ErrorId::kDenied, "the plant is measured, not operated"};
  }
  Result<std::vector<Sample>> history(TagId, TimeRange, bool, std::size_t) override {
    return std::vector<Sample>();
  }

  Feed feed_;
  std::unique_ptr<opcua::Server> server_;
};

}  // namespace

MadeMachine serve_opcua_machine(const Machine& machine, const Hall& hall) {
  LS_ASSERT(hall.trust != nullptr);
  auto made = std::make_unique<OpcUaMachine>(machine, hall);
  if (Status started = made->start(machine, hall); !started) return started.error();
  return std::unique_ptr<ServedMachine>(std::move(made));
}

}  // namespace lineshaft::plant
