// Reads the answer of a server that speaks OpenAI's chat completions
// (https://platform.openai.com/docs/api-reference/chat-streaming): what its chunks mean. How they
// come: providers/answer_stream.h. Not thread-safe.
#pragma once

#include <string>

#include "services/inference/providers/answer_stream.h"

namespace dramatis::inference {

class OpenAiStream : public AnswerStream {
 private:
  void ReadObject(const boost::json::object& chunk, std::string& text) override;
  void ReadChoice(const boost::json::object& choice, std::string& text);
  void ReadMessage(const boost::json::object& message, std::string& text);
};

}  // namespace dramatis::inference
