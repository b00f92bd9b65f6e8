// Follows one answer to its end, over as many connections as it takes.
//
// Until the turn has a name, the same request is sent again with the same Idempotency-Key; the
// server answers it once. From then on GET /api/turns/{id}/stream goes on behind the last event that
// came, by its id (Last-Event-ID).

import { ApiError, isAbort, problemFrom, send } from './client';
import { readEvents } from './sse';
import type { ChatDone } from './types';

export interface Beginning {
  // Asks for the stream that begins the turn; left out where the turn is known.
  open?: (signal: AbortSignal) => Promise<Response>;
  turnId?: string;
}

export interface Listener {
  // The turn has a name, and the user's message is stored.
  started(turnId: string, userMessageId: string): void;
  // All of the text so far.
  text(text: string): void;
  // Whether the connection is lost; it is being made anew.
  waiting(waiting: boolean): void;
}

const longestWait = 8_000;

// Ends with the answer, with nothing where the turn had ended before (read the history), or with an
// ApiError where it failed for good.
export async function followAnswer(
  beginning: Beginning,
  listener: Listener,
  signal: AbortSignal,
): Promise<ChatDone | undefined> {
  let turnId = beginning.turnId;
  let cursor = '';
  let text = '';
  let failures = 0;
  for (;;) {
    try {
      const response = await open(beginning, turnId, cursor, signal);
      if (response.status === 204) return undefined;
      for await (const event of readEvents(response)) {
        if (failures > 0) listener.waiting(false);
        failures = 0;
        const data = JSON.parse(event.data) as Record<string, unknown>;
        if (event.id) cursor = event.id;
        if (event.name === 'start') {
          text = '';
          turnId = data.turn_id as string;
          listener.started(turnId, data.user_message_id as string);
        } else if (event.name === 'delta') {
          text += data.text as string;
          listener.text(text);
        } else if (event.name === 'reset') {
          text = (data.text as string | undefined) ?? '';
          listener.text(text);
        } else if (event.name === 'done') {
          return data as unknown as ChatDone;
        } else if (event.name === 'error') {
          const problem = (data.problem ?? data) as Record<string, unknown>;
          const error = problemFrom(problem);
          // The server is ending; another one, or the same one started again, goes on.
          if (error.code !== 'UNAVAILABLE') throw new EndedError(error, turnId);
          break;
        }
      }
      signal.throwIfAborted();
    } catch (error) {
      if (error instanceof EndedError) throw error.cause;
      if (isAbort(error)) throw error;
      signal.throwIfAborted();
      if (!isPassing(error)) throw error;
    }
    failures += 1;
    listener.waiting(true);
    await pause(Math.min(longestWait, 250 * 2 ** failures), signal);
  }
}

class EndedError extends Error {
  override readonly cause: ApiError;
  constructor(error: ApiError, turnId?: string) {
    super(error.message);
    this.cause =
      error.turnId || !turnId
        ? error
        : new ApiError(error.status, error.code, error.message, error.errors, undefined, turnId);
  }
}

function open(beginning: Beginning, turnId: string | undefined, cursor: string, signal: AbortSignal) {
  if (turnId === undefined) return beginning.open!(signal);
  const headers: Record<string, string> = { Accept: 'text/event-stream' };
  if (cursor) headers['Last-Event-ID'] = cursor;
  return send(`/api/turns/${turnId}/stream`, { headers, signal });
}

// What goes away by itself: no connection, a proxy without its server, a server that is ending. An
// answer that names a turn is about that turn, and final.
function isPassing(error: unknown): boolean {
  if (!(error instanceof ApiError)) return true;
  if (error.turnId) return false;
  return error.status === 0 || error.status === 503 || (error.status === 502 && error.code.startsWith('HTTP_'));
}

// So long, or until the browser says that it is connected again.
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = () => {
      clearTimeout(timer);
      window.removeEventListener('online', finish);
      signal.removeEventListener('abort', fail);
      resolve();
    };
    const fail = () => {
      clearTimeout(timer);
      window.removeEventListener('online', finish);
      reject(signal.reason);
    };
    const timer = setTimeout(finish, milliseconds);
    window.addEventListener('online', finish);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}
