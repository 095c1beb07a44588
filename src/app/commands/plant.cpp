// sim plant.
#include <iostream>

#include "app/cli.h"
#include "app/config.h"
#include "plant/run.h"

namespace lineshaft::app {
namespace {

struct PlantCommand {
  plant::RunOptions run;
  std::string broker;
  plant::BackfillOptions backfill;
  bool print_connections = false;
  bool print_machines = false;
};

int sim_plant(PlantCommand command) {
  sys::Clock& clock = sys::real_clock();
  if (!command.broker.empty()) {
    auto broker = parse_endpoint(command.broker);
    if (!broker) return print_error(broker.error());
    command.run.plant.broker = *std::move(broker);
  }
  command.run.plant.has_certificates = !command.run.certificates.empty();
  if (command.print_connections) {
    // Whoever gets the connections needs the certificate too.
    if (command.run.plant.has_certificates) {
      const auto made = plant::open_certificates(command.run.certificates, clock);
      if (!made) return print_error(made.error());
    }
    std::cout << plant::connections_json(plant::make_plant(command.run.plant)) << std::flush;
    return kExitOk;
  }
  if (command.print_machines) {
    std::cout << plant::machines_table(plant::make_plant(command.run.plant)) << std::flush;
    return kExitOk;
  }
  Status done;
  if (!command.backfill.directory.empty()) {
    command.backfill.until = clock.now();
    done = plant::write_backfill(plant::make_plant(command.run.plant), command.backfill);
  } else {
    print_note(
        "the plant runs until Ctrl-C; sim plant --print-machines tells its ports and quirks");
    done = plant::serve_plant(command.run, clock);
  }
  return done ? kExitOk : print_error(done.error());
}

}  // namespace

void add_plant_commands(Cli& cli) {
  CLI::App* sim = cli.root.add_subcommand("sim", "Simulated machines");
  sim->require_subcommand(1);
  auto command = std::make_shared<PlantCommand>();
  CLI::App* plant = sim->add_subcommand("plant", "A steel melt shop on many protocols");
  plant->add_option("--seed", command->run.plant.seed, "Same seed, same plant")
      ->capture_default_str();
  plant->add_option("--port", command->run.plant.first_port, "Port of the first machine")
      ->capture_default_str();
  plant->add_option("--broker", command->broker,
                    "Address and port of an MQTT broker: what speaks MQTT or Sparkplug B does so");
  plant->add_option("--pki", command->run.certificates,
                    "Folder for certificates, made if missing: what speaks OPC UA does so");
  plant->add_option("--machine", command->run.machine, "Serve this machine alone");
  plant->add_option("--speed", command->run.speed, "How much faster than the clock")
      ->capture_default_str();
  plant->add_flag("--print-connections", command->print_connections,
                  "Print the connections as JSON for a server, and end");
  plant->add_flag("--print-machines", command->print_machines, "Print the machines, and end");
  plant->add_option("--backfill-csv", command->backfill.directory,
                    "Write the past as CSV files into this folder, and end");
  plant->add_option("--days", command->backfill.days, "How much past")->capture_default_str();
  plant->add_option("--step-minutes", command->backfill.step_minutes, "Between its rows")
      ->capture_default_str();
  plant->add_flag("--all-signals", command->backfill.all_signals,
                  "Every signal, not only the key ones");
  cli.on(plant, [command] { return sim_plant(*command); });
}

}  // namespace lineshaft::app
