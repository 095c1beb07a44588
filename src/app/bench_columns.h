// app/bench_columns.h: the columns of numbers in a folder of tables, as material for benchmarks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/value.h"
#include "sys/file.h"

namespace lineshaft::app {

struct BenchColumn {
  std::string name;                    // "steel_plant_energy.csv/Usage_kWh", or the column's number
  ValueType type;                      // bool, int64 or float64
  std::vector<double> values;          // a cell without a number is left out
  std::vector<std::uint8_t> decimals;  // of each value, as it was written
};

// Every column of numbers of every .csv and .dat file of `directory`, files by name, columns as
// they stand. Columns of text and of times are left out; a transposed table is turned.
// Errors: kFileMissing; kInvalidArgument: no such column, a table that is not text; kIoError.
Result<std::vector<BenchColumn>> read_bench_columns(sys::FileSystem& files,
                                                    const std::string& directory);

// Digits behind the point of a number as it was written, without trailing zeros: "1.50" has one,
// "2.3766000e-01" five, "12e3" none.
std::uint8_t decimals_of(std::string_view number);

}  // namespace lineshaft::app
