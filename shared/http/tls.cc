#include "shared/http/tls.h"

#include <array>
#include <climits>

#include <boost/asio/error.hpp>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "absl/strings/str_cat.h"
#include "shared/config/certificates.h"
#include "shared/status/macros.h"

namespace dramatis {
namespace {

// With forward secrecy and authentication; those of TLS 1.3 all are.
constexpr char kCiphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr unsigned char kProtocol[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

// RFC 7301, section 3.2.
int SelectProtocol(SSL*,
                   const unsigned char** out,
                   unsigned char* out_size,
                   const unsigned char* offered,
                   unsigned int offered_size,
                   void*) {
  unsigned char* selected = nullptr;
  if (SSL_select_next_proto(&selected, out_size, kProtocol, sizeof(kProtocol), offered,
                            offered_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = selected;
  return SSL_TLSEXT_ERR_OK;
}

std::string OpenSslReason() {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return text.data();
}

}  // namespace

absl::StatusOr<TlsContext::Context> TlsContext::Load(WatchedFile& certificate, WatchedFile& key) {
  // Both are marked as seen before they are used.
  DRAMATIS_RETURN_IF_ERROR(certificate.Read().status());
  DRAMATIS_RETURN_IF_ERROR(key.Read().status());
  DRAMATIS_RETURN_IF_ERROR(CheckCertificate(certificate.path(), key.path()));
  Context context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (context == nullptr) return absl::InternalError("OpenSSL makes no context");
  SSL_CTX* const raw = context.get();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(
      raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_ctrl(raw, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, nullptr);
  SSL_CTX_set_num_tickets(raw, 1);
  SSL_CTX_set_alpn_select_cb(raw, SelectProtocol, nullptr);
  if (SSL_CTX_set_cipher_list(raw, kCiphers) != 1 ||
      SSL_CTX_use_certificate_chain_file(raw, certificate.path().c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(raw, key.path().c_str(), SSL_FILETYPE_PEM) != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(certificate.path(), " cannot be served with: ", OpenSslReason()));
  }
  return context;
}

absl::StatusOr<std::shared_ptr<TlsContext>> TlsContext::Open(const std::string& certificate_file,
                                                             const std::string& key_file) {
  WatchedFile certificate(certificate_file);
  WatchedFile key(key_file);
  DRAMATIS_ASSIGN_OR_RETURN(Context context, Load(certificate, key));
  return std::shared_ptr<TlsContext>(
      new TlsContext(std::move(certificate), std::move(key), std::move(context)));
}

absl::StatusOr<bool> TlsContext::Refresh() {
  const absl::MutexLock lock(&mutex_);
  if (!certificate_.Changed() && !key_.Changed()) return false;
  DRAMATIS_ASSIGN_OR_RETURN(context_, Load(certificate_, key_));
  return true;
}

SSL* TlsContext::NewSsl() const {
  const absl::ReaderMutexLock lock(&mutex_);
  return SSL_new(context_.get());
}

TlsStream::TlsStream(const TlsContext& context, int socket) : ssl_(context.NewSsl()) {
  failed_ = ssl_ == nullptr || SSL_set_fd(ssl_.get(), socket) != 1;
  if (!failed_) SSL_set_accept_state(ssl_.get());
}

TlsStream::Step TlsStream::Handshake() {
  if (failed_) return Step::kFailed;
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) return Step::kDone;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Step::kWantRead;
    case SSL_ERROR_WANT_WRITE:
      return Step::kWantWrite;
    default:
      failed_ = true;
      ERR_clear_error();
      return Step::kFailed;
  }
}

boost::system::error_code TlsStream::ErrorOf(int result, int other, bool& wants_other) const {
  const int error = SSL_get_error(ssl_.get(), result);
  ERR_clear_error();
  switch (error) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      wants_other = error == other;
      return boost::asio::error::would_block;
    case SSL_ERROR_ZERO_RETURN:
      return boost::asio::error::eof;
    default:
      return boost::asio::error::connection_reset;
  }
}

size_t TlsStream::Read(void* bytes, size_t size, boost::system::error_code& error) {
  read_wants_write_ = false;
  ERR_clear_error();
  size_t read = 0;
  const int result = SSL_read_ex(ssl_.get(), bytes, size, &read);
  if (result == 1) {
    error = {};
    return read;
  }
  error = ErrorOf(result, SSL_ERROR_WANT_WRITE, read_wants_write_);
  failed_ = error == boost::asio::error::connection_reset;
  return 0;
}

size_t TlsStream::Write(const void* bytes, size_t size, boost::system::error_code& error) {
  write_wants_read_ = false;
  ERR_clear_error();
  size_t written = 0;
  const int result = SSL_write_ex(ssl_.get(), bytes, size, &written);
  if (result == 1) {
    error = {};
    return written;
  }
  error = ErrorOf(result, SSL_ERROR_WANT_READ, write_wants_read_);
  failed_ = error == boost::asio::error::connection_reset;
  return 0;
}

void TlsStream::SendClose() {
  // After an error, or before the end of the handshake, OpenSSL must not be asked.
  if (failed_ || SSL_is_init_finished(ssl_.get()) == 0) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

}  // namespace dramatis
