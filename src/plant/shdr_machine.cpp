// A machine whose control has an adapter: it says its lines (SHDR) to whoever listens.
#include "wire/shdr/shdr.h"

#include <array>
#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "plant/feed.h"
#include "plant/served_machine.h"

namespace lineshaft::plant {
namespace {

constexpr std::size_t kListenersMax = 8;
constexpr std::size_t kUnsentBytesMax = 1 << 20;  // of one that does not read: it is left
constexpr std::string_view kPong = "* PONG 10000\n";

class ShdrMachine final : public ServedMachine {
 public:
  ShdrMachine(const Machine& machine, const Hall& hall)
      : machine_(machine),
        feed_(machine, hall.loop, hall.clock, hall.speed,
              [this](const auto& changed) { tell(changed); }) {}

  Status start(const Hall& hall) {
    auto listening = hall.loop.listen(
        {"127.0.0.1", machine_.port}, sys::Privacy::kPlain,
        [this](std::unique_ptr<sys::TcpStream> stream) { accept(std::move(stream)); });
    if (!listening) return listening.error();
    listener_ = *std::move(listening);
    return {};
  }

 private:
  struct Listener {
    explicit Listener(std::unique_ptr<sys::TcpStream> s) : stream(std::move(s)) {}

    void say(std::string_view text) {
      if (gone) return;
      gone = waiting.size() + text.size() > kUnsentBytesMax;
      waiting += text;
      send();
    }
    void send() {
      if (writing || waiting.empty() || gone) return;
      writing = true;
      out = std::exchange(waiting, {});
      stream->write_all(as_bytes(out), [this](const Status& written) {
        writing = false;
        gone = gone || !written;
        send();
      });
    }
    // Whatever comes is a sign of life that wants one in return.
    void read() {
      stream->read_some(in, [this](Result<std::size_t> count) {
        gone = gone || !count;
        if (gone) return;
        say(kPong);
        read();
      });
    }

    std::unique_ptr<sys::TcpStream> stream;
    std::array<std::uint8_t, 256> in{};
    std::string waiting;
    std::string out;
    bool writing = false;
    bool gone = false;
  };

  void accept(std::unique_ptr<sys::TcpStream> stream) {
    forget_the_gone();
    if (listeners_.size() == kListenersMax) return;  // the stream closes
    Listener& listener = *listeners_.emplace_back(std::make_unique<Listener>(std::move(stream)));
    std::vector<std::size_t> all(machine_.signals.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    listener.say(line(all));
    listener.read();
  }

  void tell(const std::vector<std::size_t>& changed) {
    forget_the_gone();
    if (changed.empty() || listeners_.empty()) return;
    const std::string text = line(changed);
    for (const auto& listener : listeners_) listener->say(text);
  }

  std::string line(const std::vector<std::size_t>& signals) const {
    std::vector<std::string> fields;
    for (const std::size_t i : signals) {
      fields.push_back(std::get<connect::ShdrPoint>(machine_.signals[i].config.point).key);
      fields.push_back(to_text(feed_.value(i)));
    }
    return shdr::write_line(feed_.time(), fields);
  }

  // Not in their own callbacks.
  void forget_the_gone() {
    listeners_.remove_if([](const auto& listener) { return listener->gone; });
  }

  const Machine& machine_;
  std::list<std::unique_ptr<Listener>> listeners_;
  Feed feed_;
  std::unique_ptr<sys::TcpListener> listener_;
};

}  // namespace

MadeMachine serve_shdr_machine(const Machine& machine, const Hall& hall) {
  auto made = std::make_unique<ShdrMachine>(machine, hall);
  if (Status started = made->start(hall); !started) return started.error();
  return std::unique_ptr<ServedMachine>(std::move(made));
}

}  // namespace lineshaft::plant
