#include "connect/s7/flow_kind.h"

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "connect/flows/served_at.h"
#include "connect/protocol.h"
#include "connect/s7/outlet.h"

namespace lineshaft::connect {

namespace {

constexpr std::uint32_t kBlockBytes = 65'536;
constexpr std::uint16_t kBlockMax = 60'000;

const S7ServerFlowSettings& of(const FlowSettings& settings) {
  return std::get<S7ServerFlowSettings>(settings);
}

class S7ServerFlowKind : public FlowKind {
 public:
  std::string_view name() const override { return "s7-server"; }

  FlowSettings read_settings(Fields& fields) const override {
    S7ServerFlowSettings s;
    read_listen(fields, s.listen, s.port);
    fields.integer("db", s.db, 1, kBlockMax);
    fields.integer("quality_db", s.quality_db, 1, kBlockMax);
    fields.boolean("narrow", s.narrow);
    fields.integer("string_chars", s.string_chars, 1, s7::kStringCharsMax);
    fields.advanced();
    fields.integer("connections_max", s.connections_max, 1, 1'000);
    return s;
  }
  Json settings_json(const FlowSettings& settings, Secrets /*secrets*/) const override {
    const S7ServerFlowSettings& s = of(settings);
    return {{"listen", s.listen},
            {"port", s.port},
            {"db", s.db},
            {"quality_db", s.quality_db},
            {"narrow", s.narrow},
            {"string_chars", s.string_chars},
            {"connections_max", s.connections_max}};
  }
  Status check_settings(const FlowSettings& settings) const override {
    const S7ServerFlowSettings& s = of(settings);
    const int apart = s.db - s.quality_db;
    if (std::abs(apart) < static_cast<int>(kServedBlocksMax)) {
      return Error{ErrorId::kInvalidArgument,
                   "settings.quality_db: must be " + std::to_string(kServedBlocksMax) +
                       " numbers away from db, so that there is room for more blocks"};
    }
    return check_listen(s.listen);
  }

  std::uint32_t width(const FlowSettings& settings, const TagSpec& spec) const override {
    return s7::width(served_format(of(settings), spec.type, 0).address);
  }
  // A value never runs over the end of a block.
  Addresses addresses(const FlowSettings& /*settings*/) const override {
    return {0, kServedBlocksMax * kBlockBytes - 1, 2, kBlockBytes};
  }
  std::string address_text(const FlowSettings& settings, const FlowTag& tag) const override {
    return s7::address_text(served_format(of(settings), tag.spec.type, tag.address).address);
  }

  bool reads_from(const FlowSettings& settings, const ConnectionConfig& config) const override {
    const auto* client = std::get_if<S7Settings>(&config.settings);
    return client != nullptr &&
           is_served_at({of(settings).listen, of(settings).port}, {client->host, client->port});
  }

  Result<std::unique_ptr<Outlet>> open(const FlowSettings& settings,
                                       const OutletMeans& means) const override {
    return make_s7_outlet(of(settings), means);
  }
};

}  // namespace

s7::PointFormat served_format(const S7ServerFlowSettings& settings, ValueType type,
                              std::uint32_t address) {
  s7::PointFormat format;
  format.address.db = static_cast<std::uint16_t>(settings.db + address / kBlockBytes);
  format.address.byte = address % kBlockBytes;
  switch (type) {
    case ValueType::kBool:
      format.address.type = s7::DataType::kBool;
      break;
    case ValueType::kInt64:
      format.address.type = settings.narrow ? s7::DataType::kDint : s7::DataType::kLint;
      break;
    case ValueType::kFloat32:
      format.address.type = s7::DataType::kReal;
      break;
    case ValueType::kFloat64:
      format.address.type = settings.narrow ? s7::DataType::kReal : s7::DataType::kLreal;
      break;
    case ValueType::kString:
      format.address.type = s7::DataType::kString;
      format.address.length = settings.string_chars;
      break;
  }
  return format;
}

const FlowKind& s7_server_flow_kind() {
  static const S7ServerFlowKind kind;
  return kind;
}

}  // namespace lineshaft::connect
