// What a turn does with text, each part beside a peer that does less: counting tokens beside
// counting code points, packing a prompt beside copying it, appending to a live text and following
// it beside appending to a string under a lock, cutting a question into words beside splitting at
// spaces.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "benchmark/benchmark.h"
#include "services/inference/prompt/packing.h"
#include "services/inference/prompt/tokens.h"
#include "shared/live_text/live_text.h"
#include "shared/text/text.h"
#include "shared/text/words.h"

namespace dramatis {
namespace {

constexpr char kQuestion[] = "What do you work on these days, and does the engine still hum?";
constexpr int kDeltas = 1024;

std::string Biography(size_t bytes) {
  std::string text;
  while (text.size() < bytes) {
    absl::StrAppend(&text, "I was born in London in 1815, and have kept company with engines. ");
  }
  return text;
}

void TokenCounting(benchmark::State& state) {
  const std::string text = Biography(10'000);
  for ([[maybe_unused]] auto _ : state)
    benchmark::DoNotOptimize(inference::EstimateTokens(text));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}
BENCHMARK(TokenCounting);

void TokenCountingPeerCodePoints(benchmark::State& state) {
  const std::string text = Biography(10'000);
  for ([[maybe_unused]] auto _ : state)
    benchmark::DoNotOptimize(CodePoints(text));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}
BENCHMARK(TokenCountingPeerCodePoints);

// A persona of 10 kB, ten memories, a history of 100 messages.
struct Prompt {
  inference::Parts parts;
  inference::Messages messages;

  Prompt() {
    AddPart(prompt::v1::PART_KIND_BIOGRAPHY, Biography(10'000));
    for (int i = 0; i < 10; ++i)
      AddPart(prompt::v1::PART_KIND_MEMORY, "Likes tea with milk.");
    for (int i = 0; i < 100; ++i) {
      prompt::v1::PromptMessage& message = *messages.Add();
      message.set_role(i % 2 == 0 ? prompt::v1::ROLE_ASSISTANT : prompt::v1::ROLE_USER);
      message.set_text(kQuestion);
      message.set_message_id(absl::StrCat("m", i));
      message.set_sequence(i + 1);
    }
  }

  void AddPart(prompt::v1::PartKind kind, const std::string& text) {
    prompt::v1::PromptPart& part = *parts.Add();
    part.set_kind(kind);
    part.set_text(text);
  }
};

void Packing(benchmark::State& state) {
  const Prompt prompt;
  const inference::PackingLimits limits = {.window_tokens = 8192, .output_tokens = 1024};
  if (!inference::Pack(prompt.parts, prompt.messages, limits).ok()) {
    state.SkipWithError("does not fit");
  }
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(inference::Pack(prompt.parts, prompt.messages, limits));
  }
}
BENCHMARK(Packing);

void PackingPeerCopy(benchmark::State& state) {
  const Prompt prompt;
  for ([[maybe_unused]] auto _ : state) {
    inference::Parts parts = prompt.parts;
    inference::Messages messages = prompt.messages;
    benchmark::DoNotOptimize(parts);
    benchmark::DoNotOptimize(messages);
  }
}
BENCHMARK(PackingPeerCopy);

// A reply of 1,024 deltas with a follower that reads after each.
void LiveTextFollowing(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) {
    LiveText live(1);
    LiveCursor cursor{1, 0};
    const int listener = live.Listen([] {});
    for (int i = 0; i < kDeltas; ++i) {
      live.Append("word ");
      LiveText::Read read = live.ReadFrom(cursor);
      cursor = read.cursor;
      benchmark::DoNotOptimize(read.text);
    }
    live.Finish(absl::OkStatus());
    live.Unlisten(listener);
  }
  state.SetItemsProcessed(state.iterations() * kDeltas);
}
BENCHMARK(LiveTextFollowing);

void LiveTextFollowingPeerString(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) {
    absl::Mutex mutex;
    std::string text;
    size_t offset = 0;
    for (int i = 0; i < kDeltas; ++i) {
      {
        const absl::MutexLock lock(&mutex);
        text += "word ";
      }
      const absl::MutexLock lock(&mutex);
      std::string piece = text.substr(offset);
      offset = text.size();
      benchmark::DoNotOptimize(piece);
    }
  }
  state.SetItemsProcessed(state.iterations() * kDeltas);
}
BENCHMARK(LiveTextFollowingPeerString);

void SearchWords(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state)
    benchmark::DoNotOptimize(QueryWords(kQuestion));
}
BENCHMARK(SearchWords);

void SearchWordsPeerSplit(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) {
    std::vector<std::string> words = absl::StrSplit(kQuestion, ' ');
    benchmark::DoNotOptimize(words);
  }
}
BENCHMARK(SearchWordsPeerSplit);

}  // namespace
}  // namespace dramatis
