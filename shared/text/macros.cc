#include "shared/text/macros.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "shared/text/graphemes.h"
#include "shared/text/text.h"

namespace dramatis {
namespace {

constexpr std::string_view kOpen = "{{";
constexpr std::string_view kClose = "}}";
// What is nested deeper stays as it is.
constexpr int kMostDepth = 16;
constexpr int kMostDice = 100;
constexpr int kMostSides = 1'000'000;

// Where each `{{` that is closed is closed: by its place, that of its `}}`. Of more braces in a
// row, the inner two are meant.
using Closes = absl::flat_hash_map<size_t, size_t>;

Closes FindCloses(std::string_view text) {
  Closes closes;
  std::vector<size_t> open;
  for (size_t i = 0; i + 1 < text.size();) {
    const std::string_view two = text.substr(i, 2);
    if (two == kOpen && (i + 2 == text.size() || text[i + 2] != '{')) {
      open.push_back(i);
      i += 2;
    } else if (two == kClose && !open.empty()) {
      closes[open.back()] = i;
      open.pop_back();
      i += 2;
    } else {
      ++i;
    }
  }
  return closes;
}

// Whether `text` begins with `word`, in any case of ASCII letters.
bool BeginsWith(std::string_view text, std::string_view word) {
  return AsciiLower(text.substr(0, word.size())) == word;
}

// What follows `name` and a colon or white space; nullopt where the macro is another one.
std::optional<std::string_view> Argument(std::string_view macro, std::string_view name) {
  if (!BeginsWith(macro, name) || macro.size() == name.size()) return std::nullopt;
  const char next = macro[name.size()];
  if (next != ':' && next != ' ') return std::nullopt;
  return macro.substr(name.size() + 1);
}

// The choices of an argument: `a,b`, or `:a::b` after the first colon of `::a::b`.
std::vector<std::string> Choices(std::string_view argument) {
  const bool by_colons = argument.starts_with(':');
  if (by_colons) argument.remove_prefix(1);
  const std::string_view mark = by_colons ? "::" : ",";
  std::vector<std::string> choices(1);
  int depth = 0;
  for (size_t i = 0; i < argument.size();) {
    const std::string_view rest = argument.substr(i);
    if (rest.starts_with(kOpen)) ++depth;
    if (rest.starts_with(kClose)) --depth;
    if (depth == 0 && rest.starts_with("\\,")) {
      choices.back() += ',';
      i += 2;
    } else if (depth == 0 && rest.starts_with(mark)) {
      choices.emplace_back();
      i += mark.size();
    } else {
      const size_t length = rest.starts_with(kOpen) || rest.starts_with(kClose) ? 2 : 1;
      choices.back() += rest.substr(0, length);
      i += length;
    }
  }
  return choices;
}

struct Dice {
  int count = 1;
  int sides = 0;
  int more = 0;
};

// `d6`, `2d6`, `2d6+1`, `2d6-1`, `6`.
std::optional<Dice> ReadDice(std::string_view argument) {
  std::string text = AsciiLower(TrimSpace(argument));
  Dice dice;
  if (const size_t sign = text.find_first_of("+-"); sign != std::string::npos) {
    const bool minus = text[sign] == '-';
    if (!absl::SimpleAtoi(text.substr(sign + 1), &dice.more)) return std::nullopt;
    if (minus) dice.more = -dice.more;
    text.resize(sign);
  }
  if (const size_t d = text.find('d'); d != std::string::npos) {
    if (d > 0 && !absl::SimpleAtoi(text.substr(0, d), &dice.count)) return std::nullopt;
    text.erase(0, d + 1);
  }
  if (!absl::SimpleAtoi(text, &dice.sides)) return std::nullopt;
  const bool can_be_thrown = dice.count >= 1 && dice.count <= kMostDice && dice.sides >= 1 &&
                             dice.sides <= kMostSides && std::abs(dice.more) <= kMostSides;
  return can_be_thrown ? std::optional(dice) : std::nullopt;
}

std::string Backwards(std::string_view text) {
  std::string backwards;
  while (!text.empty()) {
    const size_t last = GraphemeFloor(text, text.size() - 1);
    backwards += text.substr(last);
    text.remove_suffix(text.size() - last);
  }
  return backwards;
}

class Expander {
 public:
  explicit Expander(const MacroValues& values) : values_(values) {}

  std::string Expand(std::string_view text, int depth = 0) {
    const Closes closes = depth < kMostDepth ? FindCloses(text) : Closes();
    std::string out;
    for (size_t at = 0; at < text.size();) {
      const size_t next = std::min(text.find_first_of("{<", at), text.size());
      out += text.substr(at, next - at);
      at = next;
      if (at == text.size()) break;
      const auto close = closes.find(at);
      const size_t end = close == closes.end() ? std::string_view::npos : close->second - at;
      at += TakeMacro(text.substr(at), end, depth, out);
    }
    return out;
  }

 private:
  // Appends what stands for the beginning of `text`, whose braces are closed at `end`; the length
  // of what it stands for.
  size_t TakeMacro(std::string_view text, size_t end, int depth, std::string& out) {
    for (const auto& [mark, value] :
         {std::pair<std::string_view, const std::string&>("<bot>", values_.character),
          {"<user>", values_.user}}) {
      if (BeginsWith(text, mark)) {
        out += value;
        return mark.size();
      }
    }
    if (end != std::string_view::npos) {
      const std::string_view macro = text.substr(kOpen.size(), end - kOpen.size());
      if (const auto value = ValueOf(macro, depth)) {
        out += *value;
        return end + kClose.size();
      }
    }
    out += text[0];
    return 1;
  }

  std::optional<std::string> ValueOf(std::string_view macro, int depth) {
    const std::string_view trimmed = TrimSpace(macro);
    constexpr size_t kNameLength = 4;
    if (trimmed.size() == kNameLength && BeginsWith(trimmed, "char")) return values_.character;
    if (trimmed.size() == kNameLength && BeginsWith(trimmed, "user")) return values_.user;
    if (trimmed.starts_with("//") || Argument(trimmed, "comment")) return "";
    if (const auto choices = Argument(trimmed, "random")) {
      return OneOf(Choices(*choices), values_.seed, depth);
    }
    if (const auto choices = Argument(trimmed, "pick")) {
      return OneOf(Choices(*choices), values_.lasting_seed, depth);
    }
    if (const auto dice = Argument(trimmed, "roll")) return Throw(*dice);
    if (const auto text = Argument(trimmed, "reverse")) return Backwards(Expand(*text, depth + 1));
    return std::nullopt;
  }

  std::string OneOf(const std::vector<std::string>& choices, const std::string& seed, int depth) {
    std::mt19937_64 engine = Engine(seed);
    const std::string& chosen = choices[engine() % choices.size()];
    return Expand(TrimSpace(chosen), depth + 1);
  }

  std::optional<std::string> Throw(std::string_view argument) {
    const std::optional<Dice> dice = ReadDice(argument);
    if (!dice.has_value()) return std::nullopt;
    std::mt19937_64 engine = Engine(values_.seed);
    int64_t sum = dice->more;
    for (int i = 0; i < dice->count; ++i)
      sum += static_cast<int64_t>(engine() % static_cast<uint64_t>(dice->sides)) + 1;
    return absl::StrCat(sum);
  }

  // The engine and the way it is seeded are the standard's, to the bit.
  std::mt19937_64 Engine(const std::string& seed) {
    const std::string text = absl::StrCat(seed, "\n", place_++);
    std::seed_seq sequence(text.begin(), text.end());
    return std::mt19937_64(sequence);
  }

  const MacroValues& values_;
  int place_ = 0;  // of the next chance
};

}  // namespace

std::string ExpandMacros(std::string_view text, const MacroValues& values) {
  return Expander(values).Expand(text);
}

bool NamesUser(std::string_view text) {
  // Also where a choice that is not taken names them.
  const std::string lower = AsciiLower(text);
  return lower.find("<user>") != std::string::npos ||
         (lower.find("user") != std::string::npos && lower.find(kOpen) != std::string::npos);
}

}  // namespace dramatis
