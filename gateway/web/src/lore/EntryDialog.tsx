// One entry of a book: when the persona is told something, and what.

import { Checkbox } from '@patternfly/react-core';
import { useId, useState } from 'react';
import type { LoreEntry, LoreLogic, LorePosition } from '../api/types';
import { useI18n, type Key } from '../i18n';
import { Field, FormDialog } from '../parts/Field';

export const logicKeys: Record<LoreLogic, Key> = {
  any: 'loreLogicAny',
  all: 'loreLogicAll',
  not_any: 'loreLogicNotAny',
  not_all: 'loreLogicNotAll',
};

const positionKeys: Record<LorePosition, Key> = {
  before_char: 'lorePositionBefore',
  after_char: 'lorePositionAfter',
  at_depth: 'lorePositionDepth',
};

const numberKeys = {
  insertionOrder: 'loreOrder',
  priority: 'lorePriority',
  scanDepth: 'loreScanDepth',
  sticky: 'loreSticky',
  cooldown: 'loreCooldown',
  delay: 'loreDelay',
  probability: 'loreProbability',
} as const satisfies Partial<Record<keyof LoreEntry, Key>>;

const flagKeys = {
  wholeWords: 'loreWholeWords',
  caseSensitive: 'loreCaseSensitive',
  useRegex: 'loreUseRegex',
  preventRecursion: 'lorePreventRecursion',
  excludeRecursion: 'loreExcludeRecursion',
  delayUntilRecursion: 'loreDelayUntilRecursion',
} as const satisfies Partial<Record<keyof LoreEntry, Key>>;

// A line each: keys may have commas.
const lines = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);

export function EntryDialog(props: {
  entry?: LoreEntry;
  busy: boolean;
  error?: unknown;
  onRetry?(): void;
  onSave(entry: LoreEntry): void;
  onClose(): void;
}) {
  const { t } = useI18n();
  const [entry, setEntry] = useState<LoreEntry>(props.entry ?? { content: '' });
  const [keys, setKeys] = useState((entry.keys ?? []).join('\n'));
  const [secondary, setSecondary] = useState((entry.secondaryKeys ?? []).join('\n'));
  const [excluded, setExcluded] = useState((entry.excludeKeys ?? []).join('\n'));
  const id = useId();
  const change = (what: Partial<LoreEntry>) => setEntry({ ...entry, ...what });
  const flag = (name: keyof typeof flagKeys | 'constant' | 'enabled', label: Key, set = entry[name] ?? false) => (
    <Checkbox
      key={name}
      id={`${id}-${name}`}
      label={t(label)}
      isChecked={set}
      onChange={(_event, checked) => change({ [name]: checked })}
    />
  );
  const numberOf = (name: keyof typeof numberKeys | 'depth') => String(entry[name] ?? '');
  const setNumber = (name: keyof typeof numberKeys | 'depth') => (text: string) =>
    change({ [name]: text === '' ? undefined : Number(text) });
  const save = () =>
    props.onSave({
      ...entry,
      keys: lines(keys),
      secondaryKeys: lines(secondary),
      excludeKeys: lines(excluded),
    });
  return (
    <FormDialog
      title={props.entry ? t('loreEdit', { name: entryName(props.entry, t) }) : t('loreNew')}
      submit={t('save')}
      ready={entry.content.trim() !== '' && (entry.constant === true || lines(keys).length > 0)}
      busy={props.busy}
      error={props.error}
      onRetry={props.onRetry}
      onClose={props.onClose}
      onSubmit={save}
    >
      <Field label={t('loreName')} value={entry.name ?? ''} onChange={(name) => change({ name })} maxLength={500} />
      <Field label={t('loreKeys')} value={keys} onChange={setKeys} rows={3} help={t('loreKeysHelp')} />
      {flag('constant', 'loreConstant')}
      <Field
        label={t('loreContent')}
        value={entry.content}
        onChange={(content) => change({ content })}
        rows={6}
        maxLength={32000}
        required
      />
      {flag('enabled', 'loreEnabled', entry.enabled ?? true)}
      <details className="dr-details">
        <summary>{t('loreMore')}</summary>
        <div className="dr-form">
          <Field label={t('loreSecondary')} value={secondary} onChange={setSecondary} rows={2} help={t('loreSecondaryHelp')} />
          <Field
            label={t('loreLogic')}
            value={entry.secondaryLogic ?? 'any'}
            onChange={(value) => change({ secondaryLogic: value as LoreLogic })}
            options={Object.entries(logicKeys).map(([value, key]) => ({ value, label: t(key) }))}
          />
          <Field label={t('loreExclude')} value={excluded} onChange={setExcluded} rows={2} />
          <Field
            label={t('lorePosition')}
            value={entry.position ?? 'before_char'}
            onChange={(value) => change({ position: value as LorePosition })}
            options={Object.entries(positionKeys).map(([value, key]) => ({ value, label: t(key) }))}
          />
          {entry.position === 'at_depth' && (
            <>
              <Field label={t('loreDepth')} value={numberOf('depth')} onChange={setNumber('depth')} type="number" />
              <Field
                label={t('loreRole')}
                value={entry.role ?? 'user'}
                onChange={(value) => change({ role: value as LoreEntry['role'] })}
                options={[
                  { value: 'user', label: t('loreRoleUser') },
                  { value: 'assistant', label: t('loreRoleAssistant') },
                ]}
              />
            </>
          )}
          <div className="dr-columns">
            {(Object.keys(numberKeys) as (keyof typeof numberKeys)[]).map((name) => (
              <Field key={name} label={t(numberKeys[name])} value={numberOf(name)} onChange={setNumber(name)} type="number" />
            ))}
          </div>
          {(Object.keys(flagKeys) as (keyof typeof flagKeys)[]).map((name) => flag(name, flagKeys[name]))}
          <Field label={t('loreComment')} value={entry.comment ?? ''} onChange={(comment) => change({ comment })} maxLength={4000} />
        </div>
      </details>
    </FormDialog>
  );
}

// What it is called: by its name, else by what it waits for.
export function entryName(entry: LoreEntry, t: (key: Key) => string) {
  return entry.name || (entry.keys ?? []).slice(0, 3).join(', ') || t('loreConstantShort');
}
