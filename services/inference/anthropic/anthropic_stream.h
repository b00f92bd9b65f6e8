// Reads the answer of Anthropic's Messages API
// (https://platform.claude.com/docs/en/build-with-claude/streaming): what its events mean. How they
// come: providers/answer_stream.h. Only text is said, never what the model thinks or calls. Not
// thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "services/inference/providers/answer_stream.h"

namespace dramatis::inference {

class AnthropicStream : public AnswerStream {
 private:
  void ReadObject(const boost::json::object& event, std::string& text) override;
  void ReadMessage(const boost::json::object& message, std::string& text);
  void ReadBlock(const boost::json::object& block, std::string& text);
  void ReadStop(std::string_view reason, std::string& text);
  void ReadUsage(const boost::json::object& usage);

  // As the API counts: what was read from and written to the cache stands beside the input.
  int fresh_input_ = 0;
  int cached_input_ = 0;
  int written_input_ = 0;
  int output_ = 0;
};

}  // namespace dramatis::inference
