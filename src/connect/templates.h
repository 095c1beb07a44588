// connect/templates.h: what machines of one type have in common: signals with relative paths, and
// poll groups. Some come with the program; an organisation keeps its own.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connect/connection.h"
#include "model/json.h"
#include "records/documents.h"

namespace lineshaft::connect {

struct Template {
  std::uint32_t id = 0;  // of its organisation; 0: it comes with the program
  std::string name;
  std::string description;
  Protocol protocol = Protocol::kModbusTcp;
  std::vector<PollGroup> groups;
  std::vector<SignalConfig> signals;  // paths are relative: "energy/active_import"
};

// What a machine of the type has different from the template.
struct TemplateUse {
  std::string prefix;               // place of the machine in the plant, in front of every path
  std::int64_t address_offset = 0;  // Modbus: added to every address
  std::string object{};             // OPC UA: the node of the machine, where paths begin
};

// {"name", "description", "protocol", "groups", "signals"}. Errors: kInvalidArgument.
Result<Template> template_from_json(const Json& json);
Json template_json(const Template& of);

// The signals for one machine. Errors: kInvalidArgument (an address leaves its range, a path gets
// too long, an offset or an object for a protocol without one, an object that is needed).
Result<std::vector<SignalConfig>> use_template(const Template& of, const TemplateUse& use);

// The longest place that all signals of a connection share is taken off their paths.
Template make_template(const ConnectionConfig& config, std::string name, std::string description);

const std::vector<Template>& shipped_templates();

// Threads: any. Errors besides those named: of the store.
class TemplateStore {
 public:
  explicit TemplateStore(records::Documents& documents) : documents_(documents) {}

  // Those of the program first, then by id.
  Result<std::vector<Template>> list(TenantId tenant) const;
  // By name. Errors: kNotFound.
  Result<Template> find(TenantId tenant, const std::string& name) const;
  // Under a name of its own. Errors: kConflict: the name is taken.
  Result<Template> add(TenantId tenant, Template made);
  // Errors: kNotFound; kDenied for one that comes with the program.
  Status remove(TenantId tenant, const std::string& name);

 private:
  records::Documents& documents_;
};

}  // namespace lineshaft::connect
