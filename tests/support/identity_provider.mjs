// A real OpenID provider for tests: the npm package oidc-provider, told what to do over /control.
//   node identity_provider.mjs <folder with node_modules> <port> <redirect address> <sign-out address>
import { createServer } from "node:http";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { pathToFileURL } from "node:url";

const [folder, port, back, home] = process.argv.slice(2);
const { default: Provider } = await import(pathToFileURL(`${folder}/node_modules/oidc-provider/lib/index.js`));
const issuer = `http://localhost:${port}`;
const told = { account: "", verified: true, amr: undefined, deny: false, inToken: false };
const client = {
  redirect_uris: [back], post_logout_redirect_uris: [home], response_types: ["code"], grant_types: ["authorization_code"],
};

function signingKey() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg: "RS256" };
}

function provider() {
  const made = new Provider(issuer, {
    clients: [
      { ...client, client_id: "ticketos", client_secret: "s3cret of the +test/ client", token_endpoint_auth_method: "client_secret_basic" },
      { ...client, client_id: "ticketos-public", token_endpoint_auth_method: "none" },
    ],
    jwks: { keys: [signingKey()] },
    cookies: { keys: [randomUUID()] },
    pkce: { required: () => true },
    claims: { openid: ["sub", "amr"], email: ["email", "email_verified"], acr: null, auth_time: null, iss: null, sid: null },
    conformIdTokenClaims: !told.inToken,
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/at/${interaction.uid}` },
    async findAccount(_, id) {
      return { accountId: id, claims: async () => ({ sub: id, email: told.account, email_verified: told.verified }) };
    },
  });
  made.on("server_error", (_, error) => console.error(error));
  return made;
}

let current = provider();

async function answer(request, response) {
  if (request.url === "/control") {
    let body = "";
    for await (const part of request) body += part;
    Object.assign(told, JSON.parse(body));
    if (told.rotate) { delete told.rotate; current = provider(); }
    response.end("{}");
    return;
  }
  if (!request.url.startsWith("/at/")) { current.callback()(request, response); return; }
  // What a person does there: sign in as told, agree, or say no.
  const { prompt, params, session } = await current.interactionDetails(request, response);
  if (told.deny) {
    await current.interactionFinished(request, response, { error: "access_denied", error_description: "<b>no</b>" });
  } else if (prompt.name === "login") {
    await current.interactionFinished(request, response, { login: { accountId: `sub-${told.account}`, amr: told.amr } });
  } else {
    const grant = new current.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    const grantId = await grant.save();
    await current.interactionFinished(request, response, { consent: { grantId } }, { mergeWithLastSubmission: true });
  }
}

createServer((request, response) => answer(request, response).catch((error) => { console.error(error); response.writeHead(500).end(); }))
  .listen(Number(port), "127.0.0.1", () => console.log("ready"));
