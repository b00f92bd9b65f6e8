// A static table of vectors: a row for each piece of a word. A text's vector is the mean of its
// pieces' rows, at length 1. Made by make_table.py; nothing is asked of anybody.
//
//   absl::StatusOr<Table> table = Table::Parse(bytes);
//   const Vector vector = table->Embed("I am a nurse.");
//
// The file: the eight bytes `DRTABLE1`; rows, components and bytes of the vocabulary, each as 32
// bits, little endian; the vocabulary, a line for each row; the rows, each component as an IEEE 754
// half, little endian.
//
// Immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "services/inference/embedding/embedder.h"

namespace dramatis::inference {

// The pieces of a text as WordPiece cuts them (Devlin et al., BERT, 2019, and its reference
// tokenizer): lower case without accents, punctuation and ideographs each alone, then of each word
// the longest piece that is known, again and again; pieces within a word begin with `##`. A word
// that cannot be cut so is left out.
class WordPieces {
 public:
  // Lines of the vocabulary, which outlives it.
  explicit WordPieces(std::string_view vocabulary);
  // Numbers of rows, in the text's order.
  std::vector<int> Cut(std::string_view text) const;
  // Lines, each the number of a row, whatever is written on it.
  size_t lines() const { return lines_; }
  // Some line says what an earlier one says: its row is never found.
  bool repeats() const { return pieces_.size() != lines_; }

 private:
  void CutWord(std::string_view word, std::vector<int>& ids) const;

  absl::flat_hash_map<std::string_view, int> pieces_;
  size_t lines_ = 0;
};

class Table {
 public:
  // `bytes` outlives the table. INVALID_ARGUMENT, which says what is wrong.
  static absl::StatusOr<Table> Parse(std::string_view bytes);

  int dimensions() const { return dimensions_; }
  Vector Embed(std::string_view text) const;
  // How many pieces were counted.
  int CountPieces(std::string_view text) const;

 private:
  Table(WordPieces pieces, std::string_view rows, int dimensions)
      : pieces_(std::move(pieces)), rows_(rows), dimensions_(dimensions) {}

  WordPieces pieces_;
  std::string_view rows_;
  int dimensions_;
};

// The number that the 16 bits of an IEEE 754 half mean.
float HalfToFloat(uint16_t half);

}  // namespace dramatis::inference
