// A TLS server inside a test with a certificate of its own making for 127.0.0.1: answers every
// connection with the same bytes.
//
//   TlsServer server("HTTP/1.1 200 OK\r\n...");
//   CurlLoop loop({.ca_file = server.certificate_file()});
//
// Thread-safe.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gtest/gtest.h"
#include "services/inference/testing/listener.h"

namespace dramatis::inference {

class TlsServer {
 public:
  explicit TlsServer(std::string reply) : reply_(std::move(reply)) {
    MakeCertificate();
    thread_ = std::thread([this] { Serve(); });
  }
  ~TlsServer() {
    shutdown(listener_.socket, SHUT_RDWR);
    thread_.join();
    close(listener_.socket);
    SSL_CTX_free(context_);
    std::remove(file_.c_str());
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  std::string url() const { return "https://127.0.0.1:" + std::to_string(listener_.port) + "/"; }
  const std::string& certificate_file() const { return file_; }

 private:
  void MakeCertificate() {
    constexpr int kBits = 2048;
    constexpr long kValidSeconds = 3600;
    EVP_PKEY* const key = EVP_RSA_gen(kBits);
    X509* const certificate = X509_new();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -kValidSeconds);
    X509_gmtime_adj(X509_getm_notAfter(certificate), kValidSeconds);
    X509_set_pubkey(certificate, key);
    X509_NAME* const name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_EXTENSION* const address =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(certificate, address, -1);
    X509_EXTENSION_free(address);
    X509_sign(certificate, key, EVP_sha256());
    context_ = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(context_, certificate);
    SSL_CTX_use_PrivateKey(context_, key);
    FILE* const file = std::fopen(file_.c_str(), "w");
    PEM_write_X509(file, certificate);
    std::fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }

  void Serve() {
    while (true) {
      const int connection = accept(listener_.socket, nullptr, nullptr);
      if (connection < 0) return;
      SSL* const tls = SSL_new(context_);
      SSL_set_fd(tls, connection);
      char bytes[4096];
      if (SSL_accept(tls) == 1 && SSL_read(tls, bytes, sizeof(bytes)) > 0) {
        SSL_write(tls, reply_.data(), static_cast<int>(reply_.size()));
        SSL_shutdown(tls);
      }
      SSL_free(tls);
      close(connection);
    }
  }

  const std::string reply_;
  const std::string file_ =
      testing::TempDir() + "/dramatis_tls_" + std::to_string(getpid()) + ".pem";
  SSL_CTX* context_ = nullptr;
  const Listener listener_ = ListenOnLoopback();
  std::thread thread_;
};

}  // namespace dramatis::inference
