import { SearchInput } from '@patternfly/react-core';
import { useI18n } from '../i18n';

// The words that a list is searched by.
export function SearchField(props: { label: string; value: string; onChange(value: string): void }) {
  const { t } = useI18n();
  return (
    <SearchInput
      value={props.value}
      placeholder={props.label}
      aria-label={props.label}
      resetButtonLabel={t('clear')}
      onChange={(_event, value) => props.onChange(value)}
      onClear={() => props.onChange('')}
    />
  );
}
