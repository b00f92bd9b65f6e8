import { request } from '../api/client';
import { Confirm } from './Confirm';
import { useAction } from './load';

// Asks before what is at `path` is deleted, and deletes it.
export function ConfirmDelete(props: {
  title: string;
  text: string;
  path: string;
  onDeleted(): void;
  onClose(): void;
}) {
  const deletion = useAction();
  return (
    <Confirm
      title={props.title}
      text={props.text}
      busy={deletion.busy}
      error={deletion.error}
      onClose={props.onClose}
      onConfirm={() =>
        void deletion
          .run(() => request(props.path, { method: 'DELETE' }))
          .then((done) => done && props.onDeleted())
      }
    />
  );
}
