// A room: its messages, who is in it, who is about to speak; kept up to date by its events.

import { useCallback, useEffect, useRef, useState } from 'react';
import { ApiError, isAbort, request, send, withQuery } from '../api/client';
import { pause } from '../api/follow';
import { readEvents } from '../api/sse';
import type { Participant, Room, RoomMessage } from '../api/types';

// A persona that is about to speak, with what it has said so far.
export interface Speaking {
  turnId: string;
  personaId: string;
  // As UTF-8: deltas count in bytes.
  bytes: Uint8Array;
  // Why it speaks, where that was told.
  reason?: string;
}

export interface RoomState {
  loading: boolean;
  error?: ApiError;
  room?: Room;
  messages: RoomMessage[];
  hasOlder: boolean;
  loadingOlder: boolean;
  speaking: Speaking[];
  // Whether events come in.
  live: boolean;
  // A persona that could not answer.
  failed?: { personaId: string; code: string };
  announcement?: { name: string; text: string };
}

const pageSize = 50;

function messagesPath(roomId: string, after: number, size = pageSize) {
  return withQuery(`/api/conversations/${roomId}/messages`, { afterSequence: Math.max(0, after), pageSize: size });
}

function merge(known: RoomMessage[], read: RoomMessage[]): RoomMessage[] {
  const bySequence = new Map(known.map((message) => [message.sequence, message]));
  for (const message of read) bySequence.set(message.sequence, message);
  return [...bySequence.values()].sort((a, b) => a.sequence - b.sequence);
}

function splice(bytes: Uint8Array, offset: number, text: string): Uint8Array {
  const added = new TextEncoder().encode(text);
  const next = new Uint8Array(Math.min(offset, bytes.length) + added.length);
  next.set(bytes.subarray(0, offset));
  next.set(added, Math.min(offset, bytes.length));
  return next;
}

export interface UseRoom extends RoomState {
  loadOlder(): void;
  reload(): void;
  setRoom(room: Room): void;
  // A message that this page has sent itself.
  add(message: RoomMessage): void;
}

export function useRoom(roomId: string): UseRoom {
  const [state, setState] = useState<RoomState>({
    loading: true,
    messages: [],
    hasOlder: false,
    loadingOlder: false,
    speaking: [],
    live: false,
  });
  const [round, setRound] = useState(0);
  const life = useRef(new AbortController());
  const patch = useCallback((change: (state: RoomState) => Partial<RoomState>) => {
    setState((state) => ({ ...state, ...change(state) }));
  }, []);

  useEffect(() => {
    const abort = new AbortController();
    life.current = abort;
    void follow(roomId, patch, abort.signal);
    return () => abort.abort();
  }, [roomId, round, patch]);

  return {
    ...state,
    loadOlder() {
      const first = state.messages[0]?.sequence ?? 1;
      if (first <= 1 || state.loadingOlder) return;
      patch(() => ({ loadingOlder: true }));
      const from = Math.max(0, first - 1 - pageSize);
      request<{ messages: RoomMessage[] }>(messagesPath(roomId, from, first - 1 - from), {
        signal: life.current.signal,
      })
        .then((page) =>
          patch((state) => ({
            messages: merge(state.messages, page.messages),
            hasOlder: from > 0,
            loadingOlder: false,
          })),
        )
        .catch((error) => {
          if (!isAbort(error)) patch(() => ({ loadingOlder: false, error: asApiError(error) }));
        });
    },
    reload: () => setRound((round) => round + 1),
    setRoom: (room) => patch(() => ({ room })),
    add: (message) => patch((state) => ({ messages: merge(state.messages, [message]) })),
  };
}

function asApiError(error: unknown) {
  return error instanceof ApiError ? error : new ApiError(0, 'NO_CONNECTION', String(error));
}

type Patch = (change: (state: RoomState) => Partial<RoomState>) => void;

// Follows the events, then reads what was there before: what comes in between is in both, and the
// same. After a broken connection it goes on behind the last event.
async function follow(roomId: string, patch: Patch, signal: AbortSignal) {
  let cursor = '';
  let failures = 0;
  let loaded = false;
  patch(() => ({ loading: true, error: undefined }));
  while (!signal.aborted) {
    try {
      const headers: Record<string, string> = { Accept: 'text/event-stream' };
      if (cursor) headers['Last-Event-ID'] = cursor;
      // Without one, events begin now: what was said before is to be read.
      else loaded = false;
      const response = await send(`/api/conversations/${roomId}/events`, { headers, signal });
      if (!loaded) {
        await load(roomId, patch, signal);
        loaded = true;
      }
      patch(() => ({ live: true }));
      failures = 0;
      for await (const event of readEvents(response)) {
        if (event.id) cursor = event.id;
        if (event.name === 'error') break;
        take(event.name, JSON.parse(event.data), patch);
      }
      signal.throwIfAborted();
    } catch (error) {
      if (isAbort(error) || signal.aborted) return;
      const problem = asApiError(error);
      if (problem.code === 'INVALID_CURSOR') {
        cursor = '';
        loaded = false;
      } else if (problem.status >= 400 && problem.status < 500) {
        patch(() => ({ loading: false, live: false, error: problem }));
        return;
      } else if (!loaded && failures > 1) {
        patch(() => ({ loading: false, error: problem }));
      }
    }
    failures += 1;
    patch(() => ({ live: false, speaking: [] }));
    try {
      await pause(Math.min(8_000, 250 * 2 ** failures), signal);
    } catch {
      return;
    }
  }
}

async function load(roomId: string, patch: Patch, signal: AbortSignal) {
  const room = await request<Room>(`/api/conversations/${roomId}`, { signal });
  const from = Math.max(0, (room.messageCount ?? 0) - pageSize);
  const page = await request<{ messages: RoomMessage[] }>(messagesPath(roomId, from, 100), { signal });
  patch((state) => {
    // More was said meanwhile than one page holds: what is known does not join on to it.
    const gap = (state.messages.at(-1)?.sequence ?? 0) < from;
    const messages = merge(gap ? [] : state.messages, page.messages);
    return { loading: false, error: undefined, room, messages, hasOlder: (messages[0]?.sequence ?? 1) > 1 };
  });
}

// With somebody who begins to speak. Of a turn two events tell: the first says why, the second does not.
function beginning(speaking: Speaking[], told: { turnId: string; personaId: string; reason?: string }): Speaking[] {
  const known = speaking.find((one) => one.turnId === told.turnId);
  return [
    ...speaking.filter((one) => one !== known),
    {
      turnId: told.turnId,
      personaId: told.personaId,
      bytes: new Uint8Array(),
      reason: told.reason ?? known?.reason,
    },
  ];
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any
function take(name: string, data: any, patch: Patch) {
  switch (name) {
    case 'message': {
      const message = data as RoomMessage;
      patch((state) => {
        const isNew = message.sequence > (state.messages.at(-1)?.sequence ?? 0);
        const own = state.room?.participants.find((one) => one.personaId === message.personaId)?.own;
        return {
          messages: merge(state.messages, [message]),
          speaking: state.speaking.filter((one) =>
            message.turnId ? one.turnId !== message.turnId : one.personaId !== message.personaId,
          ),
          ...(isNew && !own && !message.hidden
            ? { announcement: { name: message.personaName, text: message.content } }
            : {}),
        };
      });
      break;
    }
    case 'typing':
      patch((state) => ({ failed: undefined, speaking: beginning(state.speaking, data) }));
      break;
    case 'delta':
      patch((state) => ({
        speaking: state.speaking.map((one) =>
          one.turnId === data.turnId ? { ...one, bytes: splice(one.bytes, data.offset ?? 0, data.text ?? '') } : one,
        ),
      }));
      break;
    case 'turn':
      if (data.state === 'running') {
        patch((state) => ({ speaking: beginning(state.speaking, data) }));
      } else if (data.state !== 'pending') {
        patch((state) => ({
          speaking: state.speaking.filter((one) => one.turnId !== data.turnId),
          ...(data.state === 'failed'
            ? { failed: { personaId: data.personaId, code: data.errorCode ?? '' } }
            : {}),
        }));
      }
      break;
    case 'participant': {
      const participant = data as Participant;
      patch((state) => {
        if (!state.room) return {};
        const known = state.room.participants.some((one) => one.personaId === participant.personaId);
        const participants = known
          ? state.room.participants.map((one) => (one.personaId === participant.personaId ? participant : one))
          : [...state.room.participants, participant];
        return { room: { ...state.room, participants } };
      });
      break;
    }
    case 'state':
      patch((state) => ({
        room: state.room && { ...state.room, status: data.status, closeReason: data.reason },
        speaking: data.status === 'active' ? state.speaking : [],
      }));
      break;
  }
}
