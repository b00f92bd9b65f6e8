// A labelled field of a form, and a form in a dialog.
import {
  Button,
  Form,
  FormGroup,
  FormHelperText,
  FormSelect,
  FormSelectOption,
  HelperText,
  HelperTextItem,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  TextArea,
  TextInput,
} from '@patternfly/react-core';
import { useId, type FormEvent, type ReactNode } from 'react';
import { useI18n } from '../i18n';
import { CloseName } from './CloseName';
import { Failed } from './states';

interface FieldProps {
  label: string;
  value: string;
  onChange(value: string): void;
  required?: boolean;
  help?: string;
  rows?: number;
  type?: 'text' | 'number' | 'date' | 'password';
  maxLength?: number;
  options?: { value: string; label: string }[];
}

export function Field(props: FieldProps) {
  const id = useId();
  const help = props.help && `${id}-help`;
  const common = {
    id,
    value: props.value,
    isRequired: props.required,
    maxLength: props.maxLength,
    'aria-describedby': help,
  };
  return (
    <FormGroup label={props.label} fieldId={id} isRequired={props.required}>
      {props.options ? (
        <FormSelect id={id} value={props.value} onChange={(_event, value) => props.onChange(value)}>
          {props.options.map((option) => (
            <FormSelectOption key={option.value} value={option.value} label={option.label} />
          ))}
        </FormSelect>
      ) : props.rows ? (
        <TextArea {...common} rows={props.rows} resizeOrientation="vertical" onChange={(_event, value) => props.onChange(value)} />
      ) : (
        <TextInput
          {...common}
          type={props.type ?? 'text'}
          step={props.type === 'number' ? 'any' : undefined}
          onChange={(_event, value) => props.onChange(value)}
        />
      )}
      {props.help && (
        <FormHelperText>
          <HelperText>
            <HelperTextItem id={help}>{props.help}</HelperTextItem>
          </HelperText>
        </FormHelperText>
      )}
    </FormGroup>
  );
}

export function FormDialog(props: {
  title: string;
  submit: string;
  ready: boolean;
  busy: boolean;
  error?: unknown;
  onRetry?(): void;
  onSubmit(): void;
  onClose(): void;
  children: ReactNode;
}) {
  const { t } = useI18n();
  const form = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (props.ready && !props.busy) props.onSubmit();
  };
  return (
    <Modal variant="medium" isOpen onClose={props.onClose} aria-label={props.title}>
      <CloseName />
      <ModalHeader title={props.title} />
      <ModalBody>
        <Form id={form} onSubmit={submit}>
          {props.children}
        </Form>
        {props.error !== undefined && <Failed error={props.error} onRetry={props.onRetry} />}
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form={form} isDisabled={!props.ready || props.busy} isLoading={props.busy}>
          {props.submit}
        </Button>
        <Button variant="link" onClick={props.onClose}>
          {t('cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
