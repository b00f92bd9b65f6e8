import { Button, FormSelect, FormSelectOption } from '@patternfly/react-core';
import { BarsIcon } from '@patternfly/react-icons/dist/esm/icons/bars-icon';
import { CogIcon } from '@patternfly/react-icons/dist/esm/icons/cog-icon';
import { lazy, Suspense, useCallback, useEffect, useId, useRef, useState } from 'react';
import { hasIdentity, onSignedOut } from '../api/client';
import { returnFromSignIn, signOut } from '../api/signIn';
import { useI18n, type Key, type Language } from '../i18n';
import { ChatPage } from '../chat/ChatPage';
import { Empty, Loading } from '../parts/states';
import { forgetPictures } from '../parts/useAvatar';
import { Boundary } from './Boundary';
import { href, useRoute, type Route } from './route';
import { readTheme, writeTheme, type Theme } from './theme';

const RoomsPage = lazy(() => import('../rooms/RoomsPage'));
const MemoriesPage = lazy(() => import('../pages/MemoriesPage'));
const GoalsPage = lazy(() => import('../pages/GoalsPage'));
const JournalPage = lazy(() => import('../pages/JournalPage'));
const PersonasPage = lazy(() => import('../pages/PersonasPage'));
const LorePage = lazy(() => import('../lore/LorePage'));
const AccountPage = lazy(() => import('../pages/AccountPage'));
const SharedPage = lazy(() => import('../pages/SharedPage'));
const SignIn = lazy(() => import('./SignIn'));
const StatusPage = lazy(() => import('../pages/StatusPage'));

const parts: { part: string; label: Key }[] = [
  { part: 'chat', label: 'navChat' },
  { part: 'rooms', label: 'navRooms' },
  { part: 'personas', label: 'navPersonas' },
  { part: 'memories', label: 'navMemories' },
  { part: 'goals', label: 'navGoals' },
  { part: 'journal', label: 'navJournal' },
  { part: 'account', label: 'navAccount' },
  { part: 'status', label: 'navStatus' },
];

// Where in the navigation a page is.
const placeOf = (part: string) => (part === 'lore' ? 'personas' : part);

// Read once, before anything else asks for something.
const arrival = returnFromSignIn();
// It is told of below, also where it fails before that.
arrival?.catch(() => undefined);

export function App() {
  const { t } = useI18n();
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  // Unknown to the API, until somebody signs in; `round` makes every part ask anew then.
  const [signedOut, setSignedOut] = useState(false);
  const [round, setRound] = useState(0);
  const [arriving, setArriving] = useState(arrival !== undefined);
  // The identity provider is told that its user goes.
  const [leaving, setLeaving] = useState(false);
  const [refusal, setRefusal] = useState<unknown>();
  useEffect(() => onSignedOut(() => setSignedOut(true)), []);
  useEffect(() => {
    arrival
      ?.catch((error) => {
        setRefusal(error);
        setSignedOut(true);
      })
      .finally(() => setArriving(false));
  }, []);
  const label = parts.find(({ part }) => part === placeOf(route.part))?.label;
  useEffect(() => {
    document.title = label ? `${t(label)} · ${t('appName')}` : t('appName');
  }, [label, t]);

  const page = arriving || leaving ? (
    <Loading />
  ) : signedOut && route.part !== 'shared' ? (
    <SignIn
      error={refusal}
      onSignedIn={() => {
        setRefusal(undefined);
        setSignedOut(false);
        setRound(round + 1);
      }}
    />
  ) : (
    <Part route={route} />
  );
  return (
    <div className="dr-app">
      <Button className="dr-skip" variant="primary" onClick={() => main.current?.focus()}>
        {t('skip')}
      </Button>
      <Header
        part={placeOf(route.part)}
        onSignOut={
          !arriving && !leaving && hasIdentity() && !signedOut
            ? () => {
                forgetPictures();
                setRefusal(undefined);
                setLeaving(true);
                void signOut()
                  .catch((error) => {
                    setRefusal(error);
                    return false;
                  })
                  .then((away) => {
                    setSignedOut(true);
                    if (!away) setLeaving(false);
                  });
              }
            : undefined
        }
      />
      <main className="dr-main" ref={main} tabIndex={-1}>
        <Boundary key={`${route.part} ${route.part === 'shared' || route.part === 'lore' ? route.id : ''} ${round}`}>
          <Suspense fallback={<Loading />}>{page}</Suspense>
        </Boundary>
      </main>
    </div>
  );
}

function Part({ route }: { route: Route }) {
  const { t } = useI18n();
  switch (route.part) {
    case 'chat':
      return <ChatPage sessionId={route.id} personaId={route.query.get('persona') ?? undefined} />;
    case 'rooms':
      return <RoomsPage roomId={route.id} />;
    case 'personas':
      return <PersonasPage />;
    case 'lore':
      return <LorePage personaId={route.id} />;
    case 'memories':
      return <MemoriesPage />;
    case 'goals':
      return <GoalsPage />;
    case 'journal':
      return <JournalPage />;
    case 'account':
      return <AccountPage />;
    // Of anybody, for everybody.
    case 'shared':
      return <SharedPage token={route.id} />;
    case 'status':
      return <StatusPage />;
    default:
      return <Empty title={t('notFound')} text={t('notFoundDo')} />;
  }
}

function Header({ part, onSignOut }: { part: string; onSignOut?: () => void }) {
  const { t } = useI18n();
  const [open, setOpen] = useState(false);
  const close = useCallback(() => setOpen(false), []);
  const navigation = useId();
  return (
    <header className="dr-header">
      <a className="dr-brand" href={href('chat')}>
        <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
          <path fill="currentColor" d="M4 4h24v18H16l-7 7v-7H4z" />
        </svg>
        {t('appName')}
      </a>
      <Button
        className="dr-menu-toggle"
        variant="plain"
        icon={<BarsIcon />}
        aria-label={t('openNavigation')}
        aria-expanded={open}
        aria-controls={navigation}
        onClick={() => setOpen(!open)}
      />
      <nav className={open ? 'dr-nav dr-nav--open' : 'dr-nav'} id={navigation} aria-label={t('navigation')}>
        <ul>
          {parts.map((entry) => (
            <li key={entry.part}>
              <a href={href(entry.part)} aria-current={entry.part === part ? 'page' : undefined} onClick={close}>
                {t(entry.label)}
              </a>
            </li>
          ))}
          <li>
            <a href="/docs">{t('navApi')}</a>
          </li>
        </ul>
      </nav>
      {onSignOut && (
        <Button variant="link" onClick={onSignOut}>
          {t('signOut')}
        </Button>
      )}
      <Settings />
    </header>
  );
}

function Settings() {
  const { t, language, setLanguage } = useI18n();
  const [open, setOpen] = useState(false);
  const [theme, setTheme] = useState(readTheme);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const panel = useId();
  useEffect(() => {
    if (!open) return undefined;
    const outside = (event: Event) => {
      if (event.target instanceof Node && !box.current?.contains(event.target)) setOpen(false);
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      setOpen(false);
      button.current?.focus();
    };
    document.addEventListener('pointerdown', outside);
    document.addEventListener('keydown', escape);
    return () => {
      document.removeEventListener('pointerdown', outside);
      document.removeEventListener('keydown', escape);
    };
  }, [open]);
  return (
    <div className="dr-settings" ref={box}>
      <Button
        ref={button}
        variant="plain"
        icon={<CogIcon />}
        aria-label={t('settings')}
        aria-expanded={open}
        aria-controls={open ? panel : undefined}
        onClick={() => setOpen(!open)}
      />
      {open && (
        <div className="dr-settings-panel" id={panel} role="group" aria-label={t('settings')}>
          <label>
            {t('appearance')}
            <FormSelect
              value={theme}
              aria-label={t('appearance')}
              onChange={(_event, value) => {
                setTheme(value as Theme);
                writeTheme(value as Theme);
              }}
            >
              <FormSelectOption value="auto" label={t('appearanceAuto')} />
              <FormSelectOption value="light" label={t('appearanceLight')} />
              <FormSelectOption value="dark" label={t('appearanceDark')} />
            </FormSelect>
          </label>
          <label>
            {t('language')}
            <FormSelect
              value={language}
              aria-label={t('language')}
              onChange={(_event, value) => setLanguage(value as Language)}
            >
              <FormSelectOption value="en" label="English" />
              <FormSelectOption value="de" label="Deutsch" />
            </FormSelect>
          </label>
        </div>
      )}
    </div>
  );
}
