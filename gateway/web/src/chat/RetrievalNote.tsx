import { Alert, AlertActionCloseButton } from '@patternfly/react-core';
import { useState } from 'react';
import { useI18n } from '../i18n';

const noteStore = 'dramatis.retrieval-read';

// Until it is closed once: that no model is set up, and how that is done.
export function RetrievalNote() {
  const { t } = useI18n();
  const [read, setRead] = useState(() => {
    try {
      return localStorage.getItem(noteStore) !== null;
    } catch {
      return false;
    }
  });
  if (read) return null;
  return (
    <Alert
      variant="info"
      isInline
      component="h2"
      title={t('retrievalTitle')}
      actionClose={
        <AlertActionCloseButton
          aria-label={t('retrievalHide')}
          onClose={() => {
            setRead(true);
            try {
              localStorage.setItem(noteStore, 'read');
            } catch {
              // It comes again, then.
            }
          }}
        />
      }
    >
      <p>{t('retrievalText')}</p>
      <pre tabIndex={0}>
        {`OPENAI_API_KEY=... ./dev up\n# ${t('retrievalOther')}\n`}
        OPENAI_BASE_URL=http://127.0.0.1:11434/v1 DRAMATIS_OPENAI_MODELS=llama3.2 ./dev up
      </pre>
    </Alert>
  );
}
