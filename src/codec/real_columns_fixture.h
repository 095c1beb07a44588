// codec/real_columns_fixture.h: the columns of real machines in ../shared/data, for tests and
// benchmarks; none where that folder is absent.
#pragma once

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lineshaft::codec {

struct RealColumn {
  std::string name;  // file and number of the column
  std::vector<double> values;
};

inline bool parse_number(std::string_view text, double& value) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

inline std::vector<std::string_view> split_line(std::string_view line, bool by_commas) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= line.size();) {
    std::size_t end = line.find_first_of(by_commas ? "," : " \r", begin);
    if (end == std::string_view::npos) end = line.size();
    if (by_commas || end > begin) parts.push_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

// The columns in which every line has a number; lines without any are left out (headings).
inline std::vector<RealColumn> columns_of_file(const std::string& folder, const std::string& name) {
  std::ifstream file(folder + "/" + name);
  const bool by_commas = name.ends_with(".csv");
  std::vector<std::vector<double>> columns;
  std::vector<bool> whole;
  std::size_t lines = 0;
  for (std::string line; std::getline(file, line);) {
    const std::vector<std::string_view> parts = split_line(line, by_commas);
    std::vector<std::pair<std::size_t, double>> numbers;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      double value = 0;
      if (parse_number(parts[i], value)) numbers.emplace_back(i, value);
    }
    if (numbers.empty()) continue;
    ++lines;
    columns.resize(std::max(columns.size(), parts.size()));
    for (const auto& [column, value] : numbers) columns[column].push_back(value);
  }
  std::vector<RealColumn> found;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (!columns[i].empty() && columns[i].size() == lines) {
      found.push_back({name + " " + std::to_string(i + 1), std::move(columns[i])});
    }
  }
  return found;
}

struct RealSet {
  const char* name;
  std::vector<const char*> files;
};

inline const std::vector<RealSet>& real_sets() {
  static const std::vector<RealSet> sets = {
      {"gas turbine", {"gas_turbine_2011.csv", "gas_turbine_2012.csv"}},
      {"milling", {"milling_ai4i2020.csv"}},
      {"machine temperature", {"machine_temperature.csv"}},
      {"steel energy", {"steel_plant_energy.csv"}},
      {"Tennessee Eastman", {"tennessee_eastman_d01.dat", "tennessee_eastman_d01_te.dat"}},
  };
  return sets;
}

inline std::vector<RealColumn> columns_of_set(const std::string& folder, const RealSet& set) {
  std::vector<RealColumn> columns;
  for (const char* file : set.files) {
    for (RealColumn& column : columns_of_file(folder, file)) columns.push_back(std::move(column));
  }
  return columns;
}

}  // namespace lineshaft::codec
