// write: a value to a machine, in one step or two.
#include <iostream>

#include "app/commands/find_tag.h"
#include "app/commands/getting_in.h"

namespace lineshaft::app {
namespace {

struct Options {
  std::string tag;
  std::string value;
  std::string token;
  std::string machine;
  bool drop = false;
};

// As the tag's type wants it. Numbers travel as they were typed.
Json value_of(const Json& tag, const std::string& text) {
  const std::string type = tag.value("type", "");
  if (type == "string") return text;
  const Json read = Json::parse(text, nullptr, false);
  return read.is_discarded() ? Json(text) : read;
}

int write(ApiClient& api, const Options& options) {
  const Result<Json> tag = find_tag(api, options.tag);
  if (!tag) return print_error(tag.error());
  const std::string path = "/tags/" + (*tag)["id"].dump() + "/write";
  if (options.drop) {
    const Result<Json> dropped = api.remove(path);
    return dropped ? kExitOk : print_error(dropped.error());
  }
  Json request = {{"value", value_of(*tag, options.value)}};
  if (!options.token.empty()) request["token"] = options.token;
  if (!options.machine.empty()) request["machine"] = options.machine;
  const Result<Json> answer = api.post(path, request);
  if (!answer) return print_error(answer.error());
  if (const auto pending = answer->find("pending"); pending != answer->end()) {
    std::cout << "not written yet: " << (*pending)["value"].dump() << " to "
              << (*pending)["machine"].get<std::string>() << "\n"
              << "to confirm"
              << ((*pending)["second_person"] == true ? ", somebody else runs: " : ": ")
              << "lineshaft write " << options.tag << " " << options.value << " --token "
              << (*pending)["token"].get<std::string>() << " --machine "
              << (*pending)["machine"].dump() << std::endl;
    return kExitOk;
  }
  std::cout << (*answer)["old"].dump() << " -> " << (*answer)["new"].dump() << std::endl;
  return kExitOk;
}

}  // namespace

void add_write_command(Cli& cli) {
  auto options = std::make_shared<Options>();
  CLI::App* command = cli.root.add_subcommand("write", "Write a value to a machine");
  command->add_option("tag", options->tag, "Number or path of the tag")->required();
  command->add_option("value", options->value, "The value");
  command->add_option("--token", options->token, "Of the first step, to confirm it");
  command->add_option("--machine", options->machine, "Its name again, to confirm");
  command->add_flag("--drop", options->drop, "Give up a write that waits to be confirmed");
  cli.on_api(command, [options](ApiClient& api) {
    if (options->drop != options->value.empty()) {
      return print_error({ErrorId::kUsage, "write needs a value, or --drop without one"});
    }
    return write(api, *options);
  });
}

}  // namespace lineshaft::app
