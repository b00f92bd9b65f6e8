// A long list of messages: what is far from the view is a gap of the same height, and earlier ones
// are asked for when their place comes near.

import { MessageBox } from '@patternfly/chatbot/dist/dynamic/MessageBox';
import { Button, Spinner } from '@patternfly/react-core';
import { memo, useEffect, useLayoutEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { useI18n } from '../i18n';

const chunkSize = 20;

interface Props<T> {
  items: T[];
  // Numbers without gaps, from 1; those that have none yet stand at the end.
  sequenceOf(item: T): number;
  keyOf(item: T): string;
  // Must not change while what it shows does not.
  render(item: T): ReactNode;
  hasOlder: boolean;
  loadingOlder: boolean;
  onOlder(): void;
  // What is said to those who hear the page.
  announcement?: string;
  // At the end, behind the last item.
  children?: ReactNode;
  // The end is what is read: false for a text that begins at its top.
  growing: boolean;
}

export function MessageList<T>(props: Props<T>) {
  const { items, sequenceOf, hasOlder, loadingOlder, onOlder } = props;
  const { t } = useI18n();
  const box = useRef<HTMLDivElement | null>(null);
  const sentinel = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const height = useRef(0);
  const growing = useRef(props.growing);
  growing.current = props.growing;
  const first = items.length > 0 ? props.keyOf(items[0]!) : '';
  const firstShown = useRef(first);

  const chunks = useMemo(() => {
    const found = new Map<number, T[]>();
    for (const item of items) {
      const sequence = sequenceOf(item);
      const chunk = sequence > 0 ? Math.floor((sequence - 1) / chunkSize) : Number.MAX_SAFE_INTEGER;
      const group = found.get(chunk);
      if (group) group.push(item);
      else found.set(chunk, [item]);
    }
    return [...found.entries()];
  }, [items, sequenceOf]);

  // Whoever reads the end stays there while it grows; whoever reads elsewhere stays where they are,
  // also when earlier messages come in above.
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    if (atEnd.current && props.growing) element.scrollTop = element.scrollHeight;
    else if (first !== firstShown.current) element.scrollTop += element.scrollHeight - height.current;
    firstShown.current = first;
    height.current = element.scrollHeight;
  });

  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const look = () => {
      atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 60;
      height.current = element.scrollHeight;
    };
    // What is shown may still grow after it was written: code that is coloured, a window that turns.
    const grown = new ResizeObserver(() => {
      if (atEnd.current && growing.current) element.scrollTop = element.scrollHeight;
      height.current = element.scrollHeight;
    });
    element.addEventListener('scroll', look, { passive: true });
    grown.observe(element);
    for (const child of element.children) grown.observe(child);
    // What comes to the list later is watched too.
    const added = new MutationObserver((changes) => {
      for (const change of changes) {
        for (const node of change.addedNodes) if (node instanceof Element) grown.observe(node);
      }
    });
    added.observe(element, { childList: true });
    return () => {
      element.removeEventListener('scroll', look);
      added.disconnect();
      grown.disconnect();
    };
  }, []);

  useEffect(() => {
    const element = sentinel.current;
    if (!element || !hasOlder || loadingOlder) return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) onOlder();
      },
      { root: box.current, rootMargin: '1200px 0px 0px 0px' },
    );
    observer.observe(element);
    return () => observer.disconnect();
  });

  // At once: to glide past thousands of messages, each laid out on the way, helps nobody.
  const toEnd = () => {
    const element = box.current;
    if (!element) return;
    atEnd.current = true;
    element.scrollTop = element.scrollHeight;
  };

  return (
    <MessageBox
      ref={box as never}
      ariaLabel={t('messages')}
      announcement={props.announcement}
      jumpButtonTopProps={{ 'aria-label': t('toTop') }}
      jumpButtonBottomProps={{ 'aria-label': t('toNewest'), onClick: toEnd }}
      jumpButtonTopTooltipProps={{ content: t('toTop') }}
      jumpButtonBottomTooltipProps={{ content: t('toNewest') }}
    >
      <div ref={sentinel} className="dr-older">
        {loadingOlder && <Spinner size="md" aria-label={t('loadingOlder')} />}
        {hasOlder && !loadingOlder && (
          <Button variant="link" onClick={onOlder}>
            {t('olderMessages')}
          </Button>
        )}
      </div>
      {chunks.map(([number, group]) => (
        <Chunk
          key={number}
          items={group as unknown[]}
          keyOf={props.keyOf as (item: unknown) => string}
          render={props.render as (item: unknown) => ReactNode}
          box={box}
        />
      ))}
      {props.children}
    </MessageBox>
  );
}

interface ChunkProps {
  items: unknown[];
  keyOf(item: unknown): string;
  render(item: unknown): ReactNode;
  box: { current: HTMLElement | null };
}

const Chunk = memo(
  function Chunk({ items, keyOf, render, box }: ChunkProps) {
    const element = useRef<HTMLDivElement>(null);
    // Its height while it is out of sight.
    const [gap, setGap] = useState<number>();
    useEffect(() => {
      const observer = new IntersectionObserver(
        (entries) => {
          // Of several looks the last one holds: a page that is busy is told of them together.
          const { isIntersecting, boundingClientRect } = entries.at(-1)!;
          if (isIntersecting) setGap(undefined);
          else if (boundingClientRect.height > 0) setGap(boundingClientRect.height);
        },
        { root: box.current, rootMargin: '2500px 0px 2500px 0px' },
      );
      observer.observe(element.current!);
      return () => observer.disconnect();
    }, [box]);
    return (
      <div ref={element} className="dr-chunk" style={gap === undefined ? undefined : { height: gap }}>
        {gap === undefined && items.map((item) => <div key={keyOf(item)}>{render(item)}</div>)}
      </div>
    );
  },
  (before, after) =>
    before.render === after.render &&
    before.items.length === after.items.length &&
    before.items.every((item, index) => item === after.items[index]),
);
