#include "shared/metrics/metric_help.h"

#include <map>

namespace dramatis {

std::string MetricHelp(const std::string& name) {
  static const auto& help = *new std::map<std::string, std::string>{
      {"dramatis_embeddings_total", "Memories and questions embedded, by outcome."},
      {"dramatis_first_text_seconds",
       "Seconds from a request to a model provider to the first text of its answer."},
      {"dramatis_http_connections", "HTTP connections that are open now."},
      {"dramatis_http_refused_connections_total",
       "HTTP connections refused because as many as allowed were open."},
      {"dramatis_http_request_duration_seconds",
       "Seconds from an HTTP request's head to the end of its answer, by route."},
      {"dramatis_http_requests_total", "HTTP requests answered, by route, method and status."},
      {"dramatis_identity_key_fetches_total", "Fetches of an issuer's signing keys, by outcome."},
      {"dramatis_job_last_success_timestamp_seconds",
       "When a periodic job last ended well, in seconds since the epoch, by job."},
      {"dramatis_job_runs_total", "Runs of periodic jobs, by job and outcome."},
      {"dramatis_memory_given_up_total",
       "Pieces of conversations that memory was not told of, after every try failed."},
      {"dramatis_memory_jobs_total", "Jobs that told memory of conversations, by outcome."},
      {"dramatis_provider_attempts_total", "Requests to model providers, by provider and outcome."},
      {"dramatis_rpc_duration_seconds", "Seconds that an RPC took, by method."},
      {"dramatis_rpc_requests_total", "RPCs answered, by method and code."},
      {"dramatis_sign_in_failures_total", "Calls of nobody that were refused, by reason."},
      {"dramatis_sse_streams", "Event streams over HTTP that are open now."},
      {"dramatis_streams_open", "Server streams that are open now."},
      {"dramatis_cost_micros_total",
       "Millionths of a US dollar that answers cost, by model and whether their tokens are "
       "estimated."},
      {"dramatis_reservations_total",
       "Reservations of money for calls to models, by what became of them."},
      {"dramatis_tokens_total", "Tokens sent to and received from models, by provider and kind."},
      {"dramatis_turn_duration_seconds", "Seconds that a turn took, from its start to its end."},
      {"dramatis_turn_first_delta_seconds",
       "Seconds from a turn's start to the first words of its answer."},
      {"dramatis_turns_running", "Turns under way in this process now."},
      {"dramatis_turns_total", "Turns that ended, by state."},
  };
  const auto found = help.find(name);
  return found == help.end() ? "" : found->second;
}

}  // namespace dramatis
