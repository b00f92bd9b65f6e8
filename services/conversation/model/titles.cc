#include "services/conversation/model/titles.h"

#include "shared/text/graphemes.h"
#include "shared/text/names.h"

namespace dramatis::conversation {
namespace {

constexpr size_t kTitleLength = 60;
constexpr size_t kPreviewLength = 120;

}  // namespace

std::string TitleOf(const std::string& message) {
  const std::string line = OneLineOf(WithoutInvisible(message));
  return OneLineOf(FirstGraphemes(line, kTitleLength));
}

std::string PreviewOf(const std::string& message) {
  return std::string(FirstGraphemes(message, kPreviewLength));
}

}  // namespace dramatis::conversation
