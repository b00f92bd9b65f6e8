// Rows of usage as others see them. Pure functions.
#pragma once

#include <string>

#include "dramatis/prompt/v1/prompt.pb.h"

#include "services/inference/catalogue/catalogue.h"
#include "services/inference/usage/store.h"

namespace dramatis::inference {

// A cost over what the message holds is the most it holds.
prompt::v1::Usage ToMessage(const UsageRow& row);

// Names prices, so that a row says by which it was counted: `2.5/10/1.25/0`, US dollars for a
// million tokens of prompt, answer, cached and written ones.
std::string PricesText(const Prices& prices);

}  // namespace dramatis::inference
