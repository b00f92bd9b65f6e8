#include "services/inference/embedding/table_embedder.h"

#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "services/inference/embedding/table.h"
#include "shared/digest/sha256.h"
#include "shared/status/macros.h"

namespace dramatis::inference {
namespace {

// A file's bytes, mapped.
class MappedFile {
 public:
  static absl::StatusOr<MappedFile> Open(const std::string& path) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat facts{};
    if (file < 0 || fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode) || facts.st_size <= 0) {
      if (file >= 0) close(file);
      return absl::InvalidArgumentError("cannot be read, or is empty");
    }
    const auto size = static_cast<size_t>(facts.st_size);
    void* const bytes = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
    close(file);
    if (bytes == MAP_FAILED) return absl::InvalidArgumentError("cannot be mapped into memory");
    return MappedFile(bytes, size);
  }
  MappedFile(MappedFile&& other) noexcept
      : bytes_(std::exchange(other.bytes_, nullptr)), size_(other.size_) {}
  MappedFile& operator=(MappedFile&&) = delete;
  ~MappedFile() {
    if (bytes_ != nullptr) munmap(bytes_, size_);
  }
  std::string_view bytes() const { return {static_cast<const char*>(bytes_), size_}; }

 private:
  MappedFile(void* bytes, size_t size) : bytes_(bytes), size_(size) {}

  void* bytes_;
  size_t size_;
};

class TableEmbedder : public Embedder {
 public:
  TableEmbedder(MappedFile file, Table table, std::string name)
      : file_(std::move(file)), table_(std::move(table)), name_(std::move(name)) {}

  std::string name() const override { return name_; }
  int dimensions() const override { return table_.dimensions(); }
  Prices prices() const override { return {}; }
  bool remote() const override { return false; }
  void Embed(std::vector<std::string> texts, absl::Time /*deadline*/, Done done) override {
    Embedded embedded;
    embedded.tokens.emplace();
    for (const std::string& text : texts) {
      embedded.vectors.push_back(table_.Embed(text));
      embedded.tokens->input_tokens += table_.CountPieces(text);
    }
    done(std::move(embedded));
  }

 private:
  const MappedFile file_;
  const Table table_;
  const std::string name_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Embedder>> OpenTable(const std::string& path) {
  absl::StatusOr<MappedFile> file = MappedFile::Open(path);
  absl::StatusOr<Table> table =
      file.ok() ? Table::Parse(file->bytes()) : absl::StatusOr<Table>(file.status());
  if (!table.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(path, " ", table.status().message()));
  }
  constexpr size_t kNameBytes = 12;
  std::string name = absl::StrCat("table/", Sha256Hex(file->bytes()).substr(0, kNameBytes));
  return std::make_unique<TableEmbedder>(*std::move(file), *std::move(table), std::move(name));
}

}  // namespace dramatis::inference
