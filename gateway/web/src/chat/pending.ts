// What this browser knows of answers under way, so that a reload, or another tab, goes on with them:
// by session, the request that may be sent again with its key, and the turn once it has a name.

export interface Pending {
  sessionId: string;
  // The request and its Idempotency-Key; none where only the turn is known.
  key?: string;
  path?: string;
  body?: { message?: string; session_id?: string; persona_id?: string; stream: true };
  turnId?: string;
  // The answer that is made anew: not shown meanwhile.
  replaces?: string;
  time: number;
}

const prefix = 'dramatis.pending.';
const longest = 15 * 60_000;

export function savePending(pending: Pending) {
  try {
    localStorage.setItem(prefix + pending.sessionId, JSON.stringify(pending));
  } catch {
    // Without a store a reload finds the answer in the history.
  }
}

export function loadPending(sessionId: string): Pending | undefined {
  try {
    const text = localStorage.getItem(prefix + sessionId);
    if (!text) return undefined;
    const pending = JSON.parse(text) as Pending;
    if (Date.now() - pending.time < longest) return pending;
    localStorage.removeItem(prefix + sessionId);
  } catch {
    // As above.
  }
  return undefined;
}

export function dropPending(sessionId: string) {
  try {
    localStorage.removeItem(prefix + sessionId);
  } catch {
    // As above.
  }
}

// Tells the other tabs of this browser that something happened in a session.
const channel = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('dramatis');

export function tellTabs(sessionId: string) {
  channel?.postMessage(sessionId);
}

export function onTabs(listener: (sessionId: string) => void): () => void {
  const take = (event: MessageEvent) => listener(String(event.data));
  channel?.addEventListener('message', take);
  return () => channel?.removeEventListener('message', take);
}
