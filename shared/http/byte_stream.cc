#include "shared/http/byte_stream.h"

#include <algorithm>

#include <boost/asio/error.hpp>
#include <sys/socket.h>

namespace dramatis {
namespace {

namespace asio = boost::asio;

// What goes into one record (RFC 8446, section 5.1).
constexpr size_t kRecordBytes = size_t{16} * 1024;
// The first byte of every TLS connection: a record of type handshake. No HTTP method has it.
constexpr unsigned char kHandshakeRecord = 22;

}  // namespace

TlsStream::Step ByteStream::Begin() {
  if (!tls_.has_value()) {
    unsigned char first = 0;
    const ssize_t size = recv(socket_.native_handle(), &first, 1, MSG_PEEK | MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
      return TlsStream::Step::kWantRead;
    }
    if (size <= 0) return TlsStream::Step::kFailed;
    if (first != kHandshakeRecord) {
      context_ = nullptr;
      return TlsStream::Step::kDone;
    }
    tls_.emplace(*context_, socket_.native_handle());
  }
  const TlsStream::Step step = tls_->Handshake();
  if (step == TlsStream::Step::kDone) context_ = nullptr;
  return step;
}

size_t ByteStream::Read(asio::mutable_buffer buffer, ErrorCode& error) {
  if (!tls_.has_value()) return socket_.read_some(buffer, error);
  return tls_->Read(buffer.data(), buffer.size(), error);
}

size_t ByteStream::Write(const Buffers& buffers, std::string& room, ErrorCode& error) {
  if (!tls_.has_value()) return socket_.write_some(buffers, error);
  while (!aside_.empty()) {
    const size_t written = tls_->Write(aside_.data(), aside_.size(), error);
    if (error) return 0;
    aside_.erase(0, written);
  }
  if (room.size() < kRecordBytes) room.resize(kRecordBytes);
  const size_t size = std::min(asio::buffer_copy(asio::buffer(room), buffers), kRecordBytes);
  return tls_->Write(room.data(), size, error);
}

void ByteStream::WriteAside(std::string_view text) {
  ErrorCode ignored;
  if (!tls_.has_value()) {
    // A few bytes into an empty socket buffer; where they do not fit, nothing is lost.
    socket_.write_some(asio::buffer(text), ignored);
    return;
  }
  if (!aside_.empty()) return;  // the one before is still on its way
  const size_t written = tls_->Write(text.data(), text.size(), ignored);
  if (written < text.size()) aside_ = text.substr(written);
}

void ByteStream::EndOutput() {
  if (tls_.has_value()) tls_->SendClose();
  ErrorCode ignored;
  (void)socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

void ByteStream::Close() {
  tls_.reset();
  ErrorCode ignored;
  (void)socket_.close(ignored);
}

}  // namespace dramatis
