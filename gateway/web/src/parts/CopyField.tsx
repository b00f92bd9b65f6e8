import { Button, TextInput } from '@patternfly/react-core';
import { useId, useState } from 'react';
import { useI18n } from '../i18n';

// A text to be taken away: a secret, a link.
export function CopyField({ label, value }: { label: string; value: string }) {
  const { t } = useI18n();
  const id = useId();
  const [copied, setCopied] = useState(false);
  return (
    <div className="dr-copy">
      <label htmlFor={id}>{label}</label>
      <TextInput id={id} value={value} readOnlyVariant="default" onFocus={(event) => event.currentTarget.select()} />
      <Button
        variant="secondary"
        onClick={() => void navigator.clipboard.writeText(value).then(() => setCopied(true))}
      >
        {copied ? t('copied') : t('copy')}
      </Button>
      <span className="pf-v6-screen-reader" role="status">
        {copied ? t('copied') : ''}
      </span>
    </div>
  );
}
