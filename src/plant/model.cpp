#include "plant/model.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "base/assert.h"
#include "plant/machines.h"
#include "plant/process.h"

namespace lineshaft::plant {

using connect::Protocol;
using modbus::Area;
using modbus::ByteOrder;
using modbus::DataType;

namespace {

constexpr const char* kHere = "127.0.0.1";

// What a machine speaks in a plant that may lack what its protocol needs.
Protocol spoken(Protocol wanted, const PlantOptions& options) {
  const bool needs_broker = wanted == Protocol::kMqtt || wanted == Protocol::kSparkplug;
  if (needs_broker && !options.broker) return Protocol::kModbusTcp;
  if (wanted == Protocol::kOpcUa && !options.has_certificates) return Protocol::kModbusTcp;
  return wanted;
}

// The habit of the machines that have none of their own.
Quirk habit_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::kOpcUa:
      return {"signs and encrypts; believes the first client that comes"};
    case Protocol::kMtconnect:
      return {"an agent of its own that streams changes"};
    case Protocol::kShdr:
      return {"an adapter that says its lines to whoever listens"};
    case Protocol::kMqtt:
      return {"one message of JSON a second"};
    case Protocol::kSparkplug:
      return {"keeps what it measured while no host is there"};
    case Protocol::kModbusTcp: {
      Quirk quirk{"refuses to read addresses that it does not have"};
      quirk.refuses_gaps = true;
      return quirk;
    }
    default:
      return {"none"};
  }
}

connect::MqttBroker broker_of(const PlantOptions& options) {
  connect::MqttBroker broker;
  broker.host = options.broker->host;
  broker.port = options.broker->port;
  return broker;
}

// How a client reaches the machine. Another protocol is a case here, one in builder.cpp (where its
// signals lie) and one in served_machine.cpp (who serves it).
connect::ProtocolSettings settings_for(Protocol protocol, std::uint16_t port, const Quirk& quirk,
                                       const PlantOptions& options) {
  switch (protocol) {
    case Protocol::kS7: {
      connect::S7Settings settings;
      settings.host = kHere;
      settings.port = port;
      return settings;
    }
    case Protocol::kOpcUa: {
      connect::opcua::Settings settings;
      settings.url = "opc.tcp://" + sys::Endpoint{kHere, port}.text();
      return settings;
    }
    case Protocol::kMqtt: {
      connect::MqttSettings settings;
      settings.broker = broker_of(options);
      return settings;
    }
    case Protocol::kSparkplug: {
      connect::SparkplugSettings settings;
      settings.broker = broker_of(options);
      settings.host_id = kSparkplugHost;
      return settings;
    }
    case Protocol::kIec104: {
      connect::Iec104Settings settings;
      settings.host = kHere;
      settings.port = port;
      return settings;
    }
    case Protocol::kMtconnect: {
      connect::MtconnectSettings settings;
      settings.host = kHere;
      settings.port = port;
      return settings;
    }
    case Protocol::kShdr: {
      connect::ShdrSettings settings;
      settings.host = kHere;
      settings.port = port;
      return settings;
    }
    default: {
      LS_ASSERT(protocol == Protocol::kModbusTcp);
      connect::ModbusSettings settings;
      settings.host = kHere;
      settings.port = port;
      settings.registers_per_read_max = quirk.registers_per_read_max;
      settings.single_connection = quirk.single_connection;
      if (quirk.rtu) settings.transport = connect::ModbusTransport::kRtuTcp;
      settings.gap_max = quirk.refuses_gaps ? 0 : 8;
      return settings;
    }
  }
}

}  // namespace

// Each machine is announced with its quirk, then filled.
Plant make_plant(const PlantOptions& options) {
  Plant plant;
  plant.machines.reserve(32);
  std::vector<Load> loads;
  const auto machine = [&](const std::string& name, const std::string& place, const Quirk& quirk,
                           Protocol protocol = Protocol::kModbusTcp) -> Builder {
    const auto port = static_cast<std::uint16_t>(options.first_port + plant.machines.size());
    Machine& made = plant.machines.emplace_back();
    made.name = name;
    made.quirk = quirk;
    const bool has_port = protocol != Protocol::kMqtt && protocol != Protocol::kSparkplug;
    made.port = has_port ? port : options.broker->port;
    made.settings = settings_for(protocol, port, quirk, options);
    return {made, place, mix(options.seed, plant.machines.size())};
  };
  const auto load_of = [&](const std::string& name, Number power, Number energy) {
    loads.push_back({name, std::move(power), std::move(energy)});
    return loads.back();
  };
  const auto steady = [&](const std::string& name, double kw) {
    const SteadyLoad load{kw, 0.12, uniform(mix(options.seed, 99), loads.size())};
    return load_of(
        name, [load](Timestamp t) { return load.power_kw(t); },
        [load](Timestamp t) { return std::max(0.0, load.energy_kwh(t)); });
  };
  const auto furnace_load = [&](const std::string& name, const std::shared_ptr<Furnace>& furnace) {
    return load_of(
        name, [furnace](Timestamp t) { return furnace->at(t).power_kw; },
        [furnace](Timestamp t) { return furnace->energy_counter_kwh(t); });
  };
  using std::chrono::milliseconds;
  using std::chrono::minutes;

  for (int i = 1; i <= 2; ++i) {
    const std::string name = "EAF " + std::to_string(i);
    const auto furnace =
        std::make_shared<Furnace>(mix(options.seed, 1000 + static_cast<std::uint64_t>(i)),
                                  Furnace::Design{120, 395, i == 1 ? 0.0 : 1800.0, 1640});
    Quirk quirk{i == 1 ? "none: a well-behaved controller" : "words swapped (CDAB)"};
    Builder b = machine(name, "Melt shop/Melting", quirk);
    if (i == 2) b.order(ByteOrder::kCDAB);
    build_arc_furnace(b, furnace, furnace_load(name, furnace), i == 1 ? "A" : "B");
  }
  {
    const auto ladle =
        std::make_shared<Furnace>(mix(options.seed, 1003), Furnace::Design{118, 35, 900, 1600});
    Quirk quirk{"answers after 120 ms"};
    quirk.answer_delay = milliseconds(120);
    Builder b = machine("Ladle furnace", "Melt shop/Refining", quirk);
    build_ladle_furnace(b, ladle, furnace_load("Ladle furnace", ladle));
  }
  {
    Quirk quirk{"at most 40 registers a request"};
    quirk.registers_per_read_max = 40;
    Builder b = machine("Caster", "Melt shop/Casting", quirk);
    build_caster(b, steady("Caster", 2100));
  }
  {
    Quirk quirk{"gaps of three registers between signals"};
    Builder b = machine("Rolling mill", "Rolling mill/Mill line", quirk);
    build_mill(b.gaps(3), steady("Rolling mill", 8600));
  }
  {
    Quirk quirk{"bytes swapped (BADC)"};
    Builder b = machine("Reheating furnace", "Rolling mill/Heating", quirk);
    build_reheating(b.order(ByteOrder::kBADC), steady("Reheating furnace", 620));
  }
  for (int i = 1; i <= 4; ++i) {
    Quirk quirk = habit_of(Protocol::kModbusTcp);
    if (i > 1) {
      quirk = {i == 2   ? "behind a serial gateway: RTU over TCP, a single connection"
               : i == 3 ? "dead for two minutes of every fifteen"
                        : "messages (PDU) of 240 bytes, as an S7-300 has them"};
    }
    if (i == 4) quirk.pdu_bytes_max = 240;
    quirk.single_connection = quirk.rtu = i == 2;
    if (i == 3) {
      quirk.dead_every = minutes(15);
      quirk.dead_for = minutes(2);
    }
    const std::string name = "Compressor " + std::to_string(i);
    Builder b = machine(name, "Utilities/Compressed air", quirk,
                        i == 4 ? Protocol::kS7 : Protocol::kModbusTcp);
    if (i == 1) b.gaps(1);
    const CyclingLoad cycle{mix(options.seed, 2000 + static_cast<std::uint64_t>(i)), 500.0 + 15 * i,
                            140};
    build_compressor(b, cycle,
                     load_of(
                         name, [cycle](Timestamp t) { return cycle.power_kw(t); },
                         [cycle](Timestamp t) { return cycle.energy_kwh(t); }));
  }
  {
    Quirk quirk{"input registers instead of holding registers"};
    Builder b = machine("Water treatment", "Utilities/Water", quirk);
    build_water(b.area(Area::kInput), steady("Water treatment", 1150));
  }
  {
    Quirk quirk{"all bytes reversed (DCBA)"};
    Builder b = machine("Fume extraction", "Melt shop/Environment", quirk);
    build_fume(b.order(ByteOrder::kDCBA), steady("Fume extraction", 3300));
  }
  struct Utility {
    const char* name;
    const char* place;
    const char* what;
    int points;
    double kw;
    Protocol protocol = Protocol::kModbusTcp;
  };
  constexpr Utility kUtilities[] = {
      {"Oxygen plant", "Utilities/Gases", "column", 10, 1900, Protocol::kS7},
      {"Scrap yard crane 1", "Scrap yard/Handling", "hoist", 6, 180, Protocol::kMqtt},
      {"Scrap yard crane 2", "Scrap yard/Handling", "hoist", 6, 175, Protocol::kSparkplug},
      {"Teeming crane", "Melt shop/Handling", "hoist", 8, 260, Protocol::kOpcUa},
      {"Vacuum degasser", "Melt shop/Refining", "vessel", 10, 780, Protocol::kOpcUa},
      {"Lime plant", "Utilities/Additives", "silo", 9, 140, Protocol::kMtconnect},
      {"Slag processing", "Melt shop/Slag", "crusher", 12, 230, Protocol::kShdr},
  };
  for (const Utility& utility : kUtilities) {
    const Protocol protocol = spoken(utility.protocol, options);
    Builder b = machine(utility.name, utility.place, habit_of(protocol), protocol);
    build_utility(b.gaps(1), steady(utility.name, utility.kw), utility.what, utility.points);
  }
  {
    Quirk quirk{"tells changes by itself, with its own time"};
    Builder b = machine("Main substation", "Utilities/Power", quirk, Protocol::kIec104);
    build_substation(b, loads);
  }
  return plant;
}

std::string name_of(const Signal& signal) {
  return signal.config.path.substr(signal.config.path.rfind('/') + 1);
}

Value value_at(const Signal& signal, Timestamp time) {
  if (signal.text) return signal.text(time);
  const double number = signal.number(time);
  const Coding& coding = signal.coding;
  switch (connect::value_type(signal.config)) {
    case ValueType::kBool:
      return number != 0;
    case ValueType::kInt64:
      return static_cast<std::int64_t>(std::llround(number));
    case ValueType::kFloat32:
      return static_cast<float>(number);
    case ValueType::kFloat64: {
      const double raw = std::round((number - coding.offset) / coding.scale);
      const bool is_signed = coding.type == DataType::kInt16;
      const double low = is_signed ? -32768 : 0;
      const double high = is_signed                          ? 32767
                          : coding.type == DataType::kUint16 ? 65535
                                                             : 4294967295.0;
      return std::clamp(raw, low, high) * coding.scale + coding.offset;
    }
    case ValueType::kString:
      break;
  }
  return std::string();
}

}  // namespace lineshaft::plant
