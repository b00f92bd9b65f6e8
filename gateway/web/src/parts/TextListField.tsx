// Several texts of one kind, in order: each can be changed or taken away, and one more be added.

import { Button, FormGroup, FormHelperText, HelperText, HelperTextItem, TextArea } from '@patternfly/react-core';
import { useId } from 'react';
import { useI18n } from '../i18n';

export function TextListField(props: {
  label: string;
  values: string[];
  onChange(values: string[]): void;
  help?: string;
  most: number;
}) {
  const { t } = useI18n();
  const { values, label } = props;
  const id = useId();
  const name = (place: number) => `${label} ${place + 1}`;
  return (
    <FormGroup label={label} role="group" fieldId={id}>
      {props.help && (
        <FormHelperText>
          <HelperText>
            <HelperTextItem>{props.help}</HelperTextItem>
          </HelperText>
        </FormHelperText>
      )}
      <div className="dr-text-list">
        {values.map((value, place) => (
          <div key={place}>
            <TextArea
              aria-label={name(place)}
              value={value}
              rows={2}
              maxLength={8000}
              resizeOrientation="vertical"
              onChange={(_event, text) => props.onChange(values.map((old, index) => (index === place ? text : old)))}
            />
            <Button
              variant="link"
              isInline
              isDanger
              aria-label={t('listRemove', { label: name(place) })}
              onClick={() => props.onChange(values.filter((_value, index) => index !== place))}
            >
              {t('delete')}
            </Button>
          </div>
        ))}
        {values.length < props.most && (
          <Button
            variant="link"
            isInline
            aria-label={`${label}: ${t('listAdd')}`}
            onClick={() => props.onChange([...values, ''])}
          >
            {t('listAdd')}
          </Button>
        )}
      </div>
    </FormGroup>
  );
}

// What is sent: without those left empty.
export const filled = (values: string[]) => values.filter((value) => value.trim() !== '');
