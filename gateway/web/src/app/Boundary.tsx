// Where a part of the page cannot be shown: most often because its code could not be fetched, from a
// server that is away, or that has been renewed and has it under another name.
import { Component, type ReactNode } from 'react';
import { ApiError } from '../api/client';
import { Failed } from '../parts/states';

export class Boundary extends Component<{ children: ReactNode }, { error?: unknown }> {
  override state: { error?: unknown } = {};

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === undefined) return this.props.children;
    const fetching = /preload|import|fetch|module/i.test(String(this.state.error));
    const error = fetching ? new ApiError(0, 'NO_CONNECTION', String(this.state.error)) : this.state.error;
    return (
      <div className="dr-page">
        <Failed error={error} onRetry={reloadWhenThere} />
      </div>
    );
  }
}

// The browser keeps what it could not fetch as failed: only a new page asks again. Not before the
// server is there, since the browser's own page would take this one's place.
function reloadWhenThere() {
  fetch('/livez')
    .then((response) => response.ok && location.reload())
    .catch(() => undefined);
}
