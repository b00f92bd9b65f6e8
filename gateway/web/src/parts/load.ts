// Reads something from the API for as long as a component is there.
import { useCallback, useEffect, useRef, useState } from 'react';
import { isAbort, request, withQuery } from '../api/client';

export interface Loaded<T> {
  value?: T;
  error?: unknown;
  loading: boolean;
  reload(): void;
}

export function useLoad<T>(path: string | undefined): Loaded<T> {
  const [state, setState] = useState<{ value?: T; error?: unknown; loading: boolean }>({ loading: true });
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (path === undefined) return undefined;
    const abort = new AbortController();
    setState((state) => ({ ...state, loading: true, error: undefined }));
    request<T>(path, { signal: abort.signal })
      .then((value) => setState({ value, loading: false }))
      .catch((error) => {
        if (!isAbort(error)) setState((state) => ({ ...state, error, loading: false }));
      });
    return () => abort.abort();
  }, [path, round]);
  return { ...state, reload: useCallback(() => setRound((round) => round + 1), []) };
}

export interface List<T> {
  items: T[];
  error?: unknown;
  loading: boolean;
  hasMore: boolean;
  more(): void;
  reload(): void;
}

// A list, page by page. `field` names the items in the answer, `query` is compared by its text.
export function useList<T>(
  path: string,
  field: string,
  query: Record<string, string | number | undefined> = {},
  spelling: { size: string; token: string; next: string } = {
    size: 'pageSize',
    token: 'pageToken',
    next: 'nextPageToken',
  },
): List<T> {
  const [state, setState] = useState<{ items: T[]; error?: unknown; loading: boolean; next?: string }>({
    items: [],
    loading: true,
  });
  const [round, setRound] = useState(0);
  const abort = useRef(new AbortController());
  const first = withQuery(path, query);

  const read = useCallback(
    (token: string | undefined, signal: AbortSignal) => {
      setState((state) => ({ ...state, loading: true, error: undefined }));
      const page = withQuery(path, { ...query, [spelling.size]: 50, [spelling.token]: token });
      request<Record<string, unknown>>(page, { signal })
        .then((answer) => {
          const items = (answer[field] ?? []) as T[];
          setState((state) => ({
            items: token ? [...state.items, ...items] : items,
            loading: false,
            next: (answer[spelling.next] as string) || undefined,
          }));
        })
        .catch((error) => {
          if (!isAbort(error)) setState((state) => ({ ...state, error, loading: false }));
        });
    },
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [first, field],
  );

  useEffect(() => {
    const controller = new AbortController();
    abort.current = controller;
    read(undefined, controller.signal);
    return () => controller.abort();
  }, [read, round]);

  return {
    items: state.items,
    error: state.error,
    loading: state.loading,
    hasMore: state.next !== undefined,
    more: () => {
      if (state.next && !state.loading) read(state.next, abort.current.signal);
    },
    reload: useCallback(() => setRound((round) => round + 1), []),
  };
}

// A value that has not changed for a while: what somebody types.
export function useSettled<T>(value: T, milliseconds = 250): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return settled;
}

// Something that is done on a press of a button: while it runs, and what went wrong.
export function useAction(): {
  busy: boolean;
  error?: unknown;
  run(action: () => Promise<unknown>): Promise<boolean>;
  clear(): void;
} {
  const [state, setState] = useState<{ busy: boolean; error?: unknown }>({ busy: false });
  return {
    ...state,
    run: useCallback(async (action) => {
      setState({ busy: true });
      try {
        await action();
        setState({ busy: false });
        return true;
      } catch (error) {
        setState({ busy: false, error });
        return false;
      }
    }, []),
    clear: useCallback(() => setState({ busy: false }), []),
  };
}
