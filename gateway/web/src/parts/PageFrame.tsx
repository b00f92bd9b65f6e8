import type { ReactNode } from 'react';

// A page that is no chat: its name, what it is for, and what can be done on it.
export function PageFrame(props: { title: string; text: string; action?: ReactNode; children: ReactNode }) {
  return (
    <div className="dr-page">
      <header>
        <div>
          <h1>{props.title}</h1>
          <p>{props.text}</p>
        </div>
        {props.action}
      </header>
      {props.children}
    </div>
  );
}
