// What this deployment can do: the paths of its own description. A part of the page whose routes are
// not there is not shown.
import { useEffect, useState } from 'react';
import { request } from './client';

let asked: Promise<Set<string>> | undefined;

function routes(): Promise<Set<string>> {
  asked ??= request<{ paths: Record<string, unknown> }>('/openapi.json')
    .then((document) => new Set(Object.keys(document.paths)))
    .catch((error) => {
      asked = undefined;
      throw error;
    });
  return asked;
}

// Undefined until it is known.
export function useRoute(path: string): boolean | undefined {
  const [there, setThere] = useState<boolean>();
  useEffect(() => {
    let mounted = true;
    routes().then(
      (paths) => mounted && setThere(paths.has(path)),
      () => undefined,
    );
    return () => {
      mounted = false;
    };
  }, [path]);
  return there;
}
