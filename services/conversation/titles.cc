#include "services/conversation/titles.h"

#include <string_view>

#include "shared/text/text.h"

namespace dramatis::conversation {
namespace {

constexpr size_t kTitleLength = 60;
constexpr size_t kPreviewLength = 120;

bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

}  // namespace

std::string TitleOf(const std::string& message) {
  std::string collapsed;
  for (const char c : TrimSpace(message)) {
    if (!IsSpace(c)) {
      collapsed += c;
    } else if (!collapsed.empty() && collapsed.back() != ' ') {
      collapsed += ' ';
    }
  }
  return std::string(TrimSpace(FirstCodePoints(collapsed, kTitleLength)));
}

std::string PreviewOf(const std::string& message) {
  return std::string(FirstCodePoints(message, kPreviewLength));
}

}  // namespace dramatis::conversation
