// The page's places, behind '#' so that the server need not know them: #/chat/<session id>.
import { useEffect, useState } from 'react';

export interface Route {
  part: string;
  id?: string;
  query: URLSearchParams;
}

export function parseRoute(hash: string): Route | undefined {
  // Others, as those of footnotes in a message, lead to no other place.
  if (hash !== '' && hash !== '#' && !hash.startsWith('#/')) return undefined;
  const [path, query] = hash.slice(2).split('?', 2);
  const [part, id] = path.split('/', 2);
  try {
    return { part: part || 'chat', id: id ? decodeURIComponent(id) : undefined, query: new URLSearchParams(query) };
  } catch {
    return { part: part || 'chat', query: new URLSearchParams(query) };
  }
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash) ?? parseRoute('')!);
  useEffect(() => {
    const read = () => {
      const next = parseRoute(location.hash);
      if (next) setRoute(next);
    };
    window.addEventListener('hashchange', read);
    return () => window.removeEventListener('hashchange', read);
  }, []);
  return route;
}

export function href(part: string, id?: string) {
  return id === undefined ? `#/${part}` : `#/${part}/${encodeURIComponent(id)}`;
}

export function goTo(target: string, replace = false) {
  if (replace) {
    history.replaceState(null, '', target);
    window.dispatchEvent(new HashChangeEvent('hashchange'));
  } else {
    location.hash = target;
  }
}
