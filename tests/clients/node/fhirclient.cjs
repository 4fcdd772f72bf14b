// Calls the operation with the SMART client for JavaScript and prints what it reads. Takes one JSON object: base, token, patient, asOf, bundle.
const { readFileSync } = require("node:fs");
const { FhirClient } = require("fhirclient");

const { base, token, patient, asOf, bundle } = JSON.parse(readFileSync(0, "utf-8"));
const instant = { name: "asOf", valueDateTime: asOf };
const parameters = (...more) => ({ resourceType: "Parameters", parameter: [instant, ...more] });
const read = (answer) => answer.entry.map((entry) => entry.resource);
const authorized = { authorization: `Bearer ${token}` };
const post = (client, url, body, headers = authorized) =>
  client.fhirRequest(url, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  });
const failure = async (call) => {
  try {
    await call;
    return null;
  } catch (error) {
    // The library has put the body, indented, behind the status, the address and an empty line.
    return { status: error.statusCode, body: JSON.parse(error.message.slice(error.message.indexOf("{"))) };
  }
};

async function main() {
  const client = new FhirClient(base);
  const operation = "$mood-immune-check";
  const onPatient = `Patient/${patient}/${operation}`;
  const data = { name: "data", resource: bundle };
  const query = new URLSearchParams({ asOf });
  console.log(
    JSON.stringify({
      answers: {
        system: read(await post(client, operation, parameters(data))),
        bare: read(await post(client, `${operation}?${query}`, bundle)),
        instance: read(await post(client, onPatient, parameters())),
        get: read(await client.fhirRequest(`${onPatient}?${query}`, { headers: authorized })),
      },
      failures: {
        value: await failure(post(client, operation, parameters({ name: "mode", valueCode: "x" }, data))),
        login: await failure(post(client, onPatient, parameters(), {})),
        "not-found": await failure(post(client, `Patient/nobody/${operation}`, parameters())),
      },
      release: await client.getFhirRelease(),
      fhirVersion: await client.getFhirVersion(),
    }),
  );
}

main();
