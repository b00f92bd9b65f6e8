#include "gateway/access/trusted_proxies.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace dramatis::gateway {
namespace {

TrustedProxies Proxies() {
  return *TrustedProxies::Parse({"10.0.0.0/8", "192.0.2.7", "2001:db8::/33", "::1"});
}

Arrival Read(std::string_view peer,
             std::vector<std::pair<std::string_view, std::string_view>> headers) {
  HttpRequest request;
  request.peer = peer;
  request.headers = std::move(headers);
  return Proxies().Read(request);
}

TEST(TrustedProxiesTest, AreAddressesAndNetworks) {
  for (const char* address : {"10.0.0.0", "10.255.255.255", "192.0.2.7", "2001:db8::1", "::1",
                              "2001:db8:7fff::", "::ffff:10.1.2.3"}) {
    EXPECT_TRUE(Proxies().Contains(address)) << address;
  }
  for (const char* address : {"9.255.255.255", "11.0.0.0", "192.0.2.8", "2001:db8:8000::", "::2",
                              "", "10.0.0", "10.0.0.0/8", "localhost", "::ffff:11.1.2.3"}) {
    EXPECT_FALSE(Proxies().Contains(address)) << address;
  }
  EXPECT_TRUE(TrustedProxies::Parse({"0.0.0.0/0"})->Contains("8.8.8.8"));
  EXPECT_FALSE(TrustedProxies::Parse({"0.0.0.0/0"})->Contains("2001:db8::1"));
  for (const char* wrong : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "proxy", "::1/129", "10/8",
                            "10.0.0.0/8/8", "10.0.0.0/ 8"}) {
    EXPECT_NE(TrustedProxies::Parse({wrong}).status().message().find(wrong), std::string::npos);
  }
}

TEST(TrustedProxiesTest, OnlyTheyAreBelieved) {
  const Arrival proxied =
      Read("10.1.1.1", {{"X-Forwarded-Proto", "https"}, {"X-Forwarded-For", "203.0.113.9"}});
  EXPECT_TRUE(proxied.secure);
  EXPECT_EQ(proxied.client, "203.0.113.9");
  const Arrival stranger =
      Read("203.0.113.9", {{"X-Forwarded-Proto", "https"}, {"X-Forwarded-For", "198.51.100.1"}});
  EXPECT_FALSE(stranger.secure);
  EXPECT_EQ(stranger.client, "203.0.113.9");
}

TEST(TrustedProxiesTest, EveryProxySawHttps) {
  EXPECT_TRUE(Read("::1", {{"x-forwarded-proto", "HTTPS, https"}}).secure);
  for (const char* protocols : {"", "http", "https, http", "http, https", "https,", "wss"}) {
    EXPECT_FALSE(Read("::1", {{"x-forwarded-proto", protocols}}).secure) << protocols;
  }
  EXPECT_FALSE(Read("::1", {{"x-forwarded-proto", "https"}, {"x-forwarded-proto", "http"}}).secure);
  EXPECT_FALSE(Read("::1", {}).secure);
}

TEST(TrustedProxiesTest, TheClientIsTheLastHopThatIsNotTrusted) {
  const auto client = [](std::string_view hops) {
    return Read("10.1.1.1", {{"x-forwarded-for", hops}}).client;
  };
  EXPECT_EQ(client("198.51.100.1, 203.0.113.9, 10.2.2.2"), "203.0.113.9");
  EXPECT_EQ(client("10.3.3.3, 10.2.2.2"), "10.3.3.3");
  EXPECT_EQ(client("[2001:db8:9000::1]:443"), "2001:db8:9000::1");
  EXPECT_EQ(client("203.0.113.9:5678"), "203.0.113.9");
  EXPECT_EQ(client("203.0.113.9, unknown, 10.2.2.2"), "10.2.2.2");
  EXPECT_EQ(client("<script>"), "10.1.1.1");
  EXPECT_EQ(client(""), "10.1.1.1");
  EXPECT_EQ(
      Read("10.1.1.1", {{"x-forwarded-for", "198.51.100.1"}, {"x-forwarded-for", "203.0.113.9"}})
          .client,
      "203.0.113.9");
}

TEST(TrustedProxiesTest, WhatCameOverOurOwnTlsIsSecureUnlessAProxySaysOtherwise) {
  HttpRequest request;
  request.peer = "203.0.113.9";
  request.tls = true;
  EXPECT_TRUE(TrustedProxies().Read(request).secure);
  const TrustedProxies proxies = TrustedProxies::Parse({"10.0.0.0/8"}).value();
  EXPECT_TRUE(proxies.Read(request).secure);
  request.headers = {{"x-forwarded-proto", "http"}};
  EXPECT_TRUE(proxies.Read(request).secure);  // anybody can say so
  request.peer = "10.1.1.1";
  EXPECT_FALSE(proxies.Read(request).secure);
  request.headers = {};
  EXPECT_TRUE(proxies.Read(request).secure);
}

}  // namespace
}  // namespace dramatis::gateway
