// plant/run.h: the demo plant as a program: serves its machines, prints them, makes up their past.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "connect/opcua/trust.h"
#include "plant/model.h"
#include "sys/clock.h"

namespace lineshaft::plant {

struct RunOptions {
  PlantOptions plant;
  std::string machine;       // serve this one alone; "" all
  double speed = 1;          // of plant time against the clock, 0.1..1000
  std::string certificates;  // their folder, if plant.has_certificates
};

// The certificates of the machines that speak OPC UA: theirs, made at the first time, and that of
// the client whom they believe. Errors: those of TrustStore::open.
Result<std::unique_ptr<connect::opcua::TrustStore>> open_certificates(const std::string& folder,
                                                                      sys::Clock& clock);

// Serves until SIGINT or SIGTERM. Errors: kAddressInUse, kNotFound (no such machine),
// kInvalidArgument (the speed), those of open_certificates.
Status serve_plant(const RunOptions& options, sys::Clock& clock);

// The connections for a server, as JSON for `connect add --file` and `serve --provision`.
std::string connections_json(const Plant& plant);

// A table of the machines for people: name, port, signals, quirk.
std::string machines_table(const Plant& plant);

struct BackfillOptions {
  std::string directory;
  int days = 365;  // 1..3660, up to `until`
  int step_minutes = 10;
  bool all_signals = false;  // else the key signals: about a hundred would take a year in 40 MB
  Timestamp until;
};

// Writes one wide CSV per machine with key signals into the directory (made if missing): `time`,
// then a column for each tag, named by its path. Memory: one row. Errors: kIoError, kDiskFull.
Status write_backfill(const Plant& plant, const BackfillOptions& options);

}  // namespace lineshaft::plant
