// A persona's picture, or its initials where it has none. Fetched once for as long as the page is
// open, with the caller's token, which an image's address could not carry; kept as small as it is shown.
import { useEffect, useState } from 'react';
import { ApiError, send } from '../api/client';
import { initialsAvatar } from './avatar';

const side = 96;
let pictures = new Map<string, Promise<string | undefined>>();

// Whoever signs in next may see others.
export function forgetPictures() {
  pictures = new Map();
}

const renewed = new EventTarget();

// Another one was given: whoever shows it asks again.
export function renewPicture(personaId: string) {
  pictures.delete(personaId);
  renewed.dispatchEvent(new Event(personaId));
}

function picture(personaId: string): Promise<string | undefined> {
  const known = pictures.get(personaId);
  if (known) return known;
  const of = pictures;
  const asked = send(`/api/personas/${encodeURIComponent(personaId)}/avatar`)
    .then((response) => response.blob())
    .then(small)
    .catch((error) => {
      // One that is not there stays so; after anything else it is asked for again.
      if (!(error instanceof ApiError && error.status === 404)) of.delete(personaId);
      return undefined;
    });
  of.set(personaId, asked);
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

export function useAvatar(personaId: string | undefined, name: string): string {
  const [found, setFound] = useState<{ of: string; place: string }>();
  useEffect(() => {
    if (personaId === undefined) return undefined;
    let mounted = true;
    const show = () =>
      void picture(personaId).then((place) => mounted && setFound(place ? { of: personaId, place } : undefined));
    show();
    renewed.addEventListener(personaId, show);
    return () => {
      mounted = false;
      renewed.removeEventListener(personaId, show);
    };
  }, [personaId]);
  return found && found.of === personaId ? found.place : initialsAvatar(name);
}
