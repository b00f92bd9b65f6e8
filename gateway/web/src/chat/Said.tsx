// One thing said. What renders Markdown is fetched when it is first needed: a page on which nothing has
// been said is there without it. Until then, and where it cannot be fetched, words are shown as they are.

import { memo, useSyncExternalStore, type ReactNode } from 'react';
import { useI18n } from '../i18n';
import type { Face } from '../parts/useAvatar';

export interface SaidProps {
  id?: string;
  mine: boolean;
  // A human's text is shown as it was typed.
  plain?: boolean;
  name: string;
  avatar?: string;
  // Whose picture it is, where none is given.
  face?: Face;
  content: string;
  time?: string;
  // The answer has not begun.
  thinking?: boolean;
  badge?: string;
  note?: ReactNode;
  actions?: Record<string, object>;
}

type Rendering = typeof import('./SaidRendered').SaidRendered;

let rendering: Rendering | undefined;
let asked: Promise<void> | undefined;
const waiting = new Set<() => void>();

// Before something is said, so that it is there when it is.
export function loadSaid() {
  asked ??= import('./SaidRendered')
    .then((module) => {
      rendering = module.SaidRendered;
      waiting.forEach((tell) => tell());
    })
    .catch(() => {
      asked = undefined;
    });
}

function subscribe(tell: () => void) {
  waiting.add(tell);
  return () => waiting.delete(tell);
}

export const Said = memo(function Said(props: SaidProps) {
  const { t } = useI18n();
  // Not React's lazy: what is there already must be shown at once.
  const Rendered = useSyncExternalStore(subscribe, () => rendering);
  if (Rendered) return <Rendered {...props} />;
  loadSaid();
  return (
    <div className={props.mine ? 'dr-said dr-said--mine' : 'dr-said'} id={props.id}>
      <strong>{props.name}</strong>
      <p className="dr-text">{props.thinking ? t('thinking', { name: props.name }) : props.content}</p>
      {props.note}
    </div>
  );
});

export function copyAction(text: string, label: string, copied: string) {
  return {
    copy: {
      onClick: () => void navigator.clipboard.writeText(text),
      ariaLabel: label,
      tooltipContent: label,
      clickedTooltipContent: copied,
      clickedAriaLabel: copied,
    },
  };
}
