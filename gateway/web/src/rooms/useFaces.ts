// Which of a room's personas have pictures. A room does not say; the list of personas does, of those that
// the caller may see.
import { useEffect, useState } from 'react';
import { request, withQuery } from '../api/client';
import type { Participant } from '../api/types';
import type { Face } from '../parts/useAvatar';

const mostPages = 5;

export function useFaces(participants: Participant[]): Map<string, Face> {
  const [faces, setFaces] = useState(new Map<string, Face>());
  // Of those who are masked nobody is told.
  const ids = participants
    .filter((participant) => participant.type !== 'unknown')
    .map((participant) => participant.personaId)
    .sort()
    .join(' ');
  useEffect(() => {
    const abort = new AbortController();
    const read = async () => {
      const missing = new Set(ids.split(' '));
      const found = new Map<string, Face>();
      let token: string | undefined;
      for (let page = 0; page < mostPages && missing.size > 0; ++page) {
        const path = withQuery('/api/personas', { view: 'basic', pageSize: 100, pageToken: token });
        const answer = await request<{ personas?: Face[]; nextPageToken?: string }>(path, { signal: abort.signal });
        for (const face of answer.personas ?? []) if (missing.delete(face.personaId)) found.set(face.personaId, face);
        token = answer.nextPageToken || undefined;
        if (!token) break;
      }
      setFaces(found);
    };
    // Without pictures there are initials.
    if (ids) read().catch(() => undefined);
    return () => abort.abort();
  }, [ids]);
  return faces;
}
