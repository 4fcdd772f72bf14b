// A CDS client as a page: it calls a service of another origin, shows the cards as text and tells what became of them.
// What it is to do stands in its address, after the #, as JSON:
//   services  the address of the discovery, fhir  the FHIR base, patient  whose chart is open, hook  which hook
//   key       the private JSON Web Key that tokens are signed with, issuer  their iss
const asked = JSON.parse(decodeURIComponent(location.hash.slice(1)));
// Where the record system publishes its keys; nothing outside of its own network reaches it.
const KEY_SET = "https://record.invalid/jwks.json";
const LIFETIME = 300;

const element = (id) => document.getElementById(id);
const say = (text) => { element("state").textContent = text; };

function added(parent, name, text, data = {}) {
  const child = document.createElement(name);
  child.textContent = text;
  Object.assign(child.dataset, data);
  parent.append(child);
  return child;
}

const encoded = (bytes) =>
  btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const part = (value) => encoded(new TextEncoder().encode(JSON.stringify(value)));

async function token(url) {
  const curve = { name: "ECDSA", namedCurve: "P-384" };
  const { kty, crv, x, y, d, kid } = asked.key;
  const key = await crypto.subtle.importKey("jwk", { kty, crv, x, y, d }, curve, false, ["sign"]);
  const now = Math.floor(Date.now() / 1000);
  const header = { alg: "ES384", typ: "JWT", kid, jku: KEY_SET };
  const claims = { iss: asked.issuer, aud: url, iat: now, exp: now + LIFETIME, jti: crypto.randomUUID() };
  const signed = `${part(header)}.${part(claims)}`;
  const bytes = new TextEncoder().encode(signed);
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-384" }, key, bytes);
  return `${signed}.${encoded(new Uint8Array(signature))}`;
}

async function called(url, body) {
  const headers = { Authorization: `Bearer ${await token(url)}` };
  const options = { headers };
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    Object.assign(options, { method: "POST", body: JSON.stringify(body) });
  }
  let answer;
  try {
    answer = await fetch(url, options);
  } catch (error) {
    added(element("calls"), "li", `nothing could be read: ${error.name}`);
    throw new Error("the browser lets nothing through");
  }
  const line = added(element("calls"), "li", `${options.method ?? "GET"} ${answer.status}`);
  const text = await answer.text();
  if (!answer.ok) {
    const outcome = text ? JSON.parse(text) : {};
    line.textContent += ` ${answer.headers.get("X-Request-Id") ? "named" : "nameless"}`;
    throw new Error(`${answer.status} ${outcome.issue?.[0].details?.text ?? ""}`);
  }
  return text ? JSON.parse(text) : null;
}

const read = async (url, options) => {
  const answer = await fetch(url, options);
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
};

async function found(query) {
  const [type, parameters] = query.split("?");
  if (parameters === undefined) return read(`${asked.fhir}/${query}`);
  try {
    return await read(`${asked.fhir}/${type}/_search`, { method: "POST", body: new URLSearchParams(parameters) });
  } catch {
    return read(`${asked.fhir}/${query}`);
  }
}

async function prefetched(templates) {
  const prefetch = {};
  for (const [key, template] of Object.entries(templates)) {
    try {
      prefetch[key] = await found(template.replaceAll("{{context.patientId}}", asked.patient));
    } catch {
      // A key that could not be had is not sent.
    }
  }
  return prefetch;
}

async function tell(service, report, button) {
  try {
    await called(`${service}/feedback`, { feedback: [{ ...report, outcomeTimestamp: new Date().toISOString() }] });
    button.textContent = `${button.textContent}: told`;
  } catch (error) {
    say(error.message);
  }
}

function show(card, service) {
  const place = added(element("cards"), "article", "", { indicator: card.indicator });
  added(place, "h2", card.summary);
  added(place, "p", card.detail ?? "");
  added(place, "cite", card.source.label);
  for (const suggestion of card.suggestions ?? []) {
    const button = added(place, "button", suggestion.label);
    const accepted = { card: card.uuid, outcome: "accepted", acceptedSuggestions: [{ id: suggestion.uuid }] };
    button.onclick = () => tell(service, accepted, button);
  }
  for (const reason of card.overrideReasons ?? []) {
    const button = added(place, "button", reason.display);
    const { code, system } = reason;
    const overridden = { card: card.uuid, outcome: "overridden", overrideReason: { reason: { code, system } } };
    button.onclick = () => tell(service, overridden, button);
  }
}

async function open() {
  const { services } = await called(asked.services);
  element("services").textContent = services.map((one) => `${one.hook}: ${one.title}`).join("; ");
  const { id, hook, prefetch } = services.find((one) => one.hook === asked.hook);
  const service = `${asked.services}/${id}`;
  const { cards } = await called(service, {
    hookInstance: crypto.randomUUID(),
    hook,
    fhirServer: asked.fhir,
    context: { userId: "Practitioner/anna", patientId: asked.patient },
    prefetch: await prefetched(prefetch),
  });
  for (const card of cards) show(card, service);
  say(`${cards.length} cards`);
}

open().catch((error) => say(error.message));
