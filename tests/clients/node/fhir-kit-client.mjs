// Calls the operation with fhir-kit-client and prints what it reads. Takes one JSON object: base, token, patient, asOf, bundle.
import { readFileSync } from "node:fs";
import { CapabilityTool, Client } from "fhir-kit-client";

const { base, token, patient, asOf, bundle } = JSON.parse(readFileSync(0, "utf-8"));
const instant = { name: "asOf", valueDateTime: asOf };
const parameters = (...more) => ({ resourceType: "Parameters", parameter: [instant, ...more] });
const read = (answer) => answer.entry.map((entry) => entry.resource);
const failure = async (call) => {
  try {
    await call;
    return null;
  } catch (error) {
    return { status: error.response.status, body: error.response.data };
  }
};

const client = new Client({ baseUrl: base, bearerToken: token });
const stranger = new Client({ baseUrl: base });
const name = "mood-immune-check";
const onPatient = { name, resourceType: "Patient", id: patient };
const data = { name: "data", resource: bundle };

const statement = await client.capabilityStatement();
const tool = new CapabilityTool(statement);
const offers = (resourceType) =>
  tool.supportFor({ resourceType, capabilityType: "operation", where: { name } });
console.log(
  JSON.stringify({
    answers: {
      system: read(await client.operation({ name, input: parameters(data) })),
      instance: read(await client.operation({ ...onPatient, input: parameters() })),
      get: read(await client.operation({ ...onPatient, method: "GET", input: { asOf } })),
    },
    failures: {
      value: await failure(client.operation({ name, input: parameters({ name: "mode", valueCode: "x" }, data) })),
      login: await failure(stranger.operation({ ...onPatient, input: parameters() })),
      "not-found": await failure(client.operation({ ...onPatient, id: "nobody", input: parameters() })),
    },
    offered: { system: offers(), instance: offers("Patient") },
    fhirVersion: statement.fhirVersion,
  }),
);
