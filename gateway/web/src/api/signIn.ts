// Sign-in at an identity provider: Authorization Code with PKCE (RFC 7636). The browser goes there
// and comes back with a code; the gateway exchanges it, so that the page itself asks nobody else.
//
// What must survive the way there and back lies in the tab's own store, until it is back: the
// verifier, the state, the place in the page. Tokens never lie there.

import { ApiError, exchange, newId, request, takeIdentity } from './client';

export interface AuthConfig {
  methods: ('oidc' | 'key' | 'local')[];
  issuer?: string;
  authorizationEndpoint?: string;
  clientId?: string;
  scope?: string;
  signOutEndpoint?: string;
}

interface Leaving {
  verifier: string;
  state: string;
  issuer: string;
  place: string;
  silent: boolean;
}

const leavingStore = 'dramatis.sign-in';
// That this tab's user signed in at the provider: a reload goes there once more, without a question.
const signedInStore = 'dramatis.signed-in';

// Without a store, as where a browser keeps nothing of any page, nobody comes back signed in.
const kept = {
  read(name: string): string | null {
    try {
      return sessionStorage.getItem(name);
    } catch {
      return null;
    }
  },
  forget(name: string) {
    try {
      sessionStorage.removeItem(name);
    } catch {
      // There is nothing to forget.
    }
  },
};

const redirectUri = () => `${location.origin}/`;

function encode(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=/g, '');
}

let askAgain = false;

// Leaves the page. `silent`: the provider is to say at once whether it knows the user.
export async function leaveToSignIn(config: AuthConfig, silent = false) {
  wasSignedIn = false;
  const verifier = encode(crypto.getRandomValues(new Uint8Array(32)));
  // Browsers digest on pages over HTTPS and of this machine only, which are those that sign in.
  const challenge = encode(
    new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))),
  );
  const leaving: Leaving = { verifier, state: newId(), issuer: config.issuer!, place: location.hash, silent };
  sessionStorage.setItem(leavingStore, JSON.stringify(leaving));
  const target = new URL(config.authorizationEndpoint!);
  const asked: Record<string, string> = {
    response_type: 'code',
    client_id: config.clientId!,
    redirect_uri: redirectUri(),
    scope: config.scope!,
    state: leaving.state,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  };
  if (silent) asked.prompt = 'none';
  // Whoever signed out may be somebody else now.
  else if (askAgain) asked.prompt = 'login';
  for (const [name, value] of Object.entries(asked)) target.searchParams.set(name, value);
  location.assign(target);
}

// Where the browser has come back from the provider: takes what it brings. The error is what the
// visitor is told. Undefined where it does not come from there.
export function returnFromSignIn(): Promise<void> | undefined {
  const query = new URLSearchParams(location.search);
  if (!query.has('state') || !(query.has('code') || query.has('error'))) return undefined;
  const text = kept.read(leavingStore);
  kept.forget(leavingStore);
  const leaving = text ? (JSON.parse(text) as Leaving) : undefined;
  // The code is nobody else's business: neither the history's nor that of whoever looks.
  history.replaceState(null, '', `/${leaving?.place ?? ''}`);
  return take(query, leaving);
}

async function take(query: URLSearchParams, leaving: Leaving | undefined) {
  const issuer = query.get('iss');
  if (!leaving || query.get('state') !== leaving.state || (issuer !== null && issuer !== leaving.issuer)) {
    throw new ApiError(400, 'SIGN_IN_NOT_BEGUN_HERE', '');
  }
  const error = query.get('error');
  // Nobody was asked anything: whoever is not known there signs in by hand.
  if (error !== null && leaving.silent) return;
  if (error !== null) throw new ApiError(400, 'SIGN_IN_REFUSED', query.get('error_description') ?? error);
  await exchange({
    grantType: 'authorization_code',
    code: query.get('code')!,
    redirectUri: redirectUri(),
    codeVerifier: leaving.verifier,
  });
  sessionStorage.setItem(signedInStore, 'oidc');
}

// Whether this page's user was signed in before it was loaded: the provider is asked once.
let wasSignedIn = kept.read(signedInStore) !== null;
kept.forget(signedInStore);

export function mayBeSignedIn(): boolean {
  return wasSignedIn;
}

// Signs out here at once, then at the provider: its tokens are made void, and where it has a place to
// sign out at, the browser goes there, if it may. Whether it leaves. Throws where the provider could not
// be told.
export async function signOut(mayLeave = true): Promise<boolean> {
  const was = takeIdentity();
  wasSignedIn = false;
  kept.forget(signedInStore);
  askAgain = true;
  if (!was?.atProvider) return false;
  const [revoked, config] = await Promise.allSettled([
    request('/api/auth/revoke', {
      method: 'POST',
      body: was.refreshToken
        ? { token: was.refreshToken, kind: 'refresh_token' }
        : { token: was.token, kind: 'access_token' },
    }),
    mayLeave ? request<AuthConfig>('/api/auth/config') : undefined,
  ]);
  const place = config.status === 'fulfilled' && config.value?.signOutEndpoint;
  if (place) {
    const target = new URL(place);
    target.searchParams.set('client_id', (config.value as AuthConfig).clientId!);
    target.searchParams.set('post_logout_redirect_uri', redirectUri());
    if (was.idToken) target.searchParams.set('id_token_hint', was.idToken);
    location.assign(target);
    return true;
  }
  if (revoked.status === 'rejected' || config.status === 'rejected') {
    throw new ApiError(503, 'SIGN_OUT_NOT_TOLD', '');
  }
  return false;
}
