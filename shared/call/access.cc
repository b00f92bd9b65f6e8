#include "shared/call/access.h"

#include <algorithm>
#include <vector>

#include "dramatis/identity/v1/errors.pb.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "shared/status/errors.h"

namespace dramatis {

absl::Status InsufficientScopeError(const std::string& scope) {
  return Error(absl::StatusCode::kPermissionDenied, identity::v1::ERROR_REASON_INSUFFICIENT_SCOPE,
               absl::StrCat("this takes the scope ", scope), {{"scope", scope}});
}

absl::Status CheckAccess(const Identity& identity, const MethodAccess& method) {
  // In one process there is nobody to tell apart.
  if (!identity.caller.empty() &&
      !std::binary_search(method.callers.begin(), method.callers.end(), identity.caller)) {
    return PermissionError(absl::StrCat("the program ", identity.caller, " may not call this"));
  }
  Scopes missing = method.scopes;
  missing.Remove(identity.scopes);
  if (!missing.empty()) return InsufficientScopeError(absl::StrJoin(missing.Names(), " "));
  switch (method.access) {
    case options::v1::ACCESS_ADMIN:
      if (identity.IsAdmin()) return absl::OkStatus();
      return PermissionError("only an admin may do this");
    case options::v1::ACCESS_INTERNAL:
      if (identity.IsAdmin() || identity.role == AccessRole::kService) return absl::OkStatus();
      return PermissionError("only services of this deployment may do this");
    default:
      return absl::OkStatus();  // owners are told apart where the resource is read
  }
}

absl::Status CheckPersona(const Identity& identity, const std::string& persona_id) {
  if (identity.MayUsePersona(persona_id)) return absl::OkStatus();
  return PermissionError("the key is not for this persona");
}

absl::Status CheckPersonaFields(const Identity& identity,
                                const google::protobuf::Message& request) {
  const google::protobuf::Reflection& reflection = *request.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection.ListFields(request, &fields);
  for (const google::protobuf::FieldDescriptor* const field : fields) {
    const bool text = field->type() == google::protobuf::FieldDescriptor::TYPE_STRING;
    const bool message = field->type() == google::protobuf::FieldDescriptor::TYPE_MESSAGE;
    if (!message && !(text && (field->name() == "persona_id" || field->name() == "persona_ids"))) {
      continue;
    }
    const int size = field->is_repeated() ? reflection.FieldSize(request, field) : 1;
    for (int i = 0; i < size; ++i) {
      absl::Status status;
      if (message) {
        status = CheckPersonaFields(identity, field->is_repeated()
                                                  ? reflection.GetRepeatedMessage(request, field, i)
                                                  : reflection.GetMessage(request, field));
      } else {
        status = CheckPersona(identity, field->is_repeated()
                                            ? reflection.GetRepeatedString(request, field, i)
                                            : reflection.GetString(request, field));
      }
      if (!status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

}  // namespace dramatis
