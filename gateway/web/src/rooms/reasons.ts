// Why somebody speaks in a room, and why a room was closed: what was recorded, in words.

import type { I18n, Key } from '../i18n';

const reasons = new Map<string | undefined, Key>([
  ['alone', 'reasonAlone'],
  ['addressed', 'reasonAddressed'],
  ['replied_to', 'reasonRepliedTo'],
  ['score', 'reasonScore'],
  ['last_resort', 'reasonLastResort'],
  ['list', 'reasonList'],
  ['pooled', 'reasonPooled'],
  ['requested', 'reasonRequested'],
  ['model', 'reasonModel'],
]);

// Where nobody closed it. Somebody who does writes their own reason.
const closings = new Map<string, Key>([
  ['max_messages', 'closedMessages'],
  ['max_characters', 'closedCharacters'],
  ['max_duration', 'closedDuration'],
  ['forbidden_topic', 'closedTopic'],
  ['inactivity', 'closedInactivity'],
]);

export function closingWords(reason: string | undefined, t: I18n['t']): string {
  const key = closings.get(reason ?? '');
  return key ? t(key) : (reason ?? '');
}

// Nothing for a reason that this page does not know yet.
export function reasonKey(reason: string | undefined): Key | undefined {
  return reasons.get(reason);
}
