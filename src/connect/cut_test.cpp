// Every protocol, cut at every byte of a session, in both directions. What must hold, wherever it
// is cut: what was read is stored, every gap is marked, no value is invented, and the connection
// comes back. Short here; whole with tools/torture.
#include <gtest/gtest.h>

#include <limits>
#include <numeric>

#include "base/torture_fixture.h"
#include "connect/cut_machines_fixture.h"

namespace lineshaft::connect {
namespace {

using namespace testing;

constexpr Nanoseconds kTick = 100ms;
constexpr std::size_t kSessionTicks = 30;
// The longest wait before an attempt to connect is 30 s, and some time is needed after it.
constexpr std::size_t kRecoveryTicks = 600;
constexpr std::size_t kCutsInShort = 24;  // of each direction of each protocol

struct Protocol {
  const char* name;
  std::unique_ptr<Machine> (*make)();
};

template <typename Kind>
std::unique_ptr<Machine> make() {
  return std::make_unique<Kind>();
}

template <ModbusMachine::Over over>
std::unique_ptr<Machine> make_modbus() {
  return std::make_unique<ModbusMachine>(over);
}

const Protocol kAll[] = {
    {"ModbusTcp", make_modbus<ModbusMachine::Over::kTcp>},
    {"ModbusRtu", make_modbus<ModbusMachine::Over::kRtuTcp>},
    {"ModbusTls", make_modbus<ModbusMachine::Over::kTls>},
    {"S7", make<S7Machine>},
    {"OpcUa", make<OpcUaMachine>},
    {"Iec104", make<Iec104Machine>},
    {"Mqtt", make<MqttMachine>},
    {"MqttQos1", make<MqttSessionMachine>},
    {"Sparkplug", make<SparkplugMachine>},
    {"Mtconnect", make<MtconnectMachine>},
    {"Shdr", make<ShdrMachine>},
};

struct Cut {
  sys::SimSide side;
  std::uint64_t bytes;
};

// A session, and what the machine counted when.
struct Session {
  std::unique_ptr<Machine> machine;
  Timestamp begin;
  std::int64_t ticks = 0;

  explicit Session(const Protocol& protocol) : machine(protocol.make()) {
    begin = machine->clock->now();
  }
  void run_tick() {
    machine->tick(++ticks);
    machine->loop->run_for(kTick);
  }
  // Some protocols carry whole milliseconds.
  std::int64_t count_at(Timestamp time) const { return (time - begin + 1ms) / kTick + 1; }
  ConnectionStatus status() const { return machine->manager->status({1}).value(); }
  bool well() const {
    const ConnectionStatus now = status();
    return now.state == ConnectionState::kConnected && now.tags_bad == 0;
  }
};

std::int64_t number(const Value& value) { return static_cast<std::int64_t>(as_double(value)); }

// The samples of one signal, in order of their time.
void check_signal(const Session& session, std::vector<Sample> samples) {
  std::ranges::stable_sort(samples, {}, [](const Sample& sample) { return sample.time.ns; });
  ASSERT_FALSE(samples.empty());
  const Sample* before = nullptr;
  std::int64_t highest = 0;
  for (const Sample& sample : samples) {
    if (sample.quality.bad()) {
      before = &sample;
      continue;
    }
    const std::int64_t counted = session.count_at(sample.time);
    const std::int64_t value = number(sample.value);
    EXPECT_LE(value, counted) << "from the future";
    if (!session.machine->tells_late) {
      EXPECT_GE(value, counted - 3) << "from long ago";
      EXPECT_GE(value, highest) << "taken for another's";
    }
    highest = std::max(highest, value);
    if (before != nullptr && !before->quality.bad()) {
      EXPECT_LE(sample.time - before->time, 3 * kTick) << "a gap without a mark";
    }
    before = &sample;
  }
  EXPECT_GE(highest, session.ticks - 3) << "it came back and tells the present";
}

void check_events(const Session& session, const std::vector<Sample>& samples) {
  std::vector<bool> stored(static_cast<std::size_t>(session.ticks) + 1);
  std::int64_t first = std::numeric_limits<std::int64_t>::max();
  std::int64_t last = 0;
  for (const Sample& sample : samples) {
    if (sample.quality.bad()) continue;
    stored[static_cast<std::size_t>(number(sample.value))] = true;
    first = std::min(first, number(sample.value));
    last = std::max(last, number(sample.value));
  }
  for (std::int64_t n = first; n <= last; ++n) {
    EXPECT_TRUE(stored[static_cast<std::size_t>(n)]) << "event " << n << " of " << last;
  }
}

void run_and_check(const Protocol& protocol, Cut cut) {
  Session session(protocol);
  Machine& machine = *session.machine;
  machine.loop->cut_once(machine.at, cut.side, cut.bytes);
  for (std::size_t i = 0; i < kSessionTicks; ++i) session.run_tick();
  for (std::size_t i = 0; i < kRecoveryTicks && !session.well(); ++i) session.run_tick();
  ASSERT_TRUE(session.well()) << "stuck: " << session.status().last_error.value_or("");
  for (std::size_t i = 0; i < 5; ++i) session.run_tick();
  ASSERT_TRUE(session.well()) << "lost again: " << session.status().last_error.value_or("");

  ASSERT_TRUE(machine.manager->set_enabled({1}, false).ok());
  machine.loop->run_for(1s);  // for what is on its way to the sink
  std::uint64_t good = 0;
  for (std::uint32_t i = 0; i < session.status().tags; ++i) {
    const auto samples = machine.sink->of(machine.first_tag + i);
    check_signal(session, samples);
    if (machine.keeps_events) check_events(session, samples);
    good += static_cast<std::uint64_t>(
        std::ranges::count_if(samples, [](const Sample& s) { return !s.quality.bad(); }));
  }
  EXPECT_EQ(good, session.status().values) << "what was read and is not stored";
}

// The i-th cut of each direction, of so many bytes. Steps that share no factor with the whole meet
// every byte once, and are spread over the session however few are made.
std::vector<Cut> cuts_of_round(std::uint64_t i, const std::array<std::uint64_t, 2>& bytes) {
  std::vector<Cut> cuts;
  for (sys::SimSide side : {sys::SimSide::kConnecting, sys::SimSide::kListening}) {
    const std::uint64_t all = bytes[static_cast<std::size_t>(side)] + 1;
    std::uint64_t step = std::max<std::uint64_t>(all / kCutsInShort, 1);
    while (std::gcd(step, all) != 1) step += 1;
    if (i < all) cuts.push_back({side, (Torture::seed(0) + i * step) % all});
  }
  return cuts;
}

class CutAnywhere : public ::testing::TestWithParam<Protocol> {};

TEST_P(CutAnywhere, LosesNothingMarksEveryGapAndComesBack) {
  const Protocol& protocol = GetParam();
  std::array<std::uint64_t, 2> bytes{};
  {
    Session whole(protocol);
    for (std::size_t i = 0; i < kSessionTicks; ++i) whole.run_tick();
    ASSERT_TRUE(whole.well());
    for (sys::SimSide side : {sys::SimSide::kConnecting, sys::SimSide::kListening}) {
      bytes[static_cast<std::size_t>(side)] =
          whole.machine->loop->bytes_sent(whole.machine->at, side);
    }
  }
  const Torture torture;
  std::uint64_t cuts = 0;
  for (std::uint64_t i = 0; i < std::max(bytes[0], bytes[1]); ++i) {
    if (torture.wanted() ? torture.is_over() : i >= kCutsInShort) break;
    for (const Cut& cut : cuts_of_round(i, bytes)) {
      SCOPED_TRACE(std::string(cut.side == sys::SimSide::kConnecting ? "asked" : "answered") +
                   " byte " + std::to_string(cut.bytes));
      run_and_check(protocol, cut);
      if (HasFailure()) return;
      cuts += 1;
    }
  }
  torture.report({{"cuts", cuts}});
}

INSTANTIATE_TEST_SUITE_P(Protocols, CutAnywhere, ::testing::ValuesIn(kAll),
                         [](const auto& of) { return std::string(of.param.name); });

}  // namespace
}  // namespace lineshaft::connect
