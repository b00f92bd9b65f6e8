// How often a question finds the memory that answers it among the first five, by words alone and by
// words and meaning, and how long a recall takes where a user has 10,000 memories: the stores and
// rules of memory themselves, on SQLite, or on PostgreSQL where a URL is given.
//
//   recall-bench <pairs.tsv> <table file> [postgresql://...]
//
// Prints one JSON object.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "embedded/memory_migrations.h"
#include "services/inference/embedding/table_embedder.h"
#include "services/memory/memories/meanings.h"
#include "services/memory/memories/recall.h"
#include "services/memory/sql/embeddings.h"
#include "services/memory/sql/store.h"
#include "shared/text/words.h"

namespace dramatis::memory {
namespace {

constexpr int kFirst = 5;
constexpr int kMany = 10'000;
constexpr int kRounds = 50;

struct Pair {
  std::string memory;
  std::string question;
};

std::vector<Pair> ReadPairs(const std::string& path) {
  std::ifstream file(path);
  std::vector<Pair> pairs;
  for (std::string line; std::getline(file, line);) {
    const size_t tab = line.find('\t');
    if (tab != std::string::npos) pairs.push_back({line.substr(0, tab), line.substr(tab + 1)});
  }
  return pairs;
}

// Inference's part, without the way there.
class TablePeer : public InferencePeer {
 public:
  explicit TablePeer(inference::Embedder& embedder) : embedder_(embedder) {}
  absl::StatusOr<inference::v1::RunTaskResponse> RunTask(
      const CallContext&, const inference::v1::RunTaskRequest&) override {
    return absl::UnimplementedError("no tasks here");
  }
  absl::StatusOr<inference::v1::EmbedResponse> Embed(const CallContext&,
                                                     const inference::v1::EmbedRequest& request,
                                                     absl::Duration) override {
    inference::v1::EmbedResponse response;
    response.set_embedder(embedder_.name());
    embedder_.Embed({request.texts().begin(), request.texts().end()}, absl::InfiniteFuture(),
                    [&](absl::StatusOr<inference::Embedded> embedded) {
                      for (const inference::Vector& vector : embedded->vectors)
                        response.add_embeddings()->mutable_values()->Add(vector.begin(),
                                                                         vector.end());
                    });
    return response;
  }

 private:
  inference::Embedder& embedder_;
};

double CpuMillis() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto millis = [](const timeval& time) {
    return 1e3 * static_cast<double>(time.tv_sec) + 1e-3 * static_cast<double>(time.tv_usec);
  };
  return millis(used.ru_utime) + millis(used.ru_stime);
}

void Check(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << status << "\n";
  std::_Exit(1);
}

void Add(SqlStore& store, IdSource& ids, const std::string& user, const std::string& content) {
  CallContext call;
  call.identity.user_id = user;
  v1::CreateMemoryRequest request;
  request.mutable_memory()->set_content(content);
  MemoryRow row;
  row.user_id = user;
  row.memory_id = ids.NewId();
  row.content = content;
  Check(store.Create(call, request, row, v1::Memory(), kMany + 1).status());
}

MemorySearch SearchOf(const std::string& user, const std::string& question) {
  MemorySearch search;
  search.user_id = user;
  search.words = QueryWords(question);
  search.limit = 50;
  return search;
}

bool IsAmongFirst(const std::vector<ScoredMemory>& found, const std::string& content) {
  const auto end = found.begin() + std::min<std::ptrdiff_t>(std::ssize(found), kFirst);
  return std::any_of(found.begin(), end,
                     [&](const ScoredMemory& one) { return one.memory.content == content; });
}

// How many of the questions find their memory among the first.
struct Found {
  int by_words = 0;
  int hybrid = 0;
};

Found Ask(SqlStore& store, Meanings& meanings, const std::vector<Pair>& pairs) {
  Found found;
  for (const Pair& pair : pairs) {
    const MemorySearch search = SearchOf("ann", pair.question);
    auto matches = store.Search(search);
    Check(matches.status());
    found.by_words += IsAmongFirst(*matches, pair.memory) ? 1 : 0;
    auto fused = meanings.Fuse(CallContext(), search, pair.question, *std::move(matches));
    Check(fused.status());
    found.hybrid += IsAmongFirst(*fused, pair.memory) ? 1 : 0;
  }
  return found;
}

// What a recall among many memories takes: the processor's time of one, and how long each took.
struct Times {
  double cpu = 0;
  std::vector<double> millis;  // the shortest first
};

Times TimeRecalls(SqlStore& store, Meanings& meanings, const std::vector<Pair>& pairs) {
  Recall recall(
      store, [](const std::string&) { return std::vector<GoalBrief>(); },
      [&](const CallContext& call, const MemorySearch& search, const std::string& question,
          std::vector<ScoredMemory> matches) {
        return meanings.Fuse(call, search, question, std::move(matches));
      });
  Times times;
  times.millis.reserve(kRounds);
  const double cpu_before = CpuMillis();
  for (int i = 0; i < kRounds; ++i) {
    v1::RecallRequest request;
    request.set_user_id("bob");
    request.set_query(pairs[static_cast<size_t>(i) * 7 % pairs.size()].question);
    request.set_budget_bytes(8000);
    const auto begun = std::chrono::steady_clock::now();
    Check(recall.ForTurn(CallContext(), request).status());
    times.millis.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun)
            .count());
  }
  times.cpu = (CpuMillis() - cpu_before) / kRounds;
  std::sort(times.millis.begin(), times.millis.end());
  return times;
}

int Run(const std::string& pairs_file, const std::string& table_file, const std::string& url) {
  const std::vector<Pair> pairs = ReadPairs(pairs_file);
  auto embedder = inference::OpenTable(table_file);
  Check(embedder.status());
  std::string folder = (std::filesystem::temp_directory_path() / "recall-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return 1;
  const std::string schema = absl::StrCat("recall_bench_", getpid());
  auto database = sql::Database::Open(
      {.url = url.empty() ? folder + "/memory.db" : url, .schema = url.empty() ? "" : schema});
  Check(database.status());
  Check((*database)->Migrate(embedded::memory_migrations()).status());
  SystemClock clock;
  UuidV7Source ids(clock);
  SqlStore store(**database, clock);
  SqlEmbeddingStore vectors(**database);
  TablePeer peer(**embedder);
  const std::unique_ptr<Logger> logger = MakeSilentLogger();
  Metrics metrics;
  Meanings meanings({vectors, peer, clock, ids, *logger, metrics});
  for (const Pair& pair : pairs)
    Add(store, ids, "ann", pair.memory);
  for (int i = 0; i < kMany; ++i)
    Add(store, ids, "bob",
        absl::StrCat(pairs[i % pairs.size()].memory, " Noted as number ", i, "."));
  Check(meanings.MakePending([] { return false; }));
  if (!url.empty()) {
    // As the server does by itself within a minute.
    Check((*database)->Write([](sql::Transaction& tx) -> absl::Status {
      const absl::Status analyzed = tx.ExecuteText("analyze", {}).status();
      if (!analyzed.ok()) return analyzed;
      return tx.ExecuteText("select gin_clean_pending_list('memories_search')", {}).status();
    }));
  }

  const Found found = Ask(store, meanings, pairs);
  const Times times = TimeRecalls(store, meanings, pairs);
  std::cout << "{\"pairs\": " << pairs.size() << ", \"by_words\": " << found.by_words
            << ", \"hybrid\": " << found.hybrid << ", \"memories\": " << kMany
            << ", \"recall_cpu_ms\": " << times.cpu
            << ", \"recall_ms_median\": " << times.millis[kRounds / 2]
            << ", \"recall_ms_p95\": " << times.millis[kRounds * 95 / 100] << "}\n";
  if (!url.empty()) {
    Check((*database)->Write([&](sql::Transaction& tx) {
      return tx.ExecuteText(absl::StrCat("drop schema \"", schema, "\" cascade"), {}).status();
    }));
  }
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace dramatis::memory

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: recall-bench <pairs.tsv> <table file> [postgresql://...]\n";
    return 2;
  }
  return dramatis::memory::Run(argv[1], argv[2], argc > 3 ? argv[3] : "");
}
