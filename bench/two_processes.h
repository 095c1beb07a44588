// bench/two_processes.h: machines in a process of their own, so that the figures of the other one
// are those of the collector alone; and what is measured of it.
#pragma once

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <thread>

#include "model/sample.h"
#include "sys/loop.h"

namespace lineshaft::bench {

// What `make` returns lives on its loop until the owner of this object ends it. Make it before any
// thread.
class OtherProcess {
 public:
  using Make = std::function<std::shared_ptr<void>(sys::EventLoop&)>;
  explicit OtherProcess(const Make& make) {
    int commands[2];
    int ready[2];
    if (pipe(commands) != 0 || pipe(ready) != 0) std::abort();
    child_ = fork();
    if (child_ == 0) {
      close(commands[1]);
      serve(make, commands[0], ready[1]);
    }
    close(commands[0]);
    close(ready[1]);
    end_ = commands[1];
    char byte = 0;
    if (read(ready[0], &byte, 1) != 1) {
      std::cerr << "the machines did not start\n";
      std::exit(1);
    }
    close(ready[0]);
  }
  ~OtherProcess() {
    close(end_);
    waitpid(child_, nullptr, 0);
  }
  OtherProcess(const OtherProcess&) = delete;
  OtherProcess& operator=(const OtherProcess&) = delete;

 private:
  [[noreturn]] static void serve(const Make& make, int commands, int ready) {
    const auto loop = sys::make_event_loop();
    const std::shared_ptr<void> machines = make(*loop);
    std::thread listener([&] {
      char byte = 0;
      while (read(commands, &byte, 1) == 1) {
      }
      loop->stop();
    });
    if (write(ready, "r", 1) != 1) std::_Exit(1);
    loop->run();
    listener.join();
    std::_Exit(0);
  }

  pid_t child_ = 0;
  int end_ = -1;
};

// Exits with the error's words if there is one.
template <typename T>
T must(Result<T> result) {
  if (!result) {
    std::cerr << result.error().text() << "\n";
    std::exit(1);
  }
  return *std::move(result);
}

class CountingSink : public SampleSink {
 public:
  void append(SampleBatch batch, Durable durable) override {
    samples += batch.samples.size();
    durable(Status());
  }
  std::uint64_t samples = 0;
};

// CPU of this process and wall time since its making.
class Meter {
 public:
  explicit Meter(sys::EventLoop& loop) : loop_(loop), cpu_(cpu_seconds()), began_(loop.now()) {}
  double wall_s() const { return static_cast<double>((loop_.now() - began_).count()) / 1e9; }
  double core_percent() const { return 100 * (cpu_seconds() - cpu_) / wall_s(); }
  static double peak_mb() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024;
  }

 private:
  static double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }

  sys::EventLoop& loop_;
  double cpu_;
  Nanoseconds began_;
};

// The word behind `name`, or `otherwise`.
inline int option(int argc, char** argv, const std::string& name, int otherwise) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (argv[i] == name) return std::atoi(argv[i + 1]);
  }
  return otherwise;
}

}  // namespace lineshaft::bench
