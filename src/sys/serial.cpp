#include "sys/serial.h"

#include <fcntl.h>
#include <linux/serial.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "sys/asio_context.h"

// The name `flock` itself is taken by the struct of fcntl(2).
extern "C" int flock_serial(int descriptor, int operation) noexcept __asm__("flock");

namespace lineshaft::sys {

namespace {

namespace asio = boost::asio;
using Code = boost::system::error_code;

constexpr std::pair<std::uint32_t, speed_t> kSpeeds[] = {
    {1200, B1200},     {2400, B2400},     {4800, B4800},     {9600, B9600},     {19200, B19200},
    {38400, B38400},   {57600, B57600},   {115200, B115200}, {230400, B230400}, {460800, B460800},
    {500000, B500000}, {576000, B576000}, {921600, B921600}};

class SerialStream final : public TcpStream {
 public:
  SerialStream(asio::io_context& context, int descriptor, std::string device)
      : port_(context, descriptor), device_(std::move(device)) {}
  ~SerialStream() override { SerialStream::close(); }

  void read_some(std::span<std::uint8_t> out, ReadDone done) override {
    LS_ASSERT(!out.empty());
    port_.async_read_some(
        asio::buffer(out.data(), out.size()),
        [this, open = open_, done = std::move(done)](Code code, std::size_t bytes) {
          if (!*open) return;
          if (code)
            done(gone(code));
          else
            done(bytes);
        });
  }

  void write_all(ByteSpan data, WriteDone done) override {
    asio::async_write(port_, asio::buffer(data.data(), data.size()),
                      [this, open = open_, done = std::move(done)](Code code, std::size_t) {
                        if (!*open) return;
                        done(code ? Status(gone(code)) : Status());
                      });
  }

  void close() override {
    *open_ = false;
    if (!port_.is_open()) return;
    ioctl(port_.native_handle(), TIOCNXCL);  // a pseudo-terminal would keep it
    Code ignored;
    port_.close(ignored);
  }

  Endpoint peer() const override { return {device_, 0}; }
  Endpoint local() const override { return {device_, 0}; }

 private:
  Error gone(const Code& code) const {
    return {ErrorId::kPeerClosed, device_ + " is gone: " + code.message()};
  }

  asio::posix::stream_descriptor port_;
  std::string device_;
  std::shared_ptr<bool> open_ = std::make_shared<bool>(true);  // asked by queued completions
};

class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return descriptor_; }
  int release() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
};

Error failed(const SerialOptions& options, const std::string& what) {
  return {ErrorId::kConnectFailed, options.device + ": " + what};
}

std::string reason() {
  std::array<char, 128> text{};
  return strerror_r(errno, text.data(), text.size());
}

speed_t speed_of(std::uint32_t baud) {
  for (const auto& [known, speed] : kSpeeds) {
    if (known == baud) return speed;
  }
  LS_ASSERT(false);
  return B9600;
}

// Eight bits, no flow control, nothing translated; a character with wrong parity reads as zero, so
// that the checksum of its frame is wrong.
Status set_line(int descriptor, const SerialOptions& options) {
  termios line{};
  if (tcgetattr(descriptor, &line) != 0) return failed(options, "is no serial port");
  cfmakeraw(&line);
  line.c_cflag |= CLOCAL | CREAD;
  line.c_cflag &= ~static_cast<tcflag_t>(CRTSCTS | CSTOPB | PARENB | PARODD);
  line.c_iflag &= ~static_cast<tcflag_t>(IGNPAR | PARMRK | INPCK);
  if (options.stop_bits == 2) line.c_cflag |= CSTOPB;
  if (options.parity != Parity::kNone) {
    line.c_cflag |= PARENB;
    line.c_iflag |= INPCK;
  }
  if (options.parity == Parity::kOdd) line.c_cflag |= PARODD;
  const speed_t speed = speed_of(options.baud);
  cfsetispeed(&line, speed);
  cfsetospeed(&line, speed);
  // A driver takes what it can, and what this call answers does not tell what it did not take: a
  // pseudo-terminal, which has no parity, answers now this and now that. So it is asked.
  tcsetattr(descriptor, TCSANOW, &line);
  termios got{};
  const tcflag_t asked = line.c_cflag & (CSIZE | CSTOPB);
  if (tcgetattr(descriptor, &got) != 0 || cfgetospeed(&got) != speed ||
      (got.c_cflag & (CSIZE | CSTOPB)) != asked) {
    return Error{ErrorId::kUnsupported, options.device + " does not do " +
                                            std::to_string(options.baud) +
                                            " baud with 8 data bits and these stop bits"};
  }
  return {};
}

Status set_rs485(int descriptor, const SerialOptions& options) {
  if (!options.rs485) return {};
  serial_rs485 mode{};
  mode.flags = SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND;
  if (ioctl(descriptor, TIOCSRS485, &mode) == 0) return {};
  return Error{ErrorId::kUnsupported, options.device + ": its driver does not switch RS-485 (" +
                                          reason() +
                                          "); leave rs485 off if the adapter does it by itself"};
}

}  // namespace

bool is_baud(std::uint32_t baud) {
  for (const auto& [known, speed] : kSpeeds) {
    if (known == baud) return true;
  }
  return false;
}

Nanoseconds line_time(const SerialOptions& options, std::size_t characters) {
  const std::int64_t bits = 1 + 8 + (options.parity == Parity::kNone ? 0 : 1) + options.stop_bits;
  return Nanoseconds(static_cast<std::int64_t>(characters) * bits * 1'000'000'000 / options.baud);
}

Result<std::unique_ptr<TcpStream>> open_serial(EventLoop& loop, const SerialOptions& options) {
  auto* const asio_loop = dynamic_cast<AsioContext*>(&loop);
  if (asio_loop == nullptr) {
    return Error{ErrorId::kUnsupported, "there are no serial ports on this loop"};
  }
  Descriptor port(::open(options.device.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  if (port.get() < 0) return failed(options, reason());
  // The lock binds everybody who asks for it, the administrator too; TIOCEXCL all others.
  if (isatty(port.get()) == 0) return failed(options, "is no serial port");
  if (flock_serial(port.get(), LOCK_EX | LOCK_NB) != 0) {
    return failed(options,
                  "is in use by another program, or by a connection with other line settings");
  }
  ioctl(port.get(), TIOCEXCL);
  if (Status line = set_line(port.get(), options); !line) return line.error();
  if (Status mode = set_rs485(port.get(), options); !mode) return mode.error();
  tcflush(port.get(), TCIOFLUSH);
  return std::unique_ptr<TcpStream>(
      std::make_unique<SerialStream>(asio_loop->context(), port.release(), options.device));
}

}  // namespace lineshaft::sys
