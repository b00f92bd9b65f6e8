#include "services/inference/catalogue/vocabularies.h"

#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::inference {
namespace {

using testing::HasSubstr;

TEST(VocabulariesTest, KnowsAModelsVocabularyByItsName) {
  const std::filesystem::path source(DRAMATIS_SOURCE_DIR
                                     "/services/inference/prompt/vectors/bpe.tiktoken");
  const std::string path = testing::TempDir() + "/o200k_base.tiktoken";
  std::filesystem::copy_file(source, path, std::filesystem::copy_options::overwrite_existing);
  Vocabularies vocabularies;
  EXPECT_EQ(vocabularies.Of("gpt-4o"), nullptr);
  ASSERT_TRUE(vocabularies.Read(path).ok());
  for (const char* const name : {"gpt-4o-mini", "gpt-6-luna", "o3-mini", "openai/gpt-oss-120b"}) {
    EXPECT_NE(vocabularies.Of(name), nullptr) << name;
  }
  for (const char* const name : {"gpt-4-turbo", "llama3", "o", ""}) {
    EXPECT_EQ(vocabularies.Of(name), nullptr) << name;
  }
}

TEST(VocabulariesTest, SaysWhatAFileLacks) {
  Vocabularies vocabularies;
  EXPECT_THAT(std::string(vocabularies.Read("/tmp/p50k_base.tiktoken").message()),
              HasSubstr("must name files"));
  EXPECT_THAT(std::string(vocabularies.Read("/nowhere/o200k_base.tiktoken").message()),
              HasSubstr("cannot be used: cannot read "));
  const std::string path = testing::TempDir() + "/cl100k_base.tiktoken";
  std::ofstream(path, std::ios::trunc) << "no table";
  EXPECT_THAT(std::string(vocabularies.Read(path).message()), HasSubstr("in line 1"));
}

}  // namespace
}  // namespace dramatis::inference
