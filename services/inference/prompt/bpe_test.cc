#include "services/inference/prompt/bpe.h"

#include <fstream>
#include <iterator>

#include <boost/json.hpp>

#include "gtest/gtest.h"

namespace dramatis::inference {
namespace {

namespace json = boost::json;

std::string ReadVector(const std::string& name) {
  std::ifstream file(DRAMATIS_SOURCE_DIR "/services/inference/prompt/vectors/" + name);
  return {(std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>()};
}

// "Within 3 %": exactly. Texts of many scripts, 200 of chance, and English, German, code, Chinese,
// Japanese, Korean and emoji as people write them, counted by OpenAI's own library.
TEST(BpeTest, CountsAsTiktokenDoes) {
  const std::string ranks = ReadVector("bpe.tiktoken");
  const json::value document = json::parse(ReadVector("bpe.json"));
  const json::array& texts = document.at("texts").as_array();
  for (const auto& [name, split] :
       {std::pair{"cl100k", BpeSplit::kCl100k}, {"o200k", BpeSplit::kO200k}}) {
    const auto counter = BpeCounter::Parse(ranks, split);
    ASSERT_TRUE(counter.ok()) << counter.status();
    const json::array& counts = document.at(name).as_array();
    for (size_t i = 0; i < texts.size(); ++i) {
      EXPECT_EQ((*counter)->Count(std::string(texts[i].as_string())), counts[i].as_int64())
          << name << " " << texts[i];
    }
  }
}

TEST(BpeTest, CountsVeryLongWordsInReasonableTime) {
  const auto counter = BpeCounter::Parse(ReadVector("bpe.tiktoken"), BpeSplit::kO200k);
  EXPECT_GT((*counter)->Count(std::string(200'000, 'x')), 10'000);
}

TEST(BpeTest, SaysWhichLineIsNoRank) {
  const auto refused = [](const std::string& ranks) {
    return std::string(BpeCounter::Parse(ranks, BpeSplit::kO200k).status().message());
  };
  EXPECT_EQ(refused("IQ== 0\nx\n"), "has no token and rank in line 2");
  EXPECT_EQ(refused("IQ== -1\n"), "has no token and rank in line 1");
  EXPECT_EQ(refused("IQ== 0\n"), "has no token for the byte 0");
}

}  // namespace
}  // namespace dramatis::inference
