// Says an earlier message in other words, in a chat that begins where that one was.

import { useState } from 'react';
import { newId, request } from '../api/client';
import type { Message, Session } from '../api/types';
import { goTo, href } from '../app/route';
import { useI18n } from '../i18n';
import { Field, FormDialog } from '../parts/Field';
import { useAction } from '../parts/load';
import { savePending } from './pending';

export function EditAgain(props: { sessionId: string; message: Message; onClose(): void }) {
  const { t } = useI18n();
  const [text, setText] = useState(props.message.content);
  const [key, setKey] = useState(newId);
  const sending = useAction();
  const send = async () => {
    const session = await request<Session & { turn_id?: string }>(
      `/api/history/${encodeURIComponent(props.sessionId)}/fork`,
      {
        method: 'POST',
        body: { sequence: props.message.sequence, message: text },
        headers: { 'Idempotency-Key': key },
      },
    );
    if (session.turn_id) {
      savePending({ sessionId: session.session_id, turnId: session.turn_id, time: Date.now() });
    }
    goTo(href('chat', session.session_id));
  };
  return (
    <FormDialog
      title={t('editAgain')}
      submit={t('send')}
      ready={text.trim() !== '' && [...text].length <= 8000}
      busy={sending.busy}
      error={sending.error}
      onClose={props.onClose}
      onSubmit={() => void sending.run(send)}
    >
      <Field
        label={t('messagePlaceholderAny')}
        value={text}
        onChange={(value) => {
          setText(value);
          setKey(newId());
        }}
        rows={5}
        help={t('editAgainText')}
        required
      />
    </FormDialog>
  );
}
