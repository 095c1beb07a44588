#include "peer_crowd.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <utility>

#include "sys/http.h"

namespace lineshaft::bench {
namespace {

constexpr std::size_t kPeersOfAddress = 100;
constexpr std::size_t kAddressesOfNet = 250;
constexpr int kReceiveBytes = 4096;  // little fits in: who reads nothing is soon full
constexpr double kTickS = 0.1;
constexpr double kLookS = 0.5;

[[noreturn]] void fail(const std::string& what) {
  std::cerr << what << "\n";
  std::exit(1);
}

std::uint64_t resident_kib(int pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stoull(line.substr(6));
  }
  return 0;
}

std::uint64_t descriptors(int pid) {
  DIR* const folder = opendir(("/proc/" + std::to_string(pid) + "/fd").c_str());
  if (folder == nullptr) return 0;
  std::uint64_t count = 0;
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

sockaddr_in address_of(std::uint32_t host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(host);
  address.sin_port = htons(port);
  return address;
}

// 127.0.0.2 for the first hundred, 127.0.0.3 for the next.
std::uint32_t host_of(std::size_t number) {
  const std::size_t address = number / kPeersOfAddress;
  return static_cast<std::uint32_t>(0x7f000002U + (address / kAddressesOfNet) * 256 +
                                    address % kAddressesOfNet);
}

}  // namespace

double now_s() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

std::string ranks_json(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto rank = [&](double share) {
    if (values.empty()) return 0.0;
    const auto at = static_cast<std::size_t>(share * static_cast<double>(values.size()));
    return values[std::min(at, values.size() - 1)];
  };
  std::ostringstream json;
  json << "{\"count\": " << values.size() << ", \"p50\": " << rank(0.5)
       << ", \"p99\": " << rank(0.99) << ", \"max\": " << rank(1) << "}";
  return json.str();
}

Crowd::Crowd(const Target& target)
    : target_(target), epoll_(epoll_create1(0)), tls_(SSL_CTX_new(TLS_client_method())) {
  if (epoll_ < 0 || tls_ == nullptr) fail("no epoll, or no TLS");
  std::signal(SIGPIPE, SIG_IGN);
  SSL_CTX_set_verify(tls_, SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_mode(tls_, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                             SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  kib_before_ = kib_max_ = resident_kib(target.pid);
  sockets_before_ = sockets_max_ = descriptors(target.pid);
}

Crowd::~Crowd() {
  SSL_CTX_free(tls_);
  close(epoll_);
}

void Crowd::look_at_server() {
  if (now_s() < next_look_s_) return;
  next_look_s_ = now_s() + kLookS;
  kib_max_ = std::max(kib_max_, resident_kib(target_.pid));
  sockets_max_ = std::max(sockets_max_, descriptors(target_.pid));
}

std::string Crowd::usage_json() const {
  std::ostringstream json;
  json << "\"kib_before\": " << kib_before_ << ", \"kib_max\": " << kib_max_
       << ", \"held_max\": " << sockets_max_ - sockets_before_;
  return json.str();
}

bool Crowd::run(const std::vector<Peer*>& peers, double seconds) {
  const double end = now_s() + seconds;
  double next_tick_s = 0;
  std::array<epoll_event, 256> events{};
  while (now_s() < end) {
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                                 static_cast<int>(kTickS * 1000));
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      static_cast<Peer*>(event.data.ptr)->on_event(event.events);
    }
    look_at_server();
    if (now_s() < next_tick_s) continue;
    next_tick_s = now_s() + kTickS;
    for (Peer* peer : peers) peer->on_tick();
    if (std::all_of(peers.begin(), peers.end(), [](Peer* peer) { return peer->has_ended(); })) {
      return true;
    }
  }
  return false;
}

Peer::~Peer() {
  if (ssl_ != nullptr) SSL_free(ssl_);
  if (fd_ >= 0) close(fd_);
}

void Peer::connect() {
  stage_ = Stage::kConnecting;
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) fail("no more sockets; slow_peers.py says how many are needed");
  setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &kReceiveBytes, sizeof kReceiveBytes);
  const sockaddr_in from = address_of(host_of(number_), 0);
  const sockaddr_in to = address_of(INADDR_LOOPBACK, crowd_.target_.port);
  epoll_event event{};
  event.events = EPOLLOUT | EPOLLRDHUP;
  event.data.ptr = this;
  epoll_ctl(crowd_.epoll_, EPOLL_CTL_ADD, fd_, &event);
  const bool bound = bind(fd_, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0;
  const int begun = ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  if (!bound || (begun != 0 && errno != EINPROGRESS)) gone();
}

void Peer::listen(std::uint32_t events) {
  epoll_event event{};
  event.events = events | EPOLLRDHUP;
  event.data.ptr = this;
  epoll_ctl(crowd_.epoll_, EPOLL_CTL_MOD, fd_, &event);
}

void Peer::watch(std::uint32_t what) { listen(what == kReading ? std::uint32_t{EPOLLIN} : 0U); }

void Peer::on_event(std::uint32_t events) {
  if (fd_ < 0) return;  // ended by an event of the same turn
  // An answer may have come before the end of the connection: it is read first.
  const bool ended = (events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0;
  if (stage_ == Stage::kConnecting) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0 || (events & EPOLLOUT) == 0) return gone();
    stage_ = Stage::kOpen;
    return on_connected();
  }
  if (stage_ == Stage::kShaking && !ended) return shake();
  if (stage_ == Stage::kOpen && (events & EPOLLIN) != 0) on_readable();
  if (ended && fd_ >= 0) gone();
}

void Peer::shake_hands() {
  stage_ = Stage::kShaking;
  ssl_ = SSL_new(crowd_.tls_);
  if (ssl_ == nullptr || SSL_set_fd(ssl_, fd_) != 1) return gone();
  SSL_set_connect_state(ssl_);
  shake();
}

void Peer::shake() {
  ERR_clear_error();
  const int done = SSL_do_handshake(ssl_);
  if (done == 1) {
    stage_ = Stage::kOpen;
    return on_secure();
  }
  switch (SSL_get_error(ssl_, done)) {
    case SSL_ERROR_WANT_READ:
      return listen(EPOLLIN);
    case SSL_ERROR_WANT_WRITE:
      return listen(EPOLLOUT);
    default:
      return gone();
  }
}

bool Peer::send(std::string_view text) {
  if (ssl_ == nullptr) {
    const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
    return sent >= 0 || errno == EAGAIN;
  }
  ERR_clear_error();
  const int sent = SSL_write(ssl_, text.data(), static_cast<int>(text.size()));
  if (sent > 0) return true;
  const int error = SSL_get_error(ssl_, sent);
  return error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ;
}

bool Peer::receive(std::string& text) {
  std::array<char, 4096> piece{};
  for (;;) {
    ERR_clear_error();
    const int got = SSL_read(ssl_, piece.data(), static_cast<int>(piece.size()));
    if (got <= 0) return SSL_get_error(ssl_, got) == SSL_ERROR_WANT_READ;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
}

void Peer::gone() {
  if (fd_ < 0) return;
  if (ssl_ != nullptr) SSL_free(std::exchange(ssl_, nullptr));
  close(std::exchange(fd_, -1));
  on_gone();
}

Honest::Honest(const Target& target)
    : target_(target),
      keeps_([this] { ask(true, kept_ms_); }),
      renews_([this] { ask(false, new_ms_); }) {}

Honest::~Honest() {
  stop_ = true;
  if (keeps_.joinable()) keeps_.join();
  if (renews_.joinable()) renews_.join();
}

void Honest::ask(bool keeps, std::vector<double>& waited_ms) {
  constexpr auto kPause = std::chrono::milliseconds(20);
  const sys::HttpHeaders headers{{"authorization", "Bearer " + target_.token}};
  sys::HttpClientOptions options;
  options.server = {"127.0.0.1", target_.port};
  options.pinned_fingerprint = target_.fingerprint;
  std::unique_ptr<sys::HttpClient> client;
  while (!stop_) {
    const double began = now_s();
    if (!client || !keeps) client = sys::make_http_client(options);
    const auto answer = client->request("GET", "/api/v1/overview", headers, "");
    waited_ms.push_back((now_s() - began) * 1000);
    if (!answer || answer->status != 200) ++bad_;
    std::this_thread::sleep_for(kPause);
  }
}

std::string Honest::end() {
  stop_ = true;
  keeps_.join();
  renews_.join();
  return "{\"kept\": " + ranks_json(kept_ms_) + ", \"new\": " + ranks_json(new_ms_) +
         ", \"bad\": " + std::to_string(bad_) + "}";
}

}  // namespace lineshaft::bench
