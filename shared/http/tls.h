// TLS 1.2 and 1.3 (RFC 5246, RFC 8446) of the HTTP server: OpenSSL on the sockets that Asio waits
// for, without a buffer between them, so that an idle connection holds none.
//
//   absl::StatusOr<std::shared_ptr<TlsContext>> context = TlsContext::Open("tls.crt", "tls.key");
//   TlsStream stream(**context, socket.native_handle());
//   switch (stream.Handshake()) ...
//   context->Refresh();   // every now and then: what is new has the new certificate
//
// ALPN (RFC 7301): `http/1.1`; a client that offers others only is refused. No renegotiation, no
// compression, no early data; clients resume by tickets, so that nothing of them is kept here.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <boost/system/error_code.hpp>
#include <openssl/ssl.h>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "shared/config/watched_file.h"

namespace dramatis {

// Certificate and key. Thread-safe.
class TlsContext {
 public:
  // PEM files: the certificate, then those between it and its authority; its private key.
  // INVALID_ARGUMENT or UNAVAILABLE name the file and say what is wrong.
  static absl::StatusOr<std::shared_ptr<TlsContext>> Open(const std::string& certificate_file,
                                                          const std::string& key_file);

  // Reads the files again if one has changed: later connections have the new certificate, open ones
  // go on. Where that fails, the old one stays. True where there is a new one.
  absl::StatusOr<bool> Refresh() ABSL_LOCKS_EXCLUDED(mutex_);
  // Of a connection; null only where memory has run out.
  SSL* NewSsl() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Context = std::shared_ptr<SSL_CTX>;

  TlsContext(WatchedFile certificate, WatchedFile key, Context context)
      : certificate_(std::move(certificate)), key_(std::move(key)), context_(std::move(context)) {}
  // Errors as of Open.
  static absl::StatusOr<Context> Load(WatchedFile& certificate, WatchedFile& key);

  mutable absl::Mutex mutex_;
  WatchedFile certificate_ ABSL_GUARDED_BY(mutex_);
  WatchedFile key_ ABSL_GUARDED_BY(mutex_);
  Context context_ ABSL_GUARDED_BY(mutex_);
};

// One connection's. Calls never block. On one thread.
class TlsStream {
 public:
  enum class Step {
    kDone,
    kWantRead,   // again when the socket is readable
    kWantWrite,  // again when it is writable
    kFailed,     // the client has been told (an alert), where it could be
  };

  // `socket` does not block and outlives this.
  TlsStream(const TlsContext& context, int socket);

  Step Handshake();
  // As a socket's: `error` is would_block where it has to wait, eof where the client has ended its
  // side.
  size_t Read(void* bytes, size_t size, boost::system::error_code& error);
  // After would_block the next call has the same bytes at the front.
  size_t Write(const void* bytes, size_t size, boost::system::error_code& error);
  // Whether what had to wait waits for the other direction: reading until the socket takes bytes
  // (a key update), writing until some come.
  bool read_wants_write() const { return read_wants_write_; }
  bool write_wants_read() const { return write_wants_read_; }
  // Decrypted and not read yet.
  bool pending() const { return SSL_pending(ssl_.get()) > 0; }
  // Tells the client that no more comes.
  void SendClose();

 private:
  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  // What a call that returned `result` means; sets `wants_other` where it waits for the other
  // direction.
  boost::system::error_code ErrorOf(int result, int other, bool& wants_other) const;

  std::unique_ptr<SSL, FreeSsl> ssl_;
  bool read_wants_write_ = false;
  bool write_wants_read_ = false;
  bool failed_ = false;
};

}  // namespace dramatis
