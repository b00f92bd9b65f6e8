#include "tests/properties/http_client.h"

#include <stdexcept>

#include "absl/strings/str_cat.h"

namespace dramatis::properties {
namespace {

size_t Append(char* data, size_t size, size_t count, void* text) {
  static_cast<std::string*>(text)->append(data, size * count);
  return size * count;
}

}  // namespace

HttpClient::HttpClient(const std::string& address, const std::string& user)
    : curl_(curl_easy_init()), base_(absl::StrCat("http://", address)) {
  headers_ = curl_slist_append(headers_, "Content-Type: application/json");
  headers_ = curl_slist_append(headers_, "Expect:");
  if (!user.empty()) {
    headers_ =
        curl_slist_append(headers_, absl::StrCat("Authorization: Bearer local:", user).c_str());
  }
}

HttpClient::~HttpClient() {
  curl_slist_free_all(headers_);
  curl_easy_cleanup(curl_);
}

boost::json::value HttpClient::Call(const std::string& path, const boost::json::object* body) {
  const std::string sent = body == nullptr ? "" : boost::json::serialize(*body);
  std::string received;
  curl_easy_reset(curl_);
  curl_easy_setopt(curl_, CURLOPT_URL, absl::StrCat(base_, path).c_str());
  curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers_);
  curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, &Append);
  curl_easy_setopt(curl_, CURLOPT_WRITEDATA, &received);
  curl_easy_setopt(curl_, CURLOPT_TIMEOUT, 60L);
  curl_easy_setopt(curl_, CURLOPT_TCP_NODELAY, 1L);
  if (body != nullptr) {
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE, static_cast<long>(sent.size()));
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, sent.data());
  }
  const CURLcode code = curl_easy_perform(curl_);
  if (code != CURLE_OK) throw std::runtime_error(curl_easy_strerror(code));
  long status = 0;
  curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
  if (status / 100 != 2) throw std::runtime_error(absl::StrCat(path, ": ", status, " ", received));
  return boost::json::parse(received);
}

boost::json::array HttpClient::Pages(const std::string& path, const std::string& items) {
  boost::json::array all;
  std::string token;
  do {
    const boost::json::value page = Get(absl::StrCat(path, "?page_size=100&page_token=", token));
    for (const boost::json::value& item : page.at(items).as_array())
      all.push_back(item);
    token = std::string(page.at("next_page_token").as_string());
  } while (!token.empty());
  return all;
}

}  // namespace dramatis::properties
