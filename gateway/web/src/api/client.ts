// One way to the API: JSON both ways, problem documents as errors, the caller's token.

export interface FieldError {
  field: string;
  message: string;
}

// What a problem document says (RFC 9457), or that there was no answer at all: status 0.
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly errors: FieldError[] = [],
    readonly retryAfterSeconds?: number,
    readonly turnId?: string,
  ) {
    super(detail);
    this.name = 'ApiError';
  }
}

// Whose requests these are. Kept here and nowhere else: gone with the page.
export interface Identity {
  token: string;
  // What an identity provider gave besides: for the next token, and when this one is no longer good.
  refreshToken?: string;
  expiresAt?: number;
  // Says to it who signs out there; empty where it gives no such thing.
  idToken?: string;
  atProvider?: boolean;
}

let identity: Identity | undefined;
let signedOut: () => void = () => undefined;

export function setIdentity(next: Identity | undefined) {
  identity = next;
}

export function hasIdentity() {
  return identity !== undefined;
}

// Forgets whose requests these are; who that was.
export function takeIdentity(): Identity | undefined {
  const taken = identity;
  identity = undefined;
  return taken;
}

// Called where the API refuses to know the caller. Returns how to stop it.
export function onSignedOut(listener: () => void): () => void {
  signedOut = listener;
  return () => {
    signedOut = () => undefined;
  };
}

export interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  // JSON, or a file as it is.
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export async function problemOf(response: Response): Promise<ApiError> {
  let problem: Record<string, unknown> = {};
  try {
    problem = await response.json();
  } catch {
    // Not ours: a proxy's page, or nothing.
  }
  return problemFrom(problem, response.status);
}

export function problemFrom(problem: Record<string, unknown>, status = 0): ApiError {
  const text = (name: string) => (typeof problem[name] === 'string' ? (problem[name] as string) : '');
  return new ApiError(
    typeof problem.status === 'number' ? problem.status : status,
    text('code') || `HTTP_${status}`,
    text('detail') || text('title') || `HTTP ${status}`,
    Array.isArray(problem.errors) ? (problem.errors as FieldError[]) : [],
    typeof problem.retryAfterSeconds === 'number' ? problem.retryAfterSeconds : undefined,
    text('turn_id') || text('turnId') || undefined,
  );
}

// The answer with its head; an ApiError for everything that is not 2xx.
export async function send(path: string, call: Call = {}): Promise<Response> {
  if (identity?.refreshToken && Date.now() > (identity.expiresAt ?? Infinity)) await renew(identity);
  const asked = identity;
  let response = await attempt(path, call);
  if (response.status === 401 && asked?.refreshToken) {
    // Revoked before its time, or this clock is wrong. Another request may have renewed it already.
    if (identity === asked) await renew(asked);
    response = await attempt(path, call);
  }
  if (response.ok) return response;
  if (response.status === 401) signedOut();
  throw await problemOf(response);
}

async function attempt(path: string, call: Call): Promise<Response> {
  const headers: Record<string, string> = { ...call.headers };
  let body: BodyInit | undefined;
  if (call.body instanceof Blob) {
    body = call.body;
    headers['Content-Type'] = call.body.type;
  } else if (call.body !== undefined) {
    body = JSON.stringify(call.body);
    headers['Content-Type'] = 'application/json';
  }
  if (identity) headers.Authorization = `Bearer ${identity.token}`;
  try {
    return await fetch(path, { method: call.method ?? 'GET', headers, body, signal: call.signal });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'NO_CONNECTION', String(error));
  }
}

interface Tokens {
  accessToken: string;
  expiresIn?: number;
  refreshToken?: string;
  idToken?: string;
}

// A little before its end, so that no request is on its way when it comes.
const margin = 20_000;

// Exchanges what an identity provider gave for tokens, and takes them.
export async function exchange(body: Record<string, string>) {
  const response = await fetch('/api/auth/token', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  }).catch((error) => {
    throw new ApiError(0, 'NO_CONNECTION', String(error));
  });
  if (!response.ok) throw await problemOf(response);
  const tokens = (await response.json()) as Tokens;
  identity = {
    token: tokens.accessToken,
    // Where none comes, the one before is still good (RFC 6749, section 6).
    refreshToken: tokens.refreshToken ?? body.refreshToken,
    idToken: tokens.idToken ?? identity?.idToken,
    atProvider: true,
    expiresAt: tokens.expiresIn === undefined ? undefined : Date.now() + tokens.expiresIn * 1000 - margin,
  };
}

let renewal: Promise<void> | undefined;

// Another token for the one that is no longer good; one exchange for all who wait.
function renew(old: Identity): Promise<void> {
  renewal ??= exchange({ grantType: 'refresh_token', refreshToken: old.refreshToken! })
    .catch((error) => {
      if (!(error instanceof ApiError) || error.status < 400 || error.status >= 500 || error.status === 429) throw error;
      if (identity === old) identity = undefined;
      signedOut();
      throw new ApiError(401, 'UNAUTHENTICATED', error.message);
    })
    .finally(() => {
      renewal = undefined;
    });
  return renewal;
}

export async function request<T>(path: string, call: Call = {}): Promise<T> {
  const response = await send(path, call);
  if (response.status === 204) return undefined as T;
  try {
    return (await response.json()) as T;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'NO_CONNECTION', String(error));
  }
}

// `/path?name=value` without those that are undefined or empty.
export function withQuery(path: string, query: Record<string, string | number | undefined>) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  if (given.length === 0) return path;
  return `${path}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}

// An unguessable name, also where the page came over plain HTTP from another machine and
// crypto.randomUUID is not there.
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
