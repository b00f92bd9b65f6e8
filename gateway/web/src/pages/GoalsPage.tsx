import { Button, Label, Progress, ProgressSize } from '@patternfly/react-core';
import { useState } from 'react';
import { request } from '../api/client';
import type { Goal } from '../api/types';
import { useI18n, type Key } from '../i18n';
import { Field, FormDialog } from '../parts/Field';
import { ListStates } from '../parts/ListStates';
import { useAction, useList, useLoad } from '../parts/load';
import { PageFrame } from '../parts/PageFrame';
import { Failed } from '../parts/states';

const patterns = ['recurring', 'milestone', 'target', 'streak', 'limit'] as const;
const periods = ['day', 'week', 'month', 'quarter', 'year'] as const;
const states = ['active', 'paused', 'completed', 'archived', 'draft'] as const;

const capital = (word: string) => word[0]!.toUpperCase() + word.slice(1);
const patternKey = (pattern: string) => `goal${capital(pattern)}` as Key;
const periodKey = (period: string) => `period${capital(period)}` as Key;

export default function GoalsPage() {
  const { t } = useI18n();
  const [status, setStatus] = useState<string>('active');
  const list = useList<Goal>('/api/goals', 'goals', { status });
  const [making, setMaking] = useState(false);
  return (
    <PageFrame
      title={t('goals')}
      text={t('goalsText')}
      action={<Button onClick={() => setMaking(true)}>{t('newGoal')}</Button>}
    >
      <div className="dr-toolbar">
        <Field
          label={t('goalStatus')}
          value={status}
          onChange={setStatus}
          options={states.map((state) => ({ value: state, label: t(patternKey(state)) }))}
        />
      </div>
      <ListStates list={list} empty={{ title: t('noGoals'), text: t('noGoalsDo') }}>
        <ul className="dr-cards">
          {list.items.map((goal) => (
            <GoalCard key={goal.goalId} goal={goal} onChanged={list.reload} />
          ))}
        </ul>
      </ListStates>
      {making && (
        <GoalDialog
          onClose={() => setMaking(false)}
          onSaved={() => {
            setMaking(false);
            setStatus('active');
            list.reload();
          }}
        />
      )}
    </PageFrame>
  );
}

interface GoalProgress {
  progress?: number;
  currentValue?: number;
  targetValue?: number;
  unit?: string;
  insights?: string[];
}

function GoalCard({ goal, onChanged }: { goal: Goal; onChanged(): void }) {
  const { t, number } = useI18n();
  const progress = useLoad<GoalProgress>(`/api/goals/${goal.goalId}/progress?period=all`);
  const [recording, setRecording] = useState(false);
  const action = useAction();
  const change = (what: string, method: 'POST' | 'DELETE' = 'POST') =>
    void action
      .run(() => request(`/api/goals/${goal.goalId}${what}`, { method, body: method === 'POST' ? {} : undefined }))
      .then((done) => done && onChanged());
  const open = goal.status === 'active' || goal.status === 'paused';
  return (
    <li className="dr-card">
      <div className="dr-card-head">
        <h2>{goal.title}</h2>
        <Label isCompact>{t(patternKey(goal.goalPattern))}</Label>
        <Label isCompact variant="outline">
          {goal.category}
        </Label>
      </div>
      {goal.description && <p className="dr-text">{goal.description}</p>}
      {progress.value && (
        <Progress
          value={progress.value.progress ?? 0}
          aria-label={t('goalProgress', { title: goal.title })}
          size={ProgressSize.sm}
          label={`${number(Math.round(progress.value.progress ?? 0))} %`}
          valueText={`${number(progress.value.currentValue ?? 0)} / ${number(progress.value.targetValue ?? 0)} ${progress.value.unit ?? ''}`}
        />
      )}
      {progress.error !== undefined && <Failed error={progress.error} onRetry={progress.reload} />}
      {action.error !== undefined && <Failed error={action.error} />}
      <div className="dr-card-foot">
        {open && (
          <>
            <Button variant="secondary" size="sm" onClick={() => setRecording(true)}>
              {t('goalRecord')}
            </Button>
            <Button variant="link" isInline isDisabled={action.busy} onClick={() => change('/complete')}>
              {t('goalComplete')}
            </Button>
          </>
        )}
        {(goal.status === 'completed' || goal.status === 'archived') && (
          <Button variant="link" isInline isDisabled={action.busy} onClick={() => change('/restore')}>
            {t('goalRestore')}
          </Button>
        )}
        {goal.status !== 'archived' && (
          <Button variant="link" isInline isDisabled={action.busy} onClick={() => change('', 'DELETE')}>
            {t('goalArchive')}
          </Button>
        )}
      </div>
      {recording && (
        <RecordDialog
          goal={goal}
          onClose={() => setRecording(false)}
          onSaved={() => {
            setRecording(false);
            progress.reload();
          }}
        />
      )}
    </li>
  );
}

function RecordDialog({ goal, onClose, onSaved }: { goal: Goal; onClose(): void; onSaved(): void }) {
  const { t } = useI18n();
  const [value, setValue] = useState('1');
  const [note, setNote] = useState('');
  const saving = useAction();
  return (
    <FormDialog
      title={t('goalRecordFor', { title: goal.title })}
      submit={t('goalRecord')}
      ready={value !== '' && Number.isFinite(Number(value))}
      busy={saving.busy}
      error={saving.error}
      onClose={onClose}
      onSubmit={() =>
        void saving
          .run(() =>
            request(`/api/goals/${goal.goalId}/activities`, {
              method: 'POST',
              body: { value: Number(value), ...(note.trim() ? { note } : {}) },
            }),
          )
          .then((done) => done && onSaved())
      }
    >
      <Field label={t('goalAmount')} value={value} onChange={setValue} type="number" required />
      <Field label={t('goalNote')} value={note} onChange={setNote} maxLength={500} />
    </FormDialog>
  );
}

function GoalDialog(props: { onClose(): void; onSaved(): void }) {
  const { t } = useI18n();
  const [title, setTitle] = useState('');
  const [category, setCategory] = useState('');
  const [pattern, setPattern] = useState<(typeof patterns)[number]>('recurring');
  const [value, setValue] = useState('1');
  const [start, setStart] = useState('0');
  const [unit, setUnit] = useState('');
  const [period, setPeriod] = useState<string>('week');
  const [until, setUntil] = useState('');
  const saving = useAction();
  const periodic = pattern === 'recurring' || pattern === 'limit' || pattern === 'streak';
  const ready = title.trim() !== '' && category.trim() !== '' && Number(value) > 0 && (periodic || until !== '');
  const save = () =>
    request('/api/goals', {
      method: 'POST',
      body: {
        title,
        category,
        goalPattern: pattern,
        target: {
          value: Number(value),
          ...(unit.trim() ? { unit: unit.trim() } : {}),
          ...(periodic ? { period } : { targetDate: until }),
          ...(pattern === 'target' ? { startValue: Number(start) } : {}),
        },
      },
    });
  return (
    <FormDialog
      title={t('newGoal')}
      submit={t('goalSet')}
      ready={ready}
      busy={saving.busy}
      error={saving.error}
      onClose={props.onClose}
      onSubmit={() => void saving.run(save).then((done) => done && props.onSaved())}
    >
      <Field label={t('goalTitle')} value={title} onChange={setTitle} maxLength={200} required />
      <Field label={t('goalCategory')} value={category} onChange={setCategory} maxLength={50} required />
      <Field
        label={t('goalPattern')}
        value={pattern}
        onChange={(value) => setPattern(value as typeof pattern)}
        options={patterns.map((value) => ({ value, label: t(patternKey(value)) }))}
      />
      {pattern === 'target' && (
        <Field label={t('goalStart')} value={start} onChange={setStart} type="number" required />
      )}
      <Field label={t('goalValue')} value={value} onChange={setValue} type="number" required />
      <Field label={t('goalUnit')} value={unit} onChange={setUnit} maxLength={30} />
      {periodic ? (
        <Field
          label={t('goalPeriod')}
          value={period}
          onChange={setPeriod}
          options={periods.map((value) => ({ value, label: t(periodKey(value)) }))}
        />
      ) : (
        <Field label={t('goalDate')} value={until} onChange={setUntil} type="date" required />
      )}
    </FormDialog>
  );
}
