// Signs requests for a judge: each line of its input is one, as shared/aws/vectors/generate.py
// writes them; each line of its output is the Authorization that it gets.
#include <iostream>
#include <string>

#include <boost/json.hpp>

#include "absl/time/time.h"
#include "shared/aws/sigv4.h"

int main(int argc, char** argv) {
  namespace json = boost::json;
  absl::Time now;
  std::string error;
  if (argc != 2 || !absl::ParseTime(absl::RFC3339_full, argv[1], &now, &error)) {
    std::cerr << "usage: sign-requests <time>\n";
    return 2;
  }
  for (std::string line; std::getline(std::cin, line);) {
    const json::value given = json::parse(line);
    const auto text = [&](const char* name) { return std::string(given.at(name).as_string()); };
    const std::string body = text("body");
    dramatis::aws::SigV4Request request = {
        .method = text("method"), .url = text("url"), .headers = {}, .body = body};
    for (const json::value& header : given.at("headers").as_array())
      request.headers.emplace_back(header.as_string());
    const dramatis::aws::Credentials credentials = {
        .access_key_id = "AKIDEXAMPLE",
        .secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        .session_token = text("token")};
    constexpr std::string_view kName = "Authorization: ";
    for (const std::string& header : dramatis::aws::SignSigV4(
             request, {.service = text("service"), .region = "eu-central-1"}, credentials, now)) {
      if (header.starts_with(kName)) std::cout << header.substr(kName.size()) << '\n';
    }
  }
  return 0;
}
