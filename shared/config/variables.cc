#include "shared/config/variables.h"

namespace dramatis {

namespace {

std::vector<CommonVariable> AddressesAndData(const std::string& grpc_addresses,
                                             const std::string& management_addresses) {
  using enum Readers;
  return {
      {{"DRAMATIS_ENVIRONMENT", "local", "local, staging or production"}},
      {{"DRAMATIS_LOG_LEVEL", "info", "debug, info, warning or error"}},
      {{"DRAMATIS_GRPC_ADDRESS", grpc_addresses, "where gRPC is served; port 0 picks one"},
       kServices},
      {{"DRAMATIS_MANAGEMENT_ADDRESS", management_addresses,
        "where /metrics, /livez and /readyz are served; port 0 picks one"}},
      {{"DRAMATIS_ADVERTISED_ADDRESS", "the gRPC address",
        "this process's gRPC address as other replicas reach it"},
       kServices},
      {{"DRAMATIS_DATA_DIR", "./data",
        "the folder of SQLite files, and of what services keep beside them"},
       kServices},
      {{"DATABASE_URL", "SQLite under the data folder",
        "postgresql://...; one schema per service; outside local only as DATABASE_URL_FILE, which "
        "names a file that holds it, or as a reference, file: or aws-secretsmanager:; read again, "
        "so that a password may change"},
       kServices},
      {{"DRAMATIS_DATABASE_ROLE", "",
        "the PostgreSQL role that the service runs as: `migrate`, which runs as the schema's "
        "owner, lets it read and write the rows of each table and nothing else"},
       kServices},
  };
}

std::vector<CommonVariable> HowPeopleSignIn() {
  using enum Readers;
  return {
      {{"DRAMATIS_OIDC_ISSUER", "",
        "whose JWTs are taken (`iss`), as https://id.example.org; outside local it, or a key, is "
        "how anybody comes in; services take JWTs on their own ports where they have it too"}},
      {{"DRAMATIS_OIDC_AUDIENCE", "",
        "one of these must be in `aud` of a JWT, or be its `client_id` or `azp` where it has "
        "none"}},
      {{"DRAMATIS_OIDC_JWKS_URL", "what the issuer's discovery document says",
        "where the issuer's keys are"}},
      {{"DRAMATIS_OIDC_USER_CLAIM", "sub",
        "the claim that is the user's id; a name, or an RFC 6901 pointer, which begins with /"}},
      {{"DRAMATIS_OIDC_ROLES_CLAIM", "cognito:groups,roles,/realm_access/roles,permissions",
        "the claims that list roles, comma-separated"}},
      {{"DRAMATIS_OIDC_ADMIN_ROLE", "admin", "the role that makes an admin"}},
      {{"DRAMATIS_OIDC_SCOPE", "", "a scope that every JWT must have"}},
      {{"DRAMATIS_OIDC_CLIENT_ID", "",
        "whom the issuer knows the page as, a public client without a secret: people sign in "
        "there, by Authorization Code with PKCE; without it they need a key or a token"},
       kFrontends},
      {{"DRAMATIS_OIDC_CLIENT_SCOPE",
        "openid, DRAMATIS_OIDC_SCOPE, and offline_access where the issuer offers it",
        "what the page asks for when people sign in, separated by spaces"},
       kFrontends},
  };
}

std::vector<CommonVariable> HowProgramsTrust() {
  using enum Readers;
  return {
      {{"DRAMATIS_IDENTITY_KEY_FILE", "",
        "the key by which this program proves to others for whom it calls; `dramatis identity new "
        "<folder>` makes it; demanded outside local"},
       kCallers},
      {{"DRAMATIS_IDENTITY_KEYS_FILE", "",
        "the public keys of the programs that call this one; the same command writes them; "
        "demanded outside local"},
       kServices},
      {{"DRAMATIS_GRPC_TLS", "files",
        "how gRPC between programs is encrypted outside local: by the files below, or mesh, where "
        "a service mesh does it"}},
      {{"DRAMATIS_GRPC_TLS_CERTIFICATE_FILE", "",
        "the certificate, in PEM, that this program shows to the others; it names the program, "
        "without `dramatis-`; read again when it changes"}},
      {{"DRAMATIS_GRPC_TLS_KEY_FILE", "", "the private key of that certificate, in PEM"}},
      {{"DRAMATIS_GRPC_TLS_CA_FILE", "",
        "the authorities, in PEM, whose certificates are taken from the others"}},
  };
}

std::vector<CommonVariable> WorkAndElsewhere() {
  using enum Readers;
  return {
      {{"DRAMATIS_DATABASE_CONNECTIONS", "DRAMATIS_WORKERS",
        "most database connections of each service"},
       kServices},
      {{"DRAMATIS_WORKERS", "16", "threads of each service"}},
      {{"DRAMATIS_QUEUE", "1024", "calls that may wait for a thread"}},
      {{"DRAMATIS_QUEUE_DELAY", "100ms",
        "how long calls may wait for a thread where more come than are answered: once all have "
        "waited longer for ten times as long, new ones are refused at once, with OVERLOADED, "
        "whenever the first has"}},
      {{"DRAMATIS_GRPC_KEEPALIVE", "20s",
        "between pings to the other side of an open call; one that is gone is noticed after half "
        "as long again"}},
      {{"DRAMATIS_DRAIN_TIMEOUT", "20s", "how long calls under way may go on at the end"}},
      {{"DRAMATIS_ADMIN_MUTATIONS", "true where the environment is local",
        "admins may migrate and seed databases through the API"},
       kServices},
      {{"AWS_REGION", "",
        "the region of Amazon Bedrock, of buckets and of secrets, as eu-central-1"},
       kServices},
      {{"AWS_ENDPOINT_URL", "Amazon's",
        "another server that speaks AWS' APIs; also AWS_ENDPOINT_URL_S3 for buckets, "
        "AWS_ENDPOINT_URL_SECRETS_MANAGER, AWS_ENDPOINT_URL_STS"},
       kServices},
  };
}

}  // namespace

std::vector<CommonVariable> CommonVariables(const std::string& grpc_addresses,
                                            const std::string& management_addresses) {
  std::vector<CommonVariable> all = AddressesAndData(grpc_addresses, management_addresses);
  for (const auto& more : {HowPeopleSignIn(), HowProgramsTrust(), WorkAndElsewhere()})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace dramatis
