// Shows /openapi.json in the viewer of this page, and streams while they come in: the viewer itself
// shows an answer at its end, which the events of a conversation do not have.

// What has come in of each stream that runs, by its operation.
const streams = new Map();
const listeners = new Set();
// A stream that nobody stops is stopped here, in characters.
const most = 1_000_000;

function tell(operation, stream) {
  if (stream) streams.set(operation, stream);
  else streams.delete(operation);
  listeners.forEach((listener) => listener());
}

// As fetch; an event stream is shown as it comes in, and is what came in until its end.
async function followed(operation, url, request) {
  const abort = new AbortController();
  const response = await fetch(url, { ...request, signal: abort.signal });
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) return response;
  const stop = () => abort.abort();
  let text = "";
  tell(operation, { text, stop });
  try {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text += part.value;
      tell(operation, { text, stop });
      if (text.length > most) stop();
    }
  } catch (error) {
    if (!abort.signal.aborted) throw error;
  } finally {
    tell(operation);
  }
  return new Response(text, { status: response.status, statusText: response.statusText, headers: response.headers });
}

const operationOf = (path, method) => `${method} ${path}`;

const streaming = (system) => ({
  statePlugins: {
    spec: {
      wrapActions: {
        executeRequest: (execute) => (request) => {
          const operation = operationOf(request.pathName, request.method);
          return execute({ ...request, userFetch: (url, init) => followed(operation, url, init) });
        },
      },
    },
  },
  wrapComponents: {
    responses: (Responses) => {
      const { createElement, Fragment, useSyncExternalStore } = system.React;
      const subscribe = (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      };
      function Stream({ path, method }) {
        const stream = useSyncExternalStore(subscribe, () => streams.get(operationOf(path, method)));
        if (!stream) return null;
        return createElement(
          "div",
          { className: "responses-inner stream" },
          createElement("h4", null, "What has come in"),
          createElement("pre", { className: "microlight" }, stream.text),
          createElement("button", { className: "btn", type: "button", onClick: stream.stop }, "Stop the stream"),
        );
      }
      return (props) =>
        createElement(Fragment, null, createElement(Stream, props), createElement(Responses, props));
    },
  },
});

SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#viewer",
  deepLinking: true,
  validatorUrl: null,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  plugins: [streaming],
});
