#include "services/inference/embedding/table.h"

#include <cmath>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/inference/embedding/table_embedder.h"

namespace dramatis::inference {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kVocabulary[] = "play\n##ing\ncafe\n!\n猫\nnurse\n##s\n";

std::string Number(uint32_t number) {
  std::string bytes;
  for (int i = 0; i < 4; ++i)
    bytes += static_cast<char>(number >> (8 * i));
  return bytes;
}

// A table whose row `i` of 7 is (1, 0), but for `nurse`, which is (0, 1).
std::string TableBytes() {
  const std::string one("\x00\x3C", 2);
  const std::string zero("\x00\x00", 2);
  std::string rows;
  for (int i = 0; i < 7; ++i)
    rows += i == 5 ? zero + one : one + zero;
  return "DRTABLE1" + Number(7) + Number(2) + Number(sizeof(kVocabulary) - 1) + kVocabulary + rows;
}

TEST(WordPiecesTest, CutsWordsIntoTheLongestPiecesThatAreKnown) {
  const WordPieces pieces(kVocabulary);
  EXPECT_EQ(pieces.lines(), 7U);
  EXPECT_FALSE(pieces.repeats());
  EXPECT_THAT(pieces.Cut("Playing"), ElementsAre(0, 1));
  EXPECT_THAT(pieces.Cut("play nurses"), ElementsAre(0, 5, 6));
}

TEST(WordPiecesTest, FoldsCaseAndAccentsAndSetsPunctuationAndIdeographsApart) {
  const WordPieces pieces(kVocabulary);
  EXPECT_THAT(pieces.Cut("CAFÉ!"), ElementsAre(2, 3));
  EXPECT_THAT(pieces.Cut("猫猫play"), ElementsAre(4, 4, 0));
}

TEST(WordPiecesTest, LeavesOutWhatItCannotCut) {
  const WordPieces pieces(kVocabulary);
  EXPECT_THAT(pieces.Cut("playground ing "), IsEmpty());
  EXPECT_THAT(pieces.Cut(std::string(500, 'p')), IsEmpty());
  EXPECT_THAT(pieces.Cut("\xff\xfe play"), ElementsAre(0));
}

TEST(TableTest, TakesTheMeanOfThePiecesAtLengthOne) {
  const std::string bytes = TableBytes();
  const absl::StatusOr<Table> table = Table::Parse(bytes);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->dimensions(), 2);
  EXPECT_THAT(table->Embed("play"), ElementsAre(1, 0));
  const float half = std::sqrt(0.5F);
  EXPECT_THAT(table->Embed("play nurse"),
              ElementsAre(FloatNear(half, 1e-6), FloatNear(half, 1e-6)));
  EXPECT_THAT(table->Embed("???"), ElementsAre(0, 0));
  EXPECT_EQ(table->CountPieces("play nurses"), 3);
}

TEST(TableTest, RefusesWhatIsNoTable) {
  const std::string bytes = TableBytes();
  EXPECT_FALSE(Table::Parse("").ok());
  EXPECT_FALSE(Table::Parse("DRTABLE2" + bytes.substr(8)).ok());
  EXPECT_FALSE(Table::Parse(bytes.substr(0, bytes.size() - 1)).ok());
  EXPECT_FALSE(Table::Parse(bytes + "x").ok());
  std::string more_rows = bytes;
  more_rows.replace(8, 4, Number(8));
  EXPECT_FALSE(Table::Parse(more_rows).ok());
  std::string no_dimensions = bytes;
  no_dimensions.replace(12, 4, Number(0));
  EXPECT_FALSE(Table::Parse(no_dimensions).ok());
  // The same piece twice: its row would never be found.
  std::string twice = bytes;
  twice.replace(twice.find("nurse"), 5, "##ing");
  EXPECT_FALSE(Table::Parse(twice).ok());
}

// As many different pieces as rows, but more lines: the number of the last piece's row would lie
// behind the table's end. Found by table_fuzz.cc.
TEST(TableTest, RefusesMorePiecesThanRowsAlsoWhereSomeAreTheSame) {
  const std::string vocabulary = "play\nplay\n##s\n";
  const std::string rows(8, '\x3C');
  const std::string bytes = "DRTABLE1" + Number(2) + Number(2) +
                            Number(static_cast<uint32_t>(vocabulary.size())) + vocabulary + rows;
  EXPECT_THAT(std::string(Table::Parse(bytes).status().message()),
              HasSubstr("another number of pieces"));
}

TEST(TableTest, ReadsHalves) {
  EXPECT_EQ(HalfToFloat(0x3C00), 1.0F);
  EXPECT_EQ(HalfToFloat(0xC000), -2.0F);
  EXPECT_EQ(HalfToFloat(0x3555), 0.333251953125F);
  EXPECT_EQ(HalfToFloat(0x0001), std::ldexp(1.0F, -24));
  EXPECT_EQ(HalfToFloat(0x8000), 0.0F);
  EXPECT_TRUE(std::isinf(HalfToFloat(0x7C00)));
}

TEST(TableEmbedderTest, IsNamedAfterItsContent) {
  const std::string path = testing::TempDir() + "dramatis-test.table";
  std::ofstream(path, std::ios::binary) << TableBytes();
  const auto embedder = OpenTable(path);
  ASSERT_TRUE(embedder.ok()) << embedder.status();
  EXPECT_TRUE((*embedder)->name().starts_with("table/"));
  EXPECT_FALSE((*embedder)->remote());
  absl::StatusOr<Embedded> embedded = absl::UnknownError("not called");
  (*embedder)->Embed({"play", "nurse"}, absl::InfiniteFuture(),
                     [&](absl::StatusOr<Embedded> answer) { embedded = std::move(answer); });
  ASSERT_TRUE(embedded.ok());
  EXPECT_THAT(embedded->vectors, ElementsAre(ElementsAre(1, 0), ElementsAre(0, 1)));
  EXPECT_EQ(embedded->tokens->input_tokens, 2);

  std::ofstream(path, std::ios::binary) << "no table";
  EXPECT_THAT(std::string(OpenTable(path).status().message()), HasSubstr(path));
  EXPECT_FALSE(OpenTable(path + ".absent").ok());
}

}  // namespace
}  // namespace dramatis::inference
