#include "shared/digest/sha256.h"

#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace dramatis {
namespace {

// FIPS 180-4's examples.
constexpr char kOfAbc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr char kOfNothing[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

TEST(Sha256Test, HashesWhatWasAddedAndBeginsAnew) {
  Sha256 hash;
  hash.Add("a");
  hash.Add("bc");
  EXPECT_EQ(hash.Hex(), kOfAbc);
  EXPECT_EQ(hash.Hex(), kOfNothing);
}

TEST(Sha256Test, OfATextStandsAlone) {
  EXPECT_EQ(Sha256Hex("abc"), kOfAbc);
  EXPECT_EQ(Sha256Hex(""), kOfNothing);
  EXPECT_EQ(Sha256Of("abc").substr(0, 3), "\xba\x78\x16");
  EXPECT_EQ(Sha256Of("abc").size(), 32U);
}

TEST(Sha256Test, IsTheSameOnEveryThread) {
  std::vector<std::thread> threads;
  std::vector<std::string> digests(4);
  for (std::string& digest : digests)
    threads.emplace_back([&digest] { digest = Sha256Hex("abc"); });
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(digests, std::vector<std::string>(4, kOfAbc));
}

}  // namespace
}  // namespace dramatis
