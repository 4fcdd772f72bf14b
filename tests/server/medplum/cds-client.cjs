// Calls the CDS service as Medplum does: its client resolves the prefetch on its own FHIR server, and posts it.
// Takes one JSON object: fhir, services, patient, and optionally
//   hook        the one hook to call; all without it
//   templates   prefetch templates by key that stand beside or in place of those offered; null leaves a key unsent
//   context     members of the context that differ from those the prefetch was resolved with
//   losing      how many answers to a POST a gateway loses on the way
// Prints one JSON object a line: every exchange with the service as it happens, and then what each call came to.
globalThis.WebSocket ??= class {}; // named when the library is loaded, and never used
const { readFileSync } = require('node:fs');
const { MedplumClient, buildCdsRequest } = require('@medplum/core');

const { fhir, services, patient, hook, templates = {}, context = {}, losing = 0 } = JSON.parse(readFileSync(0, 'utf-8'));
const print = (line) => console.log(JSON.stringify(line));
let toLose = losing;

async function watched(url, options) {
  const answer = await fetch(url, options);
  if (!url.startsWith(services)) return answer;
  const sent = options.body ? JSON.parse(options.body) : {};
  print({
    method: options.method, status: answer.status, accept: options.headers.Accept,
    type: answer.headers.get('content-type'), instance: sent.hookInstance, prefetch: sent.prefetch,
    cards: answer.ok && options.method === 'POST' ? (await answer.clone().json()).cards : undefined,
  });
  if (options.method !== 'POST' || toLose === 0) return answer;
  toLose -= 1;
  return new Response('Bad Gateway', { status: 502 });
}

function chosen(offered) {
  const asked = Object.entries({ ...offered, ...templates }).filter(([, template]) => template !== null);
  return Object.fromEntries(asked);
}

async function called(client, service) {
  const user = { resourceType: 'Practitioner', id: 'anna' };
  const opened = { userId: 'Practitioner/anna', patientId: patient, encounterId: 'visit' };
  const request = await buildCdsRequest(client, user, { ...service, prefetch: chosen(service.prefetch) }, opened);
  try {
    return await client.callCdsService(service.id, { ...request, context: { ...opened, ...context } });
  } catch (error) {
    return { refused: error.message, outcome: error.outcome };
  }
}

async function main() {
  const client = new MedplumClient({ baseUrl: fhir, fhirUrlPath: '', cdsServicesUrl: services, fetch: watched });
  const offered = (await client.getCdsServices()).services;
  for (const service of offered.filter((one) => !hook || one.hook === hook)) {
    print({ called: service.hook, ...(await called(client, service)) });
  }
}

main();
