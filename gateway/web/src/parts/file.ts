// Files that come from the API and go onto this machine's disk.
import { send } from '../api/client';

// Fetches it with the caller's token, which a link could not carry, and has the browser keep it.
export async function download(path: string, name: string) {
  const response = await send(path);
  const place = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');
  link.href = place;
  link.download = name;
  link.click();
  URL.revokeObjectURL(place);
}

// A file's name out of somebody's words.
export function fileName(words: string, ending: string) {
  const plain = words
    .normalize('NFKD')
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '');
  return `${plain || 'dramatis'}.${ending}`;
}
