// Books of lore as other programs write them, read as entries of ours: a character card's book
// (https://github.com/kwaroran/character-card-spec-v3, "Lorebook"), alone or in its card, and
// SillyTavern's World Info. What entries say beyond ours is left out.

import { ApiError } from '../api/client';
import type { Lore, LoreEntry, LoreLogic } from '../api/types';

type Json = Record<string, unknown>;

const noBook = () => new ApiError(400, 'NO_BOOK', '');

// Of a file's text. Throws NO_BOOK where it is none.
export function readBook(text: string): Lore {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw noBook();
  }
  const book = bookIn(document);
  if (!book) throw noBook();
  const entries = isObject(book.entries) ? Object.values(book.entries) : book.entries;
  if (!Array.isArray(entries)) throw noBook();
  return {
    ...words('name', book.name),
    ...words('description', book.description),
    ...numbers({ scanDepth: first(book.scan_depth, book.scanDepth), tokenBudget: first(book.token_budget, book.tokenBudget) }),
    recursiveScanning: first(book.recursive_scanning, book.recursiveScanning) === true,
    entries: entries.filter(isObject).map(readEntry),
  };
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// The book itself, however it is wrapped.
function bookIn(document: unknown): Json | undefined {
  if (!isObject(document)) return undefined;
  const data = isObject(document.data) ? document.data : undefined;
  for (const book of [data?.character_book, document.character_book, data, document]) {
    if (isObject(book) && (Array.isArray(book.entries) || isObject(book.entries))) return book;
  }
  return undefined;
}

function first(...values: unknown[]): unknown {
  return values.find((value) => value !== undefined && value !== null);
}

function words(name: string, value: unknown): Json {
  return typeof value === 'string' && value !== '' ? { [name]: value } : {};
}

function numbers(values: Json): Json {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      typeof value === 'number' && Number.isFinite(value) ? [[name, Math.round(value)]] : [],
    ),
  );
}

function flags(values: Json): Json {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value === true));
}

function keysOf(value: unknown): string[] {
  const list = Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : [];
  return list.filter((key): key is string => typeof key === 'string').map((key) => key.trim()).filter(Boolean);
}

// SillyTavern's numbers.
const logics: LoreLogic[] = ['any', 'not_all', 'not_any', 'all'];

function placeOf(entry: Json, more: Json): Json {
  const place = first(more.position, entry.position);
  if (place === 'at_depth' || place === 4) {
    const role = first(more.role, entry.role);
    return {
      position: 'at_depth',
      ...numbers({ depth: first(more.depth, entry.depth) }),
      ...(role === 2 || role === 'assistant' ? { role: 'assistant' } : {}),
    };
  }
  const after = place === 'after_char' || place === 1 || place === 2 || place === 3 || place === 6;
  return { position: after ? 'after_char' : 'before_char' };
}

// Names are a card's, then SillyTavern's, then ours; a card's extensions have SillyTavern's numbers.
function readEntry(entry: Json): LoreEntry {
  const more = isObject(entry.extensions) ? entry.extensions : {};
  const secondary = keysOf(first(entry.secondary_keys, entry.keysecondary, entry.secondaryKeys));
  const selective = entry.selective !== false && secondary.length > 0;
  const logic = first(more.selectiveLogic, entry.selectiveLogic, entry.secondaryLogic);
  const probability = first(more.probability, entry.probability);
  const drawn = first(more.useProbability, entry.useProbability) !== false && probability !== 100;
  const after = first(more.delay_until_recursion, entry.delayUntilRecursion);
  return {
    keys: keysOf(first(entry.keys, entry.key)),
    ...(selective
      ? { secondaryKeys: secondary, secondaryLogic: typeof logic === 'number' ? logics[logic] : (logic as LoreLogic) }
      : {}),
    ...(Array.isArray(entry.excludeKeys) ? { excludeKeys: keysOf(entry.excludeKeys) } : {}),
    content: typeof entry.content === 'string' ? entry.content : '',
    ...flags({
      constant: entry.constant,
      useRegex: first(entry.use_regex, entry.useRegex),
      caseSensitive: first(entry.case_sensitive, more.case_sensitive, entry.caseSensitive),
      wholeWords: first(more.match_whole_words, entry.matchWholeWords, entry.wholeWords),
      preventRecursion: first(more.prevent_recursion, entry.preventRecursion),
      excludeRecursion: first(more.exclude_recursion, entry.excludeRecursion),
      delayUntilRecursion: typeof after === 'number' ? after > 0 : after,
    }),
    enabled: entry.enabled !== false && entry.disable !== true,
    ...placeOf(entry, more),
    ...numbers({
      insertionOrder: first(entry.insertion_order, entry.order, entry.insertionOrder),
      priority: entry.priority,
      scanDepth: first(more.scan_depth, entry.scanDepth),
      sticky: first(more.sticky, entry.sticky),
      cooldown: first(more.cooldown, entry.cooldown),
      delay: first(more.delay, entry.delay),
      ...(drawn ? { probability } : {}),
    }),
    // World Info has its title as a comment.
    ...words('name', entry.name ?? (entry.key === undefined ? undefined : entry.comment)),
    ...words('comment', entry.key === undefined ? entry.comment : undefined),
  };
}

// A book with another's entries behind its own; of its own settings, those it has stay.
export function joined(book: Lore, other: Lore): Lore {
  const { entries, ...settings } = other;
  const none = (book.entries ?? []).length === 0;
  return {
    ...(none ? settings : {}),
    ...withoutEmpty(book),
    entries: [...(book.entries ?? []), ...(entries ?? []).map(({ entryId: _own, ...entry }) => entry)],
  };
}

function withoutEmpty(book: Lore): Lore {
  return Object.fromEntries(Object.entries(book).filter(([, value]) => value !== '' && value !== false)) as Lore;
}

// What is sent: not what the API says of it.
export function written(book: Lore): Lore {
  const { personaId: _persona, etag: _etag, ...rest } = book;
  return rest;
}
