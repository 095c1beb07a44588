#include <gtest/gtest.h>

#include "connect/testing.h"

namespace lineshaft::connect {
namespace {

using namespace testing;

// One machine that may be written: tag 1 at register 0 and so on.
struct Writable : Plant {
  MapDevice device;
  std::unique_ptr<ModbusServer> server = serve(device, 502);
  ConnectionConfig config = machine(502, 3);
  Writable() {
    config.writes_enabled = true;
    for (SignalConfig& signal : config.signals) signal.writable = true;
  }
  void start() {
    put(1, config, 1);
    loop.run_for(1500ms);
    device.requests.clear();
  }
  Result<WriteOutcome> write(std::uint32_t tag, Value value) {
    std::optional<Result<WriteOutcome>> outcome;
    manager->write(kTenant, {tag}, std::move(value),
                   [&](Result<WriteOutcome> result) { outcome = std::move(result); });
    EXPECT_FALSE(outcome.has_value()) << "never from inside the call";
    loop.run_until([&] { return outcome.has_value(); }, 60s);
    return *outcome;
  }
};

TEST(Write, ReadsTheOldValueWritesAndReadsBack) {
  Writable w;
  w.device.holding[1][1] = 40;
  w.start();
  const auto outcome = w.write(2, std::int64_t{55});
  ASSERT_TRUE(outcome.ok()) << outcome.error().text();
  EXPECT_EQ(outcome->old_value, Value(std::int64_t{40}));
  EXPECT_EQ(outcome->new_value, Value(std::int64_t{55}));
  EXPECT_EQ(w.device.holding[1][1], 55);
  w.loop.run_for(30ms);
  EXPECT_EQ(w.last(2).value, Value(std::int64_t{55})) << "stored without waiting for a poll";
}

TEST(Write, IsRefusedUnlessConnectionAndSignalAllowIt) {
  Writable w;
  w.config.signals[1].writable = false;
  w.start();
  EXPECT_EQ(w.write(2, std::int64_t{1}).error().id, ErrorId::kWritesDisabled);
  EXPECT_TRUE(w.write(1, std::int64_t{1}).ok());
  w.config.writes_enabled = false;
  w.start();
  EXPECT_EQ(w.write(1, std::int64_t{2}).error().id, ErrorId::kWritesDisabled);
  EXPECT_EQ(w.device.holding[1][0], 1);
  EXPECT_EQ(w.write(99, std::int64_t{1}).error().id, ErrorId::kNotFound);
  std::optional<Result<WriteOutcome>> other;
  w.manager->write(TenantId{8}, {1}, std::int64_t{1},
                   [&](Result<WriteOutcome> result) { other = std::move(result); });
  w.loop.run_for(1s);
  EXPECT_EQ(other->error().id, ErrorId::kNotFound) << "of another tenant";
}

TEST(Write, UsesTheFunctionThatTheDeviceHas) {
  Writable w;
  w.config.signals[0] = holding_signal("org/site/a", 0, modbus::DataType::kFloat32);
  w.config.signals[1] = holding_signal("org/site/b", 10);
  w.config.signals[2] = holding_signal("org/site/c", 5, modbus::DataType::kBool);
  point_of(w.config.signals[2]).format.area = modbus::Area::kCoil;
  for (SignalConfig& signal : w.config.signals) signal.writable = true;
  w.start();
  ASSERT_TRUE(w.write(1, 1.5f).ok());
  EXPECT_EQ(w.device.holding[1][0], 0x3FC0);
  ASSERT_TRUE(w.write(2, std::int64_t{9}).ok());
  const auto coil = w.write(3, true);
  ASSERT_TRUE(coil.ok());
  EXPECT_EQ(coil->old_value, Value(false));
  EXPECT_TRUE(w.device.coils[1][5]);

  w.config.signals.erase(w.config.signals.begin());
  modbus_of(w.config).write_multiple_only = true;
  w.start();
  ASSERT_TRUE(w.write(1, std::int64_t{10}).ok());
  ASSERT_TRUE(w.write(2, false).ok());
}

TEST(Write, ChangesABitWithoutItsNeighbours) {
  for (const bool has_mask_write : {true, false}) {
    Writable w;
    w.config.signals[0] = holding_signal("org/site/flag", 0, modbus::DataType::kBool);
    point_of(w.config.signals[0]).format.bit = 4;
    w.config.signals[1] = holding_signal("org/site/mode", 0, modbus::DataType::kUint16);
    point_of(w.config.signals[1]).format.bit = 8;
    point_of(w.config.signals[1]).format.bit_count = 3;
    w.config.signals[0].writable = w.config.signals[1].writable = true;
    w.device.holding[1][0] = 0xA00F;
    w.start();
    if (!has_mask_write) {
      // The whole of function 22 is missing: answer as a device without it does.
      w.server.reset();
      RawDevice raw(w.loop, {"plc", 503}, [&](const modbus::Frame& frame) {
        Bytes pdu;
        const auto decoded = modbus::decode_request(frame.pdu);
        const auto& request = std::get<modbus::Request>(decoded);
        if (std::holds_alternative<modbus::MaskWriteRegister>(request)) {
          modbus::encode_exception(22, modbus::Exception::kIllegalFunction, pdu);
        } else if (const auto* write = std::get_if<modbus::WriteRegister>(&request)) {
          w.device.holding[1][write->address] = write->value;
          modbus::encode_response(request, modbus::Done{}, pdu);
        } else {
          modbus::encode_response(request, modbus::Registers{{w.device.holding[1][0]}}, pdu);
        }
        Bytes answer;
        modbus::append_frame(frame.head, pdu, answer);
        return std::vector<RawDevice::Action>{{answer}};
      });
      w.config.signals.resize(2);
      modbus_of(w.config).port = 503;
      w.start();
      EXPECT_TRUE(w.write(1, true).ok());
      EXPECT_EQ(w.device.holding[1][0], 0xA01F);
      const auto mode = w.write(2, std::int64_t{5});
      ASSERT_TRUE(mode.ok()) << mode.error().text();
      EXPECT_EQ(w.device.holding[1][0], 0xA51F);
      w.manager.reset();
      continue;
    }
    EXPECT_TRUE(w.write(1, true).ok());
    EXPECT_EQ(w.device.holding[1][0], 0xA01F);
    const auto mode = w.write(2, std::int64_t{5});
    ASSERT_TRUE(mode.ok());
    EXPECT_EQ(mode->new_value, Value(std::int64_t{5}));
    EXPECT_EQ(w.device.holding[1][0], 0xA51F);
    EXPECT_EQ(w.write(2, std::int64_t{8}).error().id, ErrorId::kInvalidArgument);
  }
}

TEST(Write, SaysWhenTheMachineHoldsAnotherValueAfterwards) {
  Writable w;
  w.start();
  // Limits to 100 whatever is written, as soon as it was written.
  w.device.reply = [&](std::uint8_t, const modbus::Request&) {
    w.device.holding[1][0] = std::min<std::uint16_t>(w.device.holding[1][0], 100);
    return ServerReply{};
  };
  const auto outcome = w.write(1, std::int64_t{300});
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().id, ErrorId::kWriteNotConfirmed);
  EXPECT_NE(outcome.error().what.find("holds 100 after writing 300"), std::string::npos);
}

TEST(Write, TellsWhyItFailed) {
  Writable w;
  w.start();
  EXPECT_EQ(w.write(1, std::int64_t{70000}).error().id, ErrorId::kInvalidArgument);
  EXPECT_EQ(w.write(1, std::string("x")).error().id, ErrorId::kTypeMismatch);
  w.device.refuse = [](std::uint8_t, const modbus::Request& request) {
    return std::holds_alternative<modbus::WriteRegisters>(request)
               ? ModbusDevice::Outcome(modbus::Exception::kIllegalDataAddress)
               : ModbusDevice::Outcome();
  };
  const auto refused = w.write(1, std::int64_t{1});
  EXPECT_EQ(refused.error().id, ErrorId::kDeviceRefused);
  EXPECT_NE(refused.error().what.find("illegal data address (02)"), std::string::npos);
}

TEST(Write, FailsWhenTheMachineIsNotThereOrGoesAway) {
  Writable w;
  w.server.reset();
  w.start();
  EXPECT_EQ(w.write(1, std::int64_t{1}).error().id, ErrorId::kMachineNotConnected);
  w.server = w.serve(w.device, 502);
  w.loop.run_for(31s);
  // Gone in the middle of the write itself.
  w.device.reply = [&](std::uint8_t, const modbus::Request& request) {
    return ServerReply{{},
                       std::holds_alternative<modbus::WriteRegister>(request)
                           ? ServerFault::kClose
                           : ServerFault::kAnswer};
  };
  const auto lost = w.write(1, std::int64_t{1});
  EXPECT_EQ(lost.error().id, ErrorId::kMachineNotConnected);
  EXPECT_NE(lost.error().what.find("may or may not have arrived"), std::string::npos);
}

TEST(Write, IsCancelledWhenTheConnectionIsRemoved) {
  Writable w;
  w.start();
  w.device.reply = [](std::uint8_t, const modbus::Request&) {
    return ServerReply{{}, ServerFault::kSilence};
  };
  std::optional<Result<WriteOutcome>> outcome;
  w.manager->write(kTenant, {1}, std::int64_t{1},
                   [&](Result<WriteOutcome> result) { outcome = std::move(result); });
  w.loop.run_for(10ms);
  ASSERT_TRUE(w.manager->remove({1}).ok());
  w.loop.run_for(1ms);
  EXPECT_EQ(outcome->error().id, ErrorId::kCancelled);
}

TEST(Write, GoesBeforeAllPolling) {
  Writable w;
  w.config = machine(502, 200);
  w.config.writes_enabled = true;
  w.config.signals[0].writable = true;
  w.config.groups[0].interval_ms = 100;
  modbus_of(w.config).one_signal_per_read = true;  // 200 requests of 10 ms: never done
  w.device.reply = [](std::uint8_t, const modbus::Request&) { return ServerReply{10ms}; };
  w.start();
  for (int i = 1; i <= 100; ++i) {
    w.loop.run_for(Nanoseconds(i * 777'777));
    const Nanoseconds before = w.loop.now();
    ASSERT_TRUE(w.write(1, std::int64_t{i}).ok());
    // The poll under way, then the write's own three steps, 10.2 ms each.
    EXPECT_LE(w.loop.now() - before, 4 * 10200us);
  }
}

TEST(Write, HoldsABoundedQueue) {
  Writable w;
  w.start();
  std::size_t done = 0;
  std::size_t full = 0;
  for (int i = 0; i < 100; ++i) {
    w.manager->write(kTenant, {1}, std::int64_t{i}, [&](const Result<WriteOutcome>& result) {
      done += 1;
      if (!result.ok() && result.error().id == ErrorId::kWriteQueueFull) full += 1;
    });
  }
  w.loop.run_for(10s);
  EXPECT_EQ(done, 100u);
  EXPECT_EQ(full, 36u);
  EXPECT_EQ(w.device.holding[1][0], 63) << "in the order of asking";
}

TEST(Write, KeepsToTheRangeOfTheSignal) {
  Writable w;
  w.config.signals[1].range_low = 0;
  w.config.signals[1].range_high = 100;
  w.start();
  EXPECT_EQ(w.write(2, std::int64_t{101}).error().id, ErrorId::kInvalidArgument);
  EXPECT_TRUE(w.write(2, std::int64_t{100}).ok());
  w.config.signals[1].write.high = 50;
  w.start();
  EXPECT_EQ(w.write(2, std::int64_t{51}).error().id, ErrorId::kInvalidArgument)
      << "the range of writes goes before that of the sensor";
  EXPECT_EQ(w.write(2, std::int64_t{-1}).error().id, ErrorId::kInvalidArgument);
  EXPECT_TRUE(w.write(2, std::int64_t{50}).ok());
}

TEST(Write, KeepsItsDistanceToTheOneBefore) {
  Writable w;
  w.config.signals[1].write.interval_ms = 5'000;
  w.start();
  ASSERT_TRUE(w.write(2, std::int64_t{1}).ok());
  w.loop.run_for(2s);
  const auto soon = w.write(2, std::int64_t{2});
  EXPECT_EQ(soon.error().id, ErrorId::kWriteQueueFull);
  EXPECT_NE(soon.error().what.find("takes one write in 5000 ms; "), std::string::npos);
  EXPECT_TRUE(w.write(1, std::int64_t{2}).ok()) << "others are not held up";
  w.start();
  EXPECT_FALSE(w.write(2, std::int64_t{2}).ok()) << "changing the connection is no way around";
  w.loop.run_for(3s);
  EXPECT_TRUE(w.write(2, std::int64_t{2}).ok());
}

TEST(Write, OfADangerousSignalNeedsItsSecondStep) {
  Writable w;
  w.config.signals[1].write.confirm = Confirm::kAgain;
  w.start();
  EXPECT_EQ(w.write(2, std::int64_t{1}).error().id, ErrorId::kDenied);
  std::optional<Result<WriteOutcome>> outcome;
  w.manager->write(
      kTenant, {2}, std::int64_t{1}, [&](Result<WriteOutcome> got) { outcome = std::move(got); },
      ConnectionManager::Step::kSecond);
  w.loop.run_until([&] { return outcome.has_value(); }, 10s);
  EXPECT_TRUE(outcome->ok());
}

}  // namespace
}  // namespace lineshaft::connect
