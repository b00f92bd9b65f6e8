#include "services/inference/providers/catalogue.h"

#include <limits>

#include "gtest/gtest.h"

namespace dramatis::inference {
namespace {

TEST(CatalogueTest, KnowsModelsAlsoUnderADatedName) {
  const std::optional<ModelFacts> model = KnownModel("gpt-4o-2024-08-06");
  ASSERT_TRUE(model.has_value());
  EXPECT_EQ(model->name, "gpt-4o-2024-08-06");
  EXPECT_EQ(model->window_tokens, 128'000);
  EXPECT_EQ(model->prices, KnownModel("gpt-4o")->prices);
  EXPECT_FALSE(KnownModel("llama3:8b").has_value());
  EXPECT_FALSE(KnownModel("gpt-4o-realtime").has_value());
}

TEST(CatalogueTest, KnowsADatedModelThatCostsSomethingElse) {
  EXPECT_EQ(KnownModel("gpt-4o-2024-05-13")->prices, (Prices{5, 15, 0}));
}

TEST(CatalogueTest, ReadsASpecWithWindowAndPrices) {
  const absl::StatusOr<ModelFacts> model = ParseModelSpec("llama3.1:8b@8192@0.05/0.08/0.01");
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->name, "llama3.1:8b");
  EXPECT_EQ(model->window_tokens, 8192);
  EXPECT_EQ(model->prices, (Prices{0.05, 0.08, 0.01}));
}

TEST(CatalogueTest, TakesWhatTheSpecLeavesOutFromTheCatalogue) {
  EXPECT_EQ(ParseModelSpec("gpt-4o-mini")->window_tokens, 128'000);
  EXPECT_EQ(ParseModelSpec("gpt-4o-mini@9000")->prices, KnownModel("gpt-4o-mini")->prices);
  EXPECT_EQ(ParseModelSpec("mystery")->window_tokens, kUnknownWindow);
}

TEST(CatalogueTest, TakesNamesWithSlashesAndAtSigns) {
  EXPECT_EQ(ParseModelSpec("@cf/meta/llama-3@4096")->name, "@cf/meta/llama-3");
  EXPECT_EQ(ParseModelSpec("@cf/meta/llama-3")->name, "@cf/meta/llama-3");
  EXPECT_EQ(ParseModelSpec("meta-llama/Llama-3-8B@4096@1/2")->name, "meta-llama/Llama-3-8B");
}

TEST(CatalogueTest, RefusesAMalformedSpec) {
  for (const char* const spec : {"", "a@", "a@many", "a@10", "a@8192@1", "a@8192@1/x",
                                 "a@8192@1/-2", "a@8192@1/2/3/4", "a@8192@nan/1"}) {
    EXPECT_FALSE(ParseModelSpec(spec).ok()) << spec;
  }
}

TEST(CatalogueTest, CountsCostInMillionthsOfADollar) {
  const Prices prices = {.input = 0.15, .output = 0.60, .cached = 0.075};
  EXPECT_EQ(CostMicros(prices, {.input_tokens = 1000, .output_tokens = 100, .cached_tokens = 0}),
            210);
  EXPECT_EQ(CostMicros(prices, {.input_tokens = 1000, .output_tokens = 100, .cached_tokens = 400}),
            180);
  EXPECT_EQ(CostMicros({}, {.input_tokens = 1000, .output_tokens = 100, .cached_tokens = 0}), 0);
}

TEST(CatalogueTest, TakesTheInputPriceForCachedTokensWhereNoneIsKnown) {
  EXPECT_EQ(CostMicros({.input = 1, .output = 0, .cached = 0},
                       {.input_tokens = 10, .output_tokens = 0, .cached_tokens = 10}),
            10);
}

// As Anthropic bills: what is read from the cache costs a tenth, what is written a quarter more.
TEST(CatalogueTest, CostsWhatWasWrittenToACacheAtItsOwnPrice) {
  const Prices prices = {.input = 3, .output = 15, .cached = 0.3, .written = 3.75};
  EXPECT_EQ(CostMicros(prices, {.input_tokens = 3000,
                                .output_tokens = 100,
                                .cached_tokens = 1000,
                                .written_tokens = 1000}),
            3000 + 300 + 3750 + 1500);
}

TEST(CatalogueTest, TakesTheInputPriceForWrittenTokensWhereNoneIsKnown) {
  EXPECT_EQ(CostMicros({.input = 2}, {.input_tokens = 10, .written_tokens = 4}), 20);
}

TEST(CatalogueTest, CountsMoreThan32BitsHold) {
  constexpr int kMost = std::numeric_limits<int>::max();
  EXPECT_EQ(CostMicros({.input = 1000, .output = 1000},
                       {.input_tokens = kMost, .output_tokens = kMost}),
            int64_t{2000} * kMost);
}

}  // namespace
}  // namespace dramatis::inference
