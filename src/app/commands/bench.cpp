// bench historian.
#include <filesystem>
#include <system_error>

#include "app/bench_historian.h"
#include "app/cli.h"

namespace lineshaft::app {
namespace {

constexpr const char* kSynthetic = "synthetic";

struct BenchCommand {
  std::string data = kSynthetic;
  CorpusSize size;
  HistorianBenchOptions options{.directory = "lineshaft-bench"};
};

int run_bench(const BenchCommand& command, Format format) {
  const std::filesystem::path directory = command.options.directory;
  if (std::filesystem::exists(directory)) {
    return print_error(
        {ErrorId::kConflict, "--directory: " + directory.string() + " exists; name a new one"});
  }
  Result<BenchCorpus> corpus =
      command.data == kSynthetic
          ? Result<BenchCorpus>(BenchCorpus::synthetic(command.size))
          : BenchCorpus::recorded(sys::real_file_system(), command.data, command.size);
  if (!corpus) return print_error(corpus.error());
  print_note("loading the samples takes a while");
  const Result<Json> report = bench_historian(*corpus, command.options);
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
  if (!report) return print_error(report.error());
  print_object(format,
               {{"checks", "/checks"},
                {"samples/s durable", "/ingest/0/samples_per_s"},
                {"acknowledged ms p50", "/ingest/0/ack_ms/p50"},
                {"acknowledged ms p99", "/ingest/0/ack_ms/p99"},
                {"bytes/sample", "/bytes_per_sample"},
                {"1 tag, 1-min mean, ms", "/queries/tag_minute_mean/median"},
                {"all tags, 1-min mean, ms", "/queries/all_minute_mean/median"},
                {"sum of all, ms", "/queries/sum/median"}},
               *report);
  return (*report)["checks"] == "passed" ? kExitOk : kExitFailed;
}

}  // namespace

void add_bench_commands(Cli& cli) {
  CLI::App* bench = cli.root.add_subcommand("bench", "Measure this build on this machine");
  bench->require_subcommand(1);
  auto command = std::make_shared<BenchCommand>();
  CLI::App* historian = bench->add_subcommand(
      "historian", "Speed and size of the historian, in process, every answer checked");
  historian->add_option("--data", command->data, "Folder of tables to tile, or synthetic")
      ->capture_default_str();
  historian
      ->add_option("--directory", command->options.directory, "For the store: made and removed")
      ->capture_default_str();
  historian->add_option("--tags", command->size.tags, "How many tags")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000));
  historian->add_option("--samples", command->size.samples, "Of each tag")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000'000));
  historian->add_option("--batch", command->options.batch, "Samples in a batch")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  cli.add_output(historian);
  cli.on(historian, [&cli, command] { return run_bench(*command, cli.format()); });
}

}  // namespace lineshaft::app
