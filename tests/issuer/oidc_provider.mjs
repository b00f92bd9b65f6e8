// An identity provider for tests: oidc-provider (https://github.com/panva/node-oidc-provider) on
// loopback, with access tokens as RFC 9068 says: by client credentials, where a client's id is its
// user, and, for the client `page`, by Authorization Code with PKCE, where people say who they are.
//
//   node oidc_provider.mjs       prints {"issuer": "http://127.0.0.1:43121"}; with `no-end-session` as its
//                                argument it has no place to sign out at
//   "rotate" on standard input   makes a new key that signs from now on; prints {"rotated": "<kid>"}
//   "lifetime 21"                access tokens are good for so many seconds; prints {"lifetime": 21}
//   "asked", "forms", "ended"    how often the keys were asked for, and tokens, and how often somebody
//                                signed out; prints {"asked": 1}
//
// Ends with its standard input.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { Provider } from 'oidc-provider';

console.info = console.error; // its notices; standard output is for the test

const scopes = ['chat', 'personas_read', 'personas_write', 'memory', 'admin'];
const resource = 'https://dramatis.example.org';
const roles = { alice: [], bob: [], root: ['admin'] };
let keys = [];
let handle;
let asked = 0;
let forms = 0;
let ended = 0;
let lifetime = 300;
let provider;

function addKey() {
  const kid = `key-${keys.length + 1}`;
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  // The first key signs; the last one's tokens are still about.
  keys = [{ ...privateKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' }, ...keys].slice(0, 2);
  return kid;
}

function start(issuer) {
  provider = new Provider(issuer, {
    jwks: { keys },
    cookies: { keys: ['of a test'] },
    clients: [
      {
        client_id: 'page',
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: ['http://127.0.0.1/'],
        post_logout_redirect_uris: ['http://127.0.0.1/'],
        response_types: ['code'],
        id_token_signed_response_alg: 'ES256',
        scope: ['openid', ...scopes].join(' '),
      },
      ...machines(),
    ],
    scopes: ['openid', ...scopes],
    // Whoever says who they are has agreed.
    async loadExistingGrant(ctx) {
      const grant = new provider.Grant({
        clientId: ctx.oidc.client.clientId,
        accountId: ctx.oidc.session.accountId,
      });
      grant.addOIDCScope('openid');
      grant.addResourceScope(resource, scopes.join(' '));
      await grant.save();
      return grant;
    },
    interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    issueRefreshToken: async (ctx, client) => client.grantTypeAllowed('refresh_token'),
    extraTokenClaims: (ctx, token) => ({ roles: roles[token.accountId ?? token.clientId] ?? [] }),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      revocation: { enabled: true },
      // Whoever comes with a token of their own goes without a question, as elsewhere.
      rpInitiatedLogout: {
        enabled: process.argv[2] !== 'no-end-session',
        logoutSource(ctx, form) {
          const asks = ctx.oidc.params.id_token_hint === undefined;
          ctx.body = `<!doctype html><html lang="en"><title>Issuer</title><h1>Sign out?</h1>${form}
            <button form="op.logoutForm" name="logout" value="yes">Yes</button>
            ${asks ? '' : '<script>document.querySelector("button").click()</script>'}`;
        },
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: scopes.join(' '),
          audience: 'dramatis',
          accessTokenFormat: 'jwt',
          accessTokenTTL: lifetime,
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  });
  // A test's page is at any port.
  for (const name of ['redirectUriAllowed', 'postLogoutRedirectUriAllowed']) {
    const allowed = provider.Client.prototype[name];
    provider.Client.prototype[name] = function allowedAnywhere(uri) {
      return allowed.call(this, uri.replace(/^(http:\/\/127\.0\.0\.1):\d+\/$/, '$1/'));
    };
  }
  provider.on('end_session.success', () => {
    ended += 1;
  });
  handle = provider.callback();
}

function machines() {
  return Object.keys(roles).map((id) => ({
    client_id: id,
    client_secret: `${id}-secret`,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    id_token_signed_response_alg: 'ES256',
    scope: scopes.join(' '),
  }));
}

// Who is there? A form of its own, since the provider's own asks other sites for its looks.
async function interact(request, response) {
  if (request.method !== 'POST') {
    response.setHeader('Content-Type', 'text/html');
    response.end(`<!doctype html><html lang="en"><title>Issuer</title><h1>Who are you?</h1><form method="post">
      <label>Name <input name="user"></label><button>Let me in</button>
      <button name="refuse" value="1">Go back</button></form>`);
    return;
  }
  let body = '';
  for await (const piece of request) body += piece;
  const said = new URLSearchParams(body);
  await provider.interactionFinished(
    request,
    response,
    said.has('refuse')
      ? { error: 'access_denied', error_description: 'the user went back' }
      : { login: { accountId: said.get('user') } },
  );
}

const server = createServer((request, response) => {
  if (request.url === '/jwks') asked += 1;
  if (request.url === '/token') forms += 1;
  if (request.url.startsWith('/interaction/')) void interact(request, response);
  else handle(request, response);
});
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  addKey();
  start(issuer);
  console.log(JSON.stringify({ issuer }));
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      if (line === 'rotate') {
        const rotated = addKey();
        start(issuer);
        console.log(JSON.stringify({ rotated }));
      } else if (line.startsWith('lifetime ')) {
        lifetime = Number(line.slice('lifetime '.length));
        console.log(JSON.stringify({ lifetime }));
      } else if (line === 'asked') {
        console.log(JSON.stringify({ asked }));
      } else if (line === 'forms') {
        console.log(JSON.stringify({ forms }));
      } else if (line === 'ended') {
        console.log(JSON.stringify({ ended }));
      }
    })
    .on('close', () => process.exit(0));
});
