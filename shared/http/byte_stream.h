// A connection's bytes, plain or over TLS: the same calls for both, none of which blocks.
//
//   ByteStream stream(std::move(socket), tls);
//   const size_t size = stream.Read(buffer, error);        // error: would_block, eof, ...
//   stream.WaitToRead([](const boost::system::error_code& error) {...});
//
// On its worker's thread only.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include "shared/http/tls.h"

namespace dramatis {

class ByteStream {
 public:
  using ErrorCode = boost::system::error_code;
  using Buffers = std::array<boost::asio::const_buffer, 3>;

  // `tls` is null for plain bytes.
  ByteStream(boost::asio::ip::tcp::socket socket, std::shared_ptr<const TlsContext> tls)
      : socket_(std::move(socket)), context_(std::move(tls)) {}

  boost::asio::ip::tcp::socket& socket() { return socket_; }
  // A handshake has to come first: Begin, until it is done.
  bool expects_handshake() const { return context_ != nullptr; }
  // Bytes go over TLS.
  bool secure() const { return tls_.has_value(); }

  // One step of the handshake. A client that does not begin one but speaks HTTP goes on in plain
  // text (kDone, not secure). kFailed also where it has gone.
  TlsStream::Step Begin();

  size_t Read(boost::asio::mutable_buffer buffer, ErrorCode& error);
  // What has come, not decrypted: to throw it away.
  size_t ReadRaw(boost::asio::mutable_buffer buffer, ErrorCode& error) {
    return socket_.read_some(buffer, error);
  }
  // `room`: where TLS joins what goes out as one record; anything but `buffers`.
  size_t Write(const Buffers& buffers, std::string& room, ErrorCode& error);
  // A short text between answers, for which nobody waits: all of it, or the rest before the next
  // Write.
  void WriteAside(std::string_view text);

  // Calls back when Read, or Write, is worth another try.
  template <class Handler>
  void WaitToRead(Handler handler) {
    if (tls_.has_value() && tls_->pending()) {
      boost::asio::post(socket_.get_executor(),
                        [handler = std::move(handler)]() mutable { handler(ErrorCode()); });
      return;
    }
    Wait(tls_.has_value() && tls_->read_wants_write(), std::move(handler));
  }
  template <class Handler>
  void WaitToWrite(Handler handler) {
    Wait(!tls_.has_value() || !tls_->write_wants_read(), std::move(handler));
  }

  // No more goes out; the client is told.
  void EndOutput();
  void Close();

 private:
  template <class Handler>
  void Wait(bool to_write, Handler handler) {
    socket_.async_wait(to_write ? boost::asio::ip::tcp::socket::wait_write
                                : boost::asio::ip::tcp::socket::wait_read,
                       std::move(handler));
  }

  boost::asio::ip::tcp::socket socket_;
  std::shared_ptr<const TlsContext> context_;  // until the handshake is done
  std::optional<TlsStream> tls_;
  std::string aside_;  // of WriteAside, over TLS
};

}  // namespace dramatis
