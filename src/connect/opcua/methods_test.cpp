// Methods: calls of our client, and those by which our server takes writes in two steps.
#include <gtest/gtest.h>

#include "connect/opcua/testing.h"

namespace lineshaft::connect::opcua {
namespace {

using testing::Plant;
using namespace std::chrono_literals;

const std::string kSetpoint = "acme/hall/press/setpoint";

ConnectionConfig with_methods() {
  ConnectionConfig config = Plant::connection();
  const std::string at = "nsu=urn:lineshaft:tags;i=";
  Plant::settings(config).methods = {
      {"request", at + "1", at + "2", Confirm::kNone},
      {"confirm", at + "1", at + "3", Confirm::kAgain},
      {"no such thing", at + "1", at + "77", Confirm::kNone},
  };
  return config;
}

struct Called : Plant {
  Called() {
    options.two_step_methods = true;
    serve();
    set_all();
    put(with_methods());
    EXPECT_TRUE(all_good()) << last_error();
  }
  Result<MethodOutcome> call(std::string name, std::vector<std::pair<std::string, Value>> arguments,
                             ConnectionManager::Step step = ConnectionManager::Step::kOnly) {
    std::optional<Result<MethodOutcome>> outcome;
    manager->call(
        {1}, {std::move(name), std::move(arguments)},
        [&](Result<MethodOutcome> result) { outcome = std::move(result); }, step);
    EXPECT_TRUE(run_until([&] { return outcome.has_value(); }, 60s));
    return *outcome;
  }
  Result<MethodOutcome> request(Value value) {
    return call("request", {{"Signal", kSetpoint}, {"Value", std::move(value)}});
  }
};

TEST(OpcUaMethods, AreDescribedAsTheServerHasThem) {
  Called plant;
  std::vector<MethodView> methods;
  plant.manager->methods({1}, [&](auto found) { methods = found.value(); });
  ASSERT_TRUE(plant.run_until([&] { return !methods.empty(); }, 10s));
  ASSERT_EQ(methods.size(), 3u);
  ASSERT_EQ(methods[0].inputs.size(), 2u);
  EXPECT_EQ(methods[0].inputs[0], (MethodArgument{"Signal", "String", "Id of the variable", true}));
  EXPECT_EQ(methods[0].inputs[1].type, "Any");
  ASSERT_EQ(methods[0].outputs.size(), 4u);
  EXPECT_EQ(methods[0].outputs[2].type, "UtcTime");
  EXPECT_EQ(methods[1].confirm, Confirm::kAgain);
  ASSERT_TRUE(methods[2].error);
  EXPECT_EQ(methods[2].error->id, ErrorId::kNotFound);
}

TEST(OpcUaMethods, BringAWriteToTheMachineInTwoSteps) {
  Called plant;
  const auto asked = plant.request(4.5);
  ASSERT_TRUE(asked) << asked.error().text();
  ASSERT_EQ(asked->results.size(), 4u);
  EXPECT_EQ(asked->results[0].name, "Token");
  EXPECT_EQ(asked->results[0].value, Value(std::string("t0k")));
  EXPECT_EQ(asked->results[1].value, Value(std::string("press")));
  EXPECT_EQ(asked->results[3].value, Value(false));
  EXPECT_EQ(plant.backing.values[6].value, Value(3.0)) << "the first step writes nothing";

  const std::vector<std::pair<std::string, Value>> second = {{"Signal", kSetpoint},
                                                             {"Value", 4.5},
                                                             {"Token", std::string("t0k")},
                                                             {"Machine", std::string("press")}};
  const auto confirmed = plant.call("confirm", second, ConnectionManager::Step::kSecond);
  ASSERT_TRUE(confirmed) << confirmed.error().text();
  EXPECT_EQ(plant.backing.values[6].value, Value(4.5));
  const auto again = plant.call("confirm", second, ConnectionManager::Step::kSecond);
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().what.find("BadInvalidState"), std::string::npos) << again.error().what;
}

TEST(OpcUaMethods, RefuseWhatTheHouseRefuses) {
  Called plant;
  const auto status = [&](std::string signal, Value value) {
    const auto outcome =
        plant.call("request", {{"Signal", std::move(signal)}, {"Value", std::move(value)}});
    return outcome ? std::string("Good") : outcome.error().what;
  };
  EXPECT_NE(status("acme/hall/press/force", 1.0).find("BadNotWritable"), std::string::npos);
  EXPECT_NE(status("acme/hall", 1.0).find("BadNodeIdUnknown"), std::string::npos);
  EXPECT_NE(status("nowhere", 1.0).find("BadNodeIdUnknown"), std::string::npos);
  EXPECT_NE(status(kSetpoint, std::string("x")).find("BadTypeMismatch"), std::string::npos);
  EXPECT_NE(status(kSetpoint, 99.0).find("BadOutOfRange"), std::string::npos);
  plant.backing.writers = false;  // while the session stands
  EXPECT_NE(status(kSetpoint, 1.0).find("BadUserAccessDenied"), std::string::npos);
}

TEST(OpcUaMethods, AreNotThereUnlessTheyAreWanted) {
  Plant plant;
  plant.serve();
  plant.set_all();
  plant.put(with_methods());
  ASSERT_TRUE(plant.all_good());
  std::vector<MethodView> methods;
  plant.manager->methods({1}, [&](auto found) { methods = found.value(); });
  ASSERT_TRUE(plant.run_until([&] { return !methods.empty(); }, 10s));
  EXPECT_TRUE(methods[0].error);
}

TEST(OpcUaMethods, ArgumentsAreCheckedBeforeAnythingIsSent) {
  Called plant;
  const auto what = [&](std::vector<std::pair<std::string, Value>> arguments) {
    const auto outcome = plant.call("request", std::move(arguments));
    return outcome ? std::string("Good") : outcome.error().what;
  };
  EXPECT_EQ(what({{"Signal", kSetpoint}}), "request: Value: is missing (Any)");
  EXPECT_EQ(what({{"Signal", kSetpoint}, {"Value", 1.0}, {"Speed", 1.0}}),
            "request: Speed: the method has no such argument");
  EXPECT_NE(what({{"Signal", 7.5}, {"Value", 1.0}}).find("request: Signal: "), std::string::npos);
  EXPECT_FALSE(plant.backing.asked) << "the server has not heard of it";
}

TEST(OpcUaMethods, NeedWritesToBeOnANameInTheSettingsAndTheSecondStep) {
  Called plant;
  EXPECT_EQ(plant.call("reboot", {}).error().id, ErrorId::kNotFound);
  EXPECT_EQ(plant.call("confirm", {}).error().id, ErrorId::kDenied);
  auto config = with_methods();
  config.writes_enabled = false;
  plant.put(config);
  ASSERT_TRUE(plant.all_good());
  EXPECT_EQ(plant.request(1.0).error().id, ErrorId::kWritesDisabled);
}

TEST(OpcUaMethods, SayWhenItIsNotKnownWhetherTheyRan) {
  Called plant;
  ASSERT_TRUE(plant.request(1.0));  // so that it is described
  plant.loop.set_silent(plant.at, true);
  const auto outcome = plant.request(2.0);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().id, ErrorId::kTimeout);
  EXPECT_NE(outcome.error().what.find("may or may not"), std::string::npos);
}

TEST(OpcUaMethods, EndWithTheReasonWhenTheServerIsKilled) {
  Called plant;
  plant.server.reset();
  ASSERT_TRUE(plant.run_until([&] { return plant.status().tags_bad == 6; }));
  EXPECT_EQ(plant.request(2.0).error().id, ErrorId::kMachineNotConnected);
}

TEST(OpcUaMethods, SettingsNameEachOnceWithNodesThatCanBeRead) {
  Settings settings;
  settings.url = "opc.tcp://plc:4840";
  settings.methods = {{"reset", "i=1", "i=2", Confirm::kNone}};
  EXPECT_TRUE(check(settings));
  settings.methods.push_back(settings.methods[0]);
  EXPECT_NE(check(settings).error().what.find("settings.methods[1].name"), std::string::npos);
  settings.methods[1] = {"stop", "i=1", "press.stop", Confirm::kNone};
  EXPECT_NE(check(settings).error().what.find("settings.methods[1].method"), std::string::npos);
}

}  // namespace
}  // namespace lineshaft::connect::opcua
