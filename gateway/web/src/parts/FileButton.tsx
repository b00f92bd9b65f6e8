// A button by which files are chosen. The same ones can be chosen again.

import { Button } from '@patternfly/react-core';
import { useRef } from 'react';

export function FileButton(props: {
  label: string;
  accept: string;
  multiple?: boolean;
  busy?: boolean;
  onChosen(files: File[]): void;
}) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        hidden
        multiple={props.multiple}
        accept={props.accept}
        onChange={(event) => {
          const files = [...(event.target.files ?? [])];
          event.target.value = '';
          if (files.length > 0) props.onChosen(files);
        }}
      />
      <Button variant="secondary" isLoading={props.busy} isDisabled={props.busy} onClick={() => input.current?.click()}>
        {props.label}
      </Button>
    </>
  );
}
