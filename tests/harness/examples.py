"""In which order the examples of /openapi.json work, on a deployment that nothing is in yet."""

import base64

# What is sent where the body is a picture; /docs has no file to send.
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==")
# What the sample data do not have: a turn, a message that a model wrote, a share, an issuer, a job.
NOT_THERE = {"GetTurn_get", "StreamTurn_get", "CancelTurn_post", "RetryTurn_post",
             "RegenerateTurn_post", "ListAlternatives_get", "SelectAlternative_post",
             "DeleteShare_delete", "GetShared_get", "GetMessagePrompt_get", "ExchangeToken_post",
             "RevokeToken_post",
             "GetImport_get", "GetExport_get", "GetExportArchive_get"}
# Has no end.
ENDLESS = "StreamEvents_get"
# The sample data come first; some need what others take away.
FIRST = ["SeedDatabase_post", "Chat_post"]
LAST = ["LeaveConversation_post", "JoinConversation_post", "EndSession_post",
        "CloseConversation_post", "CreateImport_post", "DeleteAccount_delete"]
VERBS = ["post", "put", "patch", "get", "delete"]


def place(name):
    """Where among those of its verb an operation is tried."""
    return (FIRST + [None] + LAST).index(name if name in FIRST + LAST else None)


def operations(document):
    """(verb, path, operation) of the whole document."""
    found = [(verb, path, operation) for path, methods in document["paths"].items()
             for verb, operation in methods.items()]
    return sorted(found, key=lambda entry: (VERBS.index(entry[0]), place(entry[2]["operationId"])))


def expected(name):
    """The statuses that an example may have."""
    return {404} if name in NOT_THERE else {200, 201, 202, 204}


def kind_of_body(operation):
    """The first kind of file that an operation takes, where it takes no JSON."""
    content = operation.get("requestBody", {}).get("content", {})
    return None if not content or "application/json" in content else next(
        (kind for kind in content if kind.endswith("/png")), None)
