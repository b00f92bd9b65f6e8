// Where the API does not know who asks: a key, or an access token, which is kept in the memory of the
// page and nowhere else.

import { Button, Form } from '@patternfly/react-core';
import { useState, type FormEvent } from 'react';
import { request, setIdentity } from '../api/client';
import { useI18n } from '../i18n';
import { Field } from '../parts/Field';
import { useAction } from '../parts/load';
import { Failed } from '../parts/states';

export default function SignIn({ onSignedIn }: { onSignedIn(): void }) {
  const { t } = useI18n();
  const [key, setKey] = useState('');
  const trying = useAction();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void trying
      .run(async () => {
        setIdentity({ token: key.trim() });
        try {
          await request('/api/ai/status');
        } catch (error) {
          setIdentity(undefined);
          throw error;
        }
      })
      .then((done) => done && onSignedIn());
  };
  return (
    <div className="dr-page dr-sign-in">
      <h1>{t('signIn')}</h1>
      <p>{t('signInText')}</p>
      <Form onSubmit={submit}>
        <Field label={t('keyLabel')} value={key} onChange={setKey} type="password" help={t('signInKeyHelp')} required />
        {trying.error !== undefined && <Failed error={trying.error} />}
        <div>
          <Button type="submit" isDisabled={!/^[\x21-\x7e]+$/.test(key.trim()) || trying.busy} isLoading={trying.busy}>
            {t('signIn')}
          </Button>
        </div>
      </Form>
    </div>
  );
}
