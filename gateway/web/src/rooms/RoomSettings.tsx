// Who answers in a room, and how readily.

import { Checkbox } from '@patternfly/react-core';
import { useId, useState } from 'react';
import { request } from '../api/client';
import type { Room, RoomSettings as Settings, TurnPolicy } from '../api/types';
import { useI18n, type Key } from '../i18n';
import { Field, FormDialog } from '../parts/Field';
import { useAction } from '../parts/load';

const policyKeys: Record<TurnPolicy, Key> = {
  natural: 'policyNatural',
  list: 'policyList',
  pooled: 'policyPooled',
  manual: 'policyManual',
  model: 'policyModel',
};

export function PolicyField(props: { value: TurnPolicy; onChange(policy: TurnPolicy): void }) {
  const { t } = useI18n();
  return (
    <Field
      label={t('policy')}
      value={props.value}
      onChange={(value) => props.onChange(value as TurnPolicy)}
      options={Object.entries(policyKeys).map(([value, key]) => ({ value, label: t(key) }))}
    />
  );
}

export function RoomSettings(props: { room: Room; onSaved(room: Room): void; onClose(): void }) {
  const { t } = useI18n();
  const { room } = props;
  const settings: Settings = room.settings ?? {};
  const [policy, setPolicy] = useState<TurnPolicy>(settings.turnPolicy ?? 'natural');
  const [chains, setChains] = useState(settings.allowAiChains ?? false);
  const [responders, setResponders] = useState(String(settings.maxAiResponders ?? 2));
  const [members, setMembers] = useState(() =>
    Object.fromEntries(
      room.participants
        .filter((participant) => !participant.leaveTime && participant.type !== 'human')
        .map((participant) => {
          const known = settings.participants?.find(({ personaId }) => personaId === participant.personaId);
          return [
            participant.personaId,
            { name: participant.name, talkativeness: String(known?.talkativeness ?? 50), muted: known?.muted ?? false },
          ];
        }),
    ),
  );
  const id = useId();
  const saving = useAction();
  const change = (personaId: string, what: { talkativeness?: string; muted?: boolean }) =>
    setMembers({ ...members, [personaId]: { ...members[personaId]!, ...what } });
  const save = async () => {
    // Of those who have left, what was set stays.
    const others = (settings.participants ?? []).filter(({ personaId }) => !(personaId in members));
    const changed = await request<Room>(`/api/conversations/${room.conversationId}`, {
      method: 'PATCH',
      body: {
        settings: {
          turnPolicy: policy,
          allowAiChains: chains,
          maxAiResponders: Number(responders),
          participants: [
            ...others,
            ...Object.entries(members).map(([personaId, member]) => ({
              personaId,
              talkativeness: Number(member.talkativeness),
              muted: member.muted,
            })),
          ],
        },
      },
    });
    props.onSaved(changed);
  };
  return (
    <FormDialog
      title={t('roomSettings')}
      submit={t('save')}
      ready={responders !== ''}
      busy={saving.busy}
      error={saving.error}
      onClose={props.onClose}
      onSubmit={() => void saving.run(save)}
    >
      <PolicyField value={policy} onChange={setPolicy} />
      <Field label={t('roomResponders')} value={responders} onChange={setResponders} type="number" />
      <Checkbox
        id={id}
        label={t('roomChains')}
        isChecked={chains}
        onChange={(_event, checked) => setChains(checked)}
      />
      {Object.entries(members).map(([personaId, member]) => (
        <fieldset key={personaId} className="dr-fieldset">
          <legend>{member.name}</legend>
          <Field
            label={t('memberTalkativeness')}
            value={member.talkativeness}
            onChange={(talkativeness) => change(personaId, { talkativeness })}
            type="number"
          />
          <Checkbox
            id={`${id}-${personaId}`}
            label={t('memberMuted')}
            isChecked={member.muted}
            onChange={(_event, muted) => change(personaId, { muted })}
          />
        </fieldset>
      ))}
    </FormDialog>
  );
}
