// tests/peers/oidc.mjs: an identity provider made with oidc-provider, for tests of signing in by one.
//
//   oidc.mjs FOLDER PORT REDIRECT_URI     certificate.pem and key.pem of its web server in FOLDER
//
// {"person": "carl", "claims": {"sub": "u-1", ...}, "amr": ["pwd"]} on stdin makes somebody known, or changes them;
// {"algorithm": "ES256"} has ID tokens signed so from then on. JSON lines on stdout. The end of stdin ends the
// program. Its page asks for a name and believes it.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Provider } from 'oidc-provider';

const [folder, port, redirectUri] = process.argv.slice(2);
const issuer = `https://127.0.0.1:${port}`;
const people = new Map();
const say = (line) => console.log(JSON.stringify(line));

const keyOf = (kid, alg, kind, options) => ({ ...generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig' });
const client = {
  client_id: 'lineshaft', client_secret: 'a secret: 100 % = :-)', redirect_uris: [redirectUri], grant_types: ['authorization_code'],
  response_types: ['code'], token_endpoint_auth_method: 'client_secret_basic', id_token_signed_response_alg: 'RS256',
};
const provider = new Provider(issuer, {
  clients: [client],
  jwks: { keys: [keyOf('rsa', 'RS256', 'rsa', { modulusLength: 2048 }), keyOf('ec', 'ES256', 'ec', { namedCurve: 'P-256' }), keyOf('ed', 'EdDSA', 'ed25519')] },
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256', 'EdDSA'] },
  pkce: { required: () => true },
  acrValues: ['urn:two'],
  conformIdTokenClaims: false,
  claims: { openid: ['sub', 'acr', 'amr'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
  scopes: ['openid', 'email', 'profile', 'groups'],
  ttl: { Interaction: 600, Session: 3600, Grant: 3600, IdToken: 3600, AccessToken: 3600, AuthorizationCode: 60 },
  cookies: { keys: [randomBytes(16).toString('hex')] },
  features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => (people.has(id) ? { accountId: id, claims: async () => people.get(id).claims } : undefined),
  // Whoever signs in agrees to all that is asked for.
  async loadExistingGrant(context) {
    const grant = new context.oidc.provider.Grant({ clientId: context.oidc.client.clientId, accountId: context.oidc.session.accountId });
    grant.addOIDCScope('openid email profile groups');
    await grant.save();
    return grant;
  },
  renderError: (context, out) => {
    context.type = 'json';
    context.body = out;
  },
});

const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Northern ID</title></head>
<body><main><h1>Northern ID</h1><form method="post"><p><label>Name <input name="login" required autofocus></label></p>
<p><button>Continue</button></p></form></main></body></html>`;

async function interact(request, response) {
  const { prompt } = await provider.interactionDetails(request, response);
  if (request.method === 'GET') {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
    response.end(PAGE);
    return;
  }
  let body = '';
  for await (const piece of request) body += piece;
  const login = new URLSearchParams(body).get('login') ?? '';
  const person = people.get(login);
  const result = person && prompt.name === 'login'
    ? { login: { accountId: login, amr: person.amr, acr: person.acr } }
    : { error: 'access_denied' };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

const answer = provider.callback();
const secure = { cert: readFileSync(join(folder, 'certificate.pem')), key: readFileSync(join(folder, 'key.pem')) };
createServer(secure, (request, response) => {
  if (!request.url.startsWith('/interaction/')) return answer(request, response);
  return interact(request, response).catch((error) => {
    response.writeHead(500);
    response.end(String(error));
  });
}).listen(Number(port), '127.0.0.1', () => say({ issuer }));

const lines = createInterface({ input: process.stdin });
lines.on('line', async (line) => {
  const said = JSON.parse(line);
  if (said.person) people.set(said.person, said);
  if (said.algorithm) (await provider.Client.find('lineshaft')).idTokenSignedResponseAlg = said.algorithm;
  say({ done: said.person ?? said.algorithm });
});
lines.on('close', () => process.exit(0));
