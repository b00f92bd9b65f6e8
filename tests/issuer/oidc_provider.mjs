// An identity provider for tests: oidc-provider (https://github.com/panva/node-oidc-provider) on
// loopback, with access tokens as RFC 9068 says, by client credentials. A client's id is its user.
//
//   node oidc_provider.mjs      prints {"issuer": "http://127.0.0.1:43121"}
//   "rotate" on standard input  makes a new key that signs from now on; prints {"rotated": "<kid>"}
//
// Ends with its standard input.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { Provider } from 'oidc-provider';

console.info = console.error; // its notices; standard output is for the test

const scopes = ['chat', 'personas_read', 'personas_write', 'memory', 'admin'];
const roles = { alice: [], bob: [], root: ['admin'] };
let keys = [];
let handle;
let asked = 0;

function addKey() {
  const kid = `key-${keys.length + 1}`;
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  // The first key signs; the last one's tokens are still about.
  keys = [{ ...privateKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' }, ...keys].slice(0, 2);
  return kid;
}

function start(issuer) {
  const provider = new Provider(issuer, {
    jwks: { keys },
    clients: Object.keys(roles).map((id) => ({
      client_id: id,
      client_secret: `${id}-secret`,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      id_token_signed_response_alg: 'ES256',
      scope: scopes.join(' '),
    })),
    scopes,
    extraTokenClaims: (ctx, token) => ({ roles: roles[token.clientId] }),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'https://dramatis.example.org',
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: scopes.join(' '),
          audience: 'dramatis',
          accessTokenFormat: 'jwt',
          accessTokenTTL: 300,
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  });
  handle = provider.callback();
}

const server = createServer((request, response) => {
  if (request.url === '/jwks') asked += 1;
  handle(request, response);
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
      } else if (line === 'asked') {
        console.log(JSON.stringify({ asked }));
      }
    })
    .on('close', () => process.exit(0));
});
