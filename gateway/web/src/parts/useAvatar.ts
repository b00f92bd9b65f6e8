// A persona's picture, or its initials where it has none, as it says itself. Fetched once for as long as
// the page is open, with the caller's token, which an image's address could not carry; kept as small as
// it is shown.
import { useEffect, useState } from 'react';
import { send } from '../api/client';
import { initialsAvatar } from './avatar';

// Whose picture is shown. Without an `avatarEtag` it has none, and nothing is asked for.
export interface Face {
  personaId: string;
  name: string;
  avatarEtag?: string;
}

const side = 96;
// By persona and etag: another picture is another one.
let pictures = new Map<string, Promise<string | undefined>>();

// Whoever signs in next may see others.
export function forgetPictures() {
  pictures = new Map();
}

function picture(personaId: string, avatarEtag: string): Promise<string | undefined> {
  const key = `${personaId} ${avatarEtag}`;
  const known = pictures.get(key);
  if (known) return known;
  const of = pictures;
  const asked = send(`/api/personas/${encodeURIComponent(personaId)}/avatar`)
    .then((response) => response.blob())
    .then(small)
    .catch(() => {
      // Asked for again when it is shown again.
      of.delete(key);
      return undefined;
    });
  of.set(key, asked);
  return asked;
}

// The middle of it, from its top, where faces are.
async function small(blob: Blob): Promise<string> {
  const whole = await createImageBitmap(blob);
  const cut = Math.min(whole.width, whole.height);
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = side;
  canvas.getContext('2d')!.drawImage(whole, (whole.width - cut) / 2, 0, cut, cut, 0, 0, side, side);
  whole.close();
  return canvas.toDataURL('image/png');
}

export function useAvatar(face: Face): string {
  const { personaId, avatarEtag } = face;
  const of = `${personaId} ${avatarEtag}`;
  const [found, setFound] = useState<{ of: string; place: string }>();
  useEffect(() => {
    if (!avatarEtag) return undefined;
    let mounted = true;
    void picture(personaId, avatarEtag).then((place) => mounted && setFound(place ? { of, place } : undefined));
    return () => {
      mounted = false;
    };
  }, [of, personaId, avatarEtag]);
  return found && found.of === of ? found.place : initialsAvatar(face.name);
}
