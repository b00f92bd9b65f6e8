// JSON over HTTP, one kept connection, blocking.
//
//   HttpClient alice("127.0.0.1:8080", "alice");
//   const boost::json::value chat = alice.Post("/api/chat", {{"message", "Hello"}});
//
// Throws std::runtime_error where the status is not 2xx or the body is not JSON: a property then is
// falsified. Not thread-safe.
#pragma once

#include <string>

#include <curl/curl.h>

#include "boost/json.hpp"

namespace dramatis::properties {

class HttpClient {
 public:
  // `user` as in `Bearer local:<user>`; empty sends no credentials.
  HttpClient(const std::string& address, const std::string& user);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  boost::json::value Get(const std::string& path) { return Call(path, nullptr); }
  boost::json::value Post(const std::string& path, const boost::json::object& body) {
    return Call(path, &body);
  }
  // Every item of a list in snake_case pages of 100.
  boost::json::array Pages(const std::string& path, const std::string& items);

 private:
  boost::json::value Call(const std::string& path, const boost::json::object* body);

  CURL* curl_;
  curl_slist* headers_ = nullptr;
  std::string base_;
};

}  // namespace dramatis::properties
