// What persona forgets of a user whose account is deleted: everything but public personas, which
// others have talked with. Those are deleted softly and are nobody's from then on, without picture
// and card. Pictures that are objects go after the transaction. One transaction.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "shared/sql/database.h"

namespace dramatis::persona {

absl::Status ForgetUser(sql::Transaction& tx, const std::string& user_id, absl::Time now);

}  // namespace dramatis::persona
