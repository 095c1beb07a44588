// bench/ingest_bench.cpp: sends samples over HTTPS as fast as the server takes them.
//
//   ingest_bench FORM HOST:PORT FINGERPRINT TARGET [--token T] [--tags 1000] [--samples 10000]
//                [--batch 10000] [--connections 2] [--first-tag 1] [--rate 0]
//   ingest_bench tags [--tags 1000]: prints name and type of each tag
//
// FORM is "batch" (binary; the tags are numbered from --first-tag) or "lines" (line protocol, times
// in ms). Bodies are made before the clock runs; with a rate no more than so many samples are sent
// in a second. Prints one line of JSON: the figures of bench/peers but for the CPU of the server.
#include <algorithm>
#include <atomic>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <iostream>
#include <mutex>
#include <optional>
#include <thread>

#include "app/bench_corpus.h"
#include "sys/clock.h"
#include "sys/http.h"
#include "wire/batch/batch.h"

using namespace lineshaft;

namespace {

struct Arguments {
  std::string form, server, fingerprint, target, token;
  app::CorpusSize size;
  std::size_t batch = 10'000;
  std::size_t connections = 2;
  std::size_t first_tag = 1;
  std::size_t rate = 0;  // samples a second; 0: as fast as they are taken
};

std::optional<Arguments> parse(int argc, char** argv) {
  Arguments arguments;
  std::vector<std::string> words;
  const auto number = [](std::string_view text, std::size_t& out) {
    const auto end = text.data() + text.size();
    return std::from_chars(text.data(), end, out).ptr == end && out > 0;
  };
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (!word.starts_with("--")) {
      words.emplace_back(word);
      continue;
    }
    if (++i == argc) return std::nullopt;
    const std::string_view value = argv[i];
    if (word == "--token") {
      arguments.token = value;
      continue;
    }
    std::size_t* const out = word == "--tags"          ? &arguments.size.tags
                             : word == "--samples"     ? &arguments.size.samples
                             : word == "--batch"       ? &arguments.batch
                             : word == "--connections" ? &arguments.connections
                             : word == "--first-tag"   ? &arguments.first_tag
                             : word == "--rate"        ? &arguments.rate
                                                       : nullptr;
    if (out == nullptr || !number(value, *out)) return std::nullopt;
  }
  if (words.empty()) return std::nullopt;
  arguments.form = words[0];
  if (words.size() == 1 && arguments.form == "tags") return arguments;
  if (words.size() != 4 || (words[0] != "batch" && words[0] != "lines")) return std::nullopt;
  arguments.server = words[1];
  arguments.fingerprint = words[2];
  arguments.target = words[3];
  return arguments;
}

Value value_of(ValueType type, double number) {
  switch (type) {
    case ValueType::kBool:
      return number != 0;
    case ValueType::kInt64:
      return static_cast<std::int64_t>(number);
    default:
      return number;
  }
}

void add_line(std::string& text, const app::CorpusTag& tag, std::size_t i) {
  char number[32];
  text += "v,t=";
  text += tag.name;
  text += " v=";
  text.append(number, std::to_chars(number, std::end(number), tag.values[i]).ptr);
  text += ' ';
  text.append(number, std::to_chars(number, std::end(number), tag.times_ns[i] / 1'000'000).ptr);
  text += '\n';
}

// In the order of time: some consecutive samples of each tag.
std::vector<std::string> make_bodies(const Arguments& arguments) {
  const app::BenchCorpus corpus = app::BenchCorpus::synthetic(arguments.size);
  std::vector<app::CorpusTag> tags;
  for (std::size_t i = 0; i < arguments.size.tags; ++i) tags.push_back(corpus.tag(i));
  // Samples of now: of old ones files would be sealed meanwhile.
  constexpr std::int64_t kMinute = 60'000'000'000;
  const std::int64_t now = sys::real_clock().now().ns / kMinute * kMinute;
  const std::int64_t later = now - tags[0].times_ns.back() / kMinute * kMinute;
  for (app::CorpusTag& tag : tags) {
    for (std::int64_t& time : tag.times_ns) time += later;
  }
  // Values of one type stand together: a part for each.
  if (arguments.form == "batch") {
    std::ranges::stable_sort(tags, {}, &app::CorpusTag::type);
  }
  const std::size_t slot = std::max<std::size_t>(1, arguments.batch / tags.size());
  std::vector<std::string> bodies;
  for (std::size_t first = 0; first < arguments.size.samples; first += slot) {
    const std::size_t last = std::min(first + slot, arguments.size.samples);
    std::vector<Sample> samples;
    std::string text;
    for (const app::CorpusTag& tag : tags) {
      // "t0042" is the tag 42 after the first.
      const auto id =
          static_cast<std::uint32_t>(std::stoul(tag.name.substr(1)) + arguments.first_tag);
      for (std::size_t i = first; i < last; ++i) {
        if (arguments.form == "lines") {
          add_line(text, tag, i);
        } else {
          samples.push_back(
              {{id}, {tag.times_ns[i]}, quality::kGood, value_of(tag.type, tag.values[i])});
        }
      }
    }
    bodies.push_back(arguments.form == "lines" ? text
                                               : std::string(as_text(batch::encode(samples))));
  }
  return bodies;
}

void print_tags(const Arguments& arguments) {
  const app::BenchCorpus corpus = app::BenchCorpus::synthetic({arguments.size.tags, 100});
  for (std::size_t i = 0; i < arguments.size.tags; ++i) {
    const app::CorpusTag tag = corpus.tag(i);
    std::cout << tag.name << ' ' << type_name(tag.type) << '\n';
  }
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

double milliseconds_since(Nanoseconds began) {
  return static_cast<double>((sys::real_clock().monotonic() - began).count()) / 1e6;
}

double rank(const std::vector<double>& sorted, double share) {
  const auto place =
      static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::max<std::size_t>(place, 1) - 1];
}

struct Sent {
  std::mutex mutex;
  std::vector<double> waited_ms;
  std::string problem;
};

// From one body to the next; nothing without a rate.
Nanoseconds time_of_body(const Arguments& arguments, std::size_t bodies) {
  if (arguments.rate == 0) return {};
  const double samples = static_cast<double>(arguments.size.tags) *
                         static_cast<double>(arguments.size.samples) / static_cast<double>(bodies);
  return Nanoseconds(
      static_cast<std::int64_t>(1e9 * samples / static_cast<double>(arguments.rate)));
}

void send(const Arguments& arguments, const std::vector<std::string>& bodies, Nanoseconds began,
          std::atomic<std::size_t>& next, Sent& sent) {
  const std::size_t colon = arguments.server.rfind(':');
  const auto port = static_cast<std::uint16_t>(std::stoul(arguments.server.substr(colon + 1)));
  const auto client = sys::make_http_client({.server = {arguments.server.substr(0, colon), port},
                                             .pinned_fingerprint = arguments.fingerprint});
  sys::HttpHeaders headers;
  if (!arguments.token.empty()) headers.emplace_back("authorization", "Bearer " + arguments.token);
  std::vector<double> waited;
  std::string problem;
  const Nanoseconds pause = time_of_body(arguments, bodies.size());
  for (std::size_t i = next++; i < bodies.size(); i = next++) {
    const Nanoseconds due = began + pause * static_cast<std::int64_t>(i);
    std::this_thread::sleep_for(due - sys::real_clock().monotonic());
    const Nanoseconds asked = sys::real_clock().monotonic();
    auto answer = client->request("POST", arguments.target, headers, bodies[i]);
    while (answer && answer->status == 503) {  // the disk is slower: again, and the wait counts
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      answer = client->request("POST", arguments.target, headers, bodies[i]);
    }
    if (!answer || answer->status >= 300) {
      problem =
          answer ? std::to_string(answer->status) + " " + answer->body : answer.error().text();
      break;
    }
    waited.push_back(milliseconds_since(asked));
  }
  const std::lock_guard lock(sent.mutex);
  sent.waited_ms.insert(sent.waited_ms.end(), waited.begin(), waited.end());
  if (!problem.empty()) sent.problem = problem;
}

}  // namespace

int main(int argc, char** argv) {
  const auto arguments = parse(argc, argv);
  if (!arguments) {
    std::cerr
        << "usage: ingest_bench batch|lines HOST:PORT FINGERPRINT TARGET [--token T]"
           " [--tags N] [--samples N] [--batch N] [--connections N] [--first-tag N] [--rate N]\n";
    return 2;
  }
  if (arguments->form == "tags") {
    print_tags(*arguments);
    return 0;
  }
  const std::vector<std::string> bodies = make_bodies(*arguments);
  std::size_t bytes = 0;
  for (const std::string& body : bodies) bytes += body.size();
  std::atomic<std::size_t> next = 0;
  Sent sent;
  const double cpu_before = cpu_seconds();
  const Nanoseconds began = sys::real_clock().monotonic();
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < arguments->connections; ++i) {
    threads.emplace_back([&] { send(*arguments, bodies, began, next, sent); });
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds = milliseconds_since(began) / 1e3;
  if (!sent.problem.empty()) {
    std::cerr << sent.problem << '\n';
    return 1;
  }
  const double samples =
      static_cast<double>(arguments->size.tags) * static_cast<double>(arguments->size.samples);
  std::sort(sent.waited_ms.begin(), sent.waited_ms.end());
  std::printf(
      "{\"form\": \"%s\", \"samples\": %.0f, \"samples_per_s\": %.0f, \"seconds\": %.3f, "
      "\"bytes_per_sample\": %.2f, \"batch\": %.0f, \"connections\": %zu, \"client_cpu_s\": %.3f, "
      "\"ack_ms\": {\"p50\": %.3f, \"p99\": %.3f}}\n",
      arguments->form.c_str(), samples, samples / seconds, seconds,
      static_cast<double>(bytes) / samples, samples / static_cast<double>(bodies.size()),
      arguments->connections, cpu_seconds() - cpu_before, rank(sent.waited_ms, 0.5),
      rank(sent.waited_ms, 0.99));
  return 0;
}
