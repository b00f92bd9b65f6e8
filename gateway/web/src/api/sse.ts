// Reads `text/event-stream` (https://html.spec.whatwg.org/multipage/server-sent-events.html) out of
// a response: EventSource can send neither a body nor a token.

export interface ServerEvent {
  name: string;
  id: string;
  data: string;
}

// The events until the connection ends, by itself or by force: that it has is no error here, since
// whoever follows something goes on until its last event.
export async function* readEvents(response: Response): AsyncGenerator<ServerEvent> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  let event: ServerEvent = { name: 'message', id: '', data: '' };
  let hasData = false;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      rest += value;
      const lines = rest.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop()!;
      for (const line of lines) {
        if (line === '') {
          if (hasData) yield event;
          event = { name: 'message', id: '', data: '' };
          hasData = false;
          continue;
        }
        const colon = line.indexOf(':');
        const field = colon < 0 ? line : line.slice(0, colon);
        const text = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
        if (field === 'event') event.name = text;
        else if (field === 'id') event.id = text;
        else if (field === 'data') {
          event.data = hasData ? `${event.data}\n${text}` : text;
          hasData = true;
        }
      }
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}
