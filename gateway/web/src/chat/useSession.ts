// A session's messages, page by page from the newest back, and the answer that is being made.

import { useCallback, useEffect, useRef, useState } from 'react';
import { ApiError, isAbort, newId, request, send, withQuery } from '../api/client';
import { followAnswer, pause } from '../api/follow';
import type { ChatDone, Message, Session } from '../api/types';
import { dropPending, loadPending, onTabs, savePending, tellTabs, type Pending } from './pending';

export interface Answer {
  turnId?: string;
  text: string;
  // The connection is lost and being made anew.
  waiting: boolean;
  stopping: boolean;
  // The message that it is to stand instead of.
  replaces?: string;
}

export interface Failure {
  error: ApiError;
  // What was said, to be said again where it was not stored, and to whom where that begins a session.
  message?: string;
  personaId?: string;
  turnId?: string;
}

export interface SessionState {
  // Of the messages that are there already.
  loading: boolean;
  loadError?: ApiError;
  session?: Session;
  // By sequence; those not stored yet have sequence 0 and stand at the end.
  messages: Message[];
  hasOlder: boolean;
  loadingOlder: boolean;
  answer?: Answer;
  failure?: Failure;
  // The last answer that came to its end here, for those who hear the page.
  announcement?: string;
}

// What a persona says first, until it is read from the server.
export const openingId = 'opening';

const pageSize = 50;
const olderSize = 100;
const empty: SessionState = { loading: false, messages: [], hasOlder: false, loadingOlder: false };

interface HistoryPage {
  messages: Message[];
  next_page_token?: string;
}

function historyPath(sessionId: string, size: number, token?: string) {
  return withQuery(`/api/chat/history/${encodeURIComponent(sessionId)}`, {
    order: 'desc',
    page_size: size,
    page_token: token,
  });
}

// Those of `known` and `read`, each once, in order. Another answer to the same message has the place
// of the one before.
export function merge(known: Message[], read: Message[]): Message[] {
  const placeOf = (message: Message) => message.sequence || message.message_id;
  const byPlace = new Map(known.map((message) => [placeOf(message), message]));
  for (const message of read) byPlace.set(placeOf(message), message);
  return [...byPlace.values()].sort(
    (a, b) => (a.sequence || Number.MAX_SAFE_INTEGER) - (b.sequence || Number.MAX_SAFE_INTEGER),
  );
}

function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(0, 'NO_CONNECTION', String(error));
}

export interface UseSession extends SessionState {
  // Says something. A session that is not there yet begins under this id, with this persona, and with
  // what it says first.
  say(message: string, personaId?: string, opening?: string): void;
  stop(): void;
  // Another attempt of the turn that failed.
  retry(): void;
  loadOlder(): void;
  reload(): void;
  // Has the last message answered once more.
  regenerate(reply: Message): void;
  // Reads the newest messages again: another answer was chosen.
  look(): Promise<void>;
}

export function useSession(sessionId: string, fresh: boolean, onChanged: () => void): UseSession {
  const [state, setState] = useState<SessionState>({ ...empty, loading: !fresh });
  const older = useRef<string | undefined>(undefined);
  const life = useRef(new AbortController());
  const running = useRef<AbortController | undefined>(undefined);
  const current = useRef(state);
  current.current = state;

  const patch = useCallback((change: (state: SessionState) => Partial<SessionState>) => {
    setState((state) => ({ ...state, ...change(state) }));
  }, []);

  // Reads the newest messages; of those before, what is known stays.
  const refresh = useCallback(
    async (signal: AbortSignal) => {
      const page = await request<HistoryPage>(historyPath(sessionId, pageSize), { signal });
      patch((state) => {
        const first = state.messages.find((message) => message.sequence > 0);
        const oldestRead = page.messages.at(-1)?.sequence ?? 0;
        // A gap: more was said elsewhere than one page holds. Begin again from the newest.
        const gap = first !== undefined && oldestRead > (state.messages.findLast((m) => m.sequence > 0)?.sequence ?? 0) + 1;
        if (first === undefined || gap) older.current = page.next_page_token || undefined;
        const known = gap ? [] : state.messages;
        return {
          messages: merge(known.filter((message) => message.sequence > 0), page.messages),
          hasOlder: older.current !== undefined,
        };
      });
      return page;
    },
    [sessionId, patch],
  );

  // Who answers, and whether it may go on; a session that is just begun has it after its first message.
  const learn = useCallback(
    async (signal: AbortSignal) => {
      const session = await request<Session>(`/api/session/${encodeURIComponent(sessionId)}`, { signal }).catch(
        (error) => {
          if (error instanceof ApiError && error.status === 404) return undefined;
          throw error;
        },
      );
      patch(() => ({ session }));
    },
    [sessionId, patch],
  );

  const finish = useCallback(
    async (done: ChatDone | undefined, signal: AbortSignal) => {
      dropPending(sessionId);
      await refresh(signal).catch((error) => {
        // The answer is known all the same.
        if (isAbort(error) || !done) throw error;
        patch((state) => ({
          messages: merge(state.messages, [
            {
              message_id: done.message_id,
              role: 'assistant',
              content: done.response,
              timestamp: done.timestamp,
              sequence: (state.messages.findLast((m) => m.sequence > 0)?.sequence ?? 0) + 1,
              metadata: { turn_id: done.turn_id, ...done.metadata },
            },
          ]),
        }));
      });
      patch(() => ({ answer: undefined, announcement: done?.response }));
      tellTabs(sessionId);
      onChanged();
    },
    [sessionId, refresh, patch, onChanged],
  );

  const run = useCallback(
    async (pending: Partial<Pending> & { turnId?: string }) => {
      running.current?.abort();
      const abort = new AbortController();
      running.current = abort;
      const signal = AbortSignal.any([abort.signal, life.current.signal]);
      patch(() => ({
        answer: { turnId: pending.turnId, text: '', waiting: false, stopping: false, replaces: pending.replaces },
        failure: undefined,
      }));
      const change = (answer: Partial<Answer>) =>
        patch((state) => (state.answer && running.current === abort ? { answer: { ...state.answer, ...answer } } : {}));
      try {
        const done = await followAnswer(
          {
            turnId: pending.turnId,
            open: (signal) =>
              send(pending.path ?? '/api/chat', {
                method: 'POST',
                body: pending.body,
                headers: { 'Idempotency-Key': pending.key!, Accept: 'text/event-stream' },
                signal,
              }),
          },
          {
            started: (turnId) => {
              if (pending.body) savePending({ ...(pending as Pending), turnId });
              change({ turnId });
              tellTabs(sessionId);
              onChanged();
              if (!current.current.session) learn(signal).catch(() => undefined);
            },
            text: (text) => change({ text }),
            waiting: (waiting) => change({ waiting }),
          },
          signal,
        );
        await finish(done, signal);
      } catch (error) {
        if (isAbort(error) || signal.aborted) return;
        const problem = asApiError(error);
        if (problem.code === 'TURN_IN_PROGRESS' && problem.turnId && pending.body) {
          // An answer is being made, begun in another place: that one first.
          patch((state) => ({
            messages: state.messages.filter((message) => message.sequence > 0),
            answer: undefined,
            failure: { error: problem, message: pending.body!.message },
          }));
          dropPending(sessionId);
          return;
        }
        dropPending(sessionId);
        const stored = await refresh(signal).catch(() => undefined);
        const turnId = problem.turnId;
        patch((state) => ({
          answer: undefined,
          messages: state.messages.filter((message) => message.sequence > 0 || stored === undefined),
          failure: {
            error: problem,
            turnId,
            message: turnId ? undefined : pending.body?.message,
            personaId: pending.body?.persona_id,
          },
        }));
        tellTabs(sessionId);
      } finally {
        if (running.current === abort) running.current = undefined;
      }
    },
    [sessionId, patch, finish, refresh, learn, onChanged],
  );

  // What was under way when the page was left: goes on with it, or waits for what another browser
  // has begun, until it is in the history.
  const goOn = useCallback(
    async (newest: Message | undefined, signal: AbortSignal) => {
      const pending = loadPending(sessionId);
      if (pending && newest?.metadata?.turn_id !== undefined && newest.metadata.turn_id === pending.turnId) {
        dropPending(sessionId);
      } else if (pending) {
        const said = pending.body?.message;
        if (!pending.turnId && said && newest?.content !== said) showSent(said);
        await run(pending);
        return;
      }
      if (newest?.role !== 'user') return;
      for (let round = 0; round < 40 && Date.now() - Date.parse(newest.timestamp) < 120_000; ++round) {
        patch((state) => ({ answer: state.answer ?? { text: '', waiting: false, stopping: false } }));
        await pause(Math.min(500 * 1.3 ** round, 5_000), signal);
        const page = await request<HistoryPage>(historyPath(sessionId, 2), { signal });
        if (page.messages[0]?.role === 'assistant' || running.current) break;
      }
      if (running.current) return;
      await refresh(signal);
      patch(() => ({ answer: undefined }));
    },
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [sessionId, run, patch, refresh],
  );

  const showSent = (message: string) =>
    patch((state) => ({
      messages: [
        ...state.messages.filter((known) => known.sequence > 0),
        { message_id: 'sent', role: 'user', content: message, timestamp: new Date().toISOString(), sequence: 0 },
      ],
    }));

  const load = useCallback(
    async (signal: AbortSignal) => {
      patch(() => ({ loading: true, loadError: undefined }));
      try {
        const [page] = await Promise.all([refresh(signal), learn(signal)]);
        patch(() => ({ loading: false }));
        await goOn(page.messages[0], signal);
      } catch (error) {
        if (isAbort(error) || signal.aborted) return;
        patch(() => ({ loading: false, loadError: asApiError(error) }));
      }
    },
    [patch, refresh, learn, goOn],
  );

  useEffect(() => {
    const controller = new AbortController();
    life.current = controller;
    older.current = undefined;
    running.current = undefined;
    setState({ ...empty, loading: !fresh });
    if (!fresh) void load(controller.signal);
    return () => controller.abort();
    // `fresh` is of the moment in which the session's page opens.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [sessionId]);

  // Something was said in another tab, or while this one was not looked at.
  useEffect(() => {
    const look = async () => {
      if (running.current && current.current.answer) return;
      const signal = life.current.signal;
      try {
        const page = await refresh(signal);
        await goOn(page.messages[0], signal);
      } catch {
        // The next look, or whatever is done next, says what is wrong.
      }
    };
    const leave = onTabs((changed) => {
      if (changed === sessionId) void look();
    });
    const shown = () => {
      if (document.visibilityState === 'visible' && current.current.messages.length > 0) void look();
    };
    document.addEventListener('visibilitychange', shown);
    return () => {
      leave();
      document.removeEventListener('visibilitychange', shown);
    };
  }, [sessionId, refresh, goOn]);

  return {
    ...state,
    say(message, personaId, opening) {
      const pending: Pending = {
        sessionId,
        key: newId(),
        body: { message, session_id: sessionId, ...(personaId ? { persona_id: personaId } : {}), stream: true },
        time: Date.now(),
      };
      savePending(pending);
      if (opening) {
        const first: Message = {
          message_id: openingId,
          role: 'assistant',
          content: opening,
          timestamp: new Date().toISOString(),
          sequence: 1,
        };
        patch((state) => ({ messages: merge(state.messages, [first]) }));
      }
      showSent(message);
      void run(pending);
    },
    stop() {
      const turnId = state.answer?.turnId;
      if (!turnId || state.answer?.stopping) return;
      patch((state) => (state.answer ? { answer: { ...state.answer, stopping: true } } : {}));
      request(`/api/turns/${turnId}/cancel`, { method: 'POST', body: {} }).catch((error) =>
        patch((state) => ({
          answer: state.answer && { ...state.answer, stopping: false },
          failure: { error: asApiError(error) },
        })),
      );
    },
    retry() {
      const failure = state.failure;
      if (!failure) return;
      if (failure.message !== undefined) {
        patch(() => ({ failure: undefined }));
        this.say(failure.message, failure.personaId);
        return;
      }
      if (!failure.turnId) return;
      const turnId = failure.turnId;
      patch(() => ({ failure: undefined, answer: { turnId, text: '', waiting: false, stopping: false } }));
      request(`/api/turns/${turnId}/retry`, { method: 'POST', body: {} })
        .then(() => run({ turnId }))
        .catch((error) => patch(() => ({ answer: undefined, failure: { error: asApiError(error), turnId } })));
    },
    loadOlder() {
      const token = older.current;
      if (!token || state.loadingOlder) return;
      patch(() => ({ loadingOlder: true }));
      const signal = life.current.signal;
      request<HistoryPage>(historyPath(sessionId, olderSize, token), { signal })
        .then((page) => {
          older.current = page.next_page_token || undefined;
          patch((state) => ({
            messages: merge(state.messages, page.messages),
            hasOlder: older.current !== undefined,
            loadingOlder: false,
          }));
        })
        .catch((error) => {
          if (isAbort(error)) return;
          patch(() => ({ loadingOlder: false, failure: { error: asApiError(error) } }));
        });
    },
    reload() {
      void load(life.current.signal);
    },
    regenerate(reply) {
      const turnId = reply.metadata?.turn_id;
      if (!turnId || state.answer) return;
      const pending: Pending = {
        sessionId,
        key: newId(),
        path: `/api/turns/${turnId}/regenerate`,
        body: { stream: true },
        replaces: reply.message_id,
        time: Date.now(),
      };
      savePending(pending);
      void run(pending);
    },
    async look() {
      await refresh(life.current.signal);
      tellTabs(sessionId);
    },
  };
}
