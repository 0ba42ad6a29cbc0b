/** What docs/OPERATIONS.md says of the configuration file, against the schema. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { z } from "zod";
import { Policy } from "../../../src/access/policy.ts";
import { clientSchema } from "../../../src/config/client-schema.ts";
import { parseClientConfig } from "../../../src/config/load-client-config.ts";
import { parseServerConfig } from "../../../src/config/load-server-config.ts";
import type { ServerConfig } from "../../../src/config/server-config.ts";
import { serverSchema } from "../../../src/config/server-schema.ts";
import { SERVER_DEFAULTS } from "../../../src/server/server-options.ts";
import { LISTENER_DEFAULTS } from "../../../src/transport/listener.ts";
import { blocksOf, codeOf, DOCUMENTS, readText, sectionOf, tableRows } from "./documents.ts";

const file = sectionOf(readText("docs/OPERATIONS.md"), "## Configuration file");
const parse = (text: string): ServerConfig => parseServerConfig(text, "/etc/vpn-ws/server.yaml");

/** What stands before the keys of a section's table. */
const SECTIONS: Readonly<Record<string, string>> = {
  "### At the top": "",
  "### `tls`": "",
  "### `authentication`": "authentication[].",
  "### `networks`": "networks.*.",
  "### Rules": "defaults.",
  "### `acl`": "defaults.acl[].",
  "### `guard`": "guard.",
  "### `limits`": "limits.",
  "### `control`": "control.",
  "### `hooks`": "hooks.",
};

/** The rows of a section: a key, and its default if it is one word of YAML. */
function rowsOf(heading: string): readonly (readonly [key: string, value: string | undefined])[] {
  return tableRows(sectionOf(file, heading))
    .filter(([cell]) => cell !== "key")
    .map(([cell = "", value = ""]) => [codeOf(cell)[0] ?? "", /^`([^`]+)`$/.exec(value)?.[1]]);
}

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly oneOf?: readonly Node[];
  readonly anyOf?: readonly Node[];
  readonly additionalProperties?: Node | boolean;
}

/** The path of every key below a schema: `tls.key`, `networks.*.path`, `authentication[].kind`. */
function pathsIn(node: Node, prefix: string): string[] {
  const { properties, items, oneOf = [], anyOf = [], additionalProperties: named } = node;
  const keys = Object.entries(properties ?? {}).flatMap(([key, value]) => [
    `${prefix}${key}`,
    ...pathsIn(value, `${prefix}${key}.`),
  ]);
  // Beside properties this is the complaint about unknown keys.
  const isMapping = properties === undefined && typeof named === "object";
  return [
    ...keys,
    ...(items === undefined ? [] : pathsIn(items, `${prefix.slice(0, -1)}[].`)),
    ...[...oneOf, ...anyOf].flatMap((choice) => pathsIn(choice, prefix)),
    ...(isMapping ? pathsIn(named, `${prefix}*.`) : []),
  ];
}

function schemaPaths(): ReadonlySet<string> {
  const schema = serverSchema("/etc/vpn-ws", ["default"]);
  return new Set(pathsIn(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Node, ""));
}

describe("docs/OPERATIONS.md, configuration file", () => {
  test("has a row for each key of the schema, and for no other", () => {
    const paths = schemaPaths();
    const isRepeated = (path: string): boolean => {
      const [, rule] = /^(?:groups|users)\.\*\.(.*)$/.exec(path) ?? [];
      return rule !== undefined && paths.has(`defaults.${rule}`);
    };
    const documented = Object.entries(SECTIONS).flatMap(([heading, prefix]) =>
      rowsOf(heading).map(([key]) => (key === "members" ? "groups.*.members" : `${prefix}${key}`)),
    );
    assert.ok(paths.size > 100, "the keys were found");
    assert.deepEqual(documented.sort(), [...paths].filter((path) => !isRepeated(path)).sort());
  });

  test("names the defaults that are in force", () => {
    const bases: Readonly<Record<string, (key: string, value: string) => readonly [string, string]>> = {
      "### At the top": (key, value) => [`${key}: ${value}`, "{}"],
      "### `networks`": (key, value) => [`networks: {a: {${key}: ${value}}}`, "networks: {a: {}}"],
      "### `acl`": (key, value) => [aclWith(`, ${key}: ${value}`), aclWith("")],
      "### `guard`": (key, value) => [`guard: ${nested(key, value)}`, "{}"],
      "### `control`": (key, value) => [`control: {${key === "session" ? "" : `${key}: ${value}`}}`, "{}"],
    };
    let seen = 0;
    for (const [heading, texts] of Object.entries(bases)) {
      for (const [key, value] of rowsOf(heading)) {
        if (value === undefined) continue;
        const [stated, left] = texts(key, value);
        assert.deepEqual(parse(stated), parse(left), `${heading}: ${key} is not ${value} by default`);
        seen++;
      }
    }
    assert.ok(seen > 35, "the defaults were found");
  });

  test("names what the rules grant by default", () => {
    const grantOf = ({ policy }: ServerConfig): unknown => {
      const identity = { user: "a", groups: [], method: "token", network: undefined, expiresMs: undefined } as const;
      return new Policy(policy).decide({ ...identity, credentialId: "" }, { address: "", path: "/", nowMs: 0 });
    };
    for (const [key, value] of rowsOf("### Rules")) {
      if (value === undefined || key === "members") continue;
      assert.deepEqual(grantOf(parse(`defaults: {${key}: ${value}}`)), grantOf(parse("{}")), `${key}: ${value}`);
    }
  });

  test("names the defaults of authentication", () => {
    const kinds: Readonly<Record<string, string>> = {
      certificate_user: "kind: web-server",
      user: "kind: certificate",
      user_claim: "kind: jwt, issuer: https://a.example, audience: a",
      groups_claim: "kind: jwt, issuer: https://a.example, audience: a",
    };
    const withOne = (fields: string): ServerConfig => parse(`tls: {client_ca: a}\nauthentication: [{${fields}}]`);
    for (const [key, value] of rowsOf("### `authentication`")) {
      if (value === undefined) continue;
      const kind = kinds[key] ?? "";
      assert.deepEqual(withOne(`${kind}, ${key}: ${value}`), withOne(kind), key);
    }
  });

  test("names the default limits", () => {
    const { limits } = parse(`limits: {${rowsOf("### `limits`").map(([key, value]) => `${key}: ${value}`)}}`);
    assert.deepEqual(limits, {
      maxPeers: SERVER_DEFAULTS.maxPeers,
      connectionsPerAddress: LISTENER_DEFAULTS.maxConnectionsPerAddress,
      maxConnections: LISTENER_DEFAULTS.maxConnections,
      handshakeTimeoutMs: LISTENER_DEFAULTS.handshakeTimeoutMs,
    });
  });
});

describe("docs/OPERATIONS.md, a client's configuration file", () => {
  test("has a row for each key of the schema, and for no other", () => {
    const schema = z.toJSONSchema(clientSchema("/etc/vpn-ws"), { io: "input", unrepresentable: "any" });
    const rows = tableRows(sectionOf(readText("docs/OPERATIONS.md"), "## A client's configuration file"));
    const documented = rows.map(([cell = ""]) => codeOf(cell)[0]).filter((key) => key !== undefined);
    const isNamed = (path: string): boolean => path.endsWith(".*");
    const keys = [...new Set(pathsIn(schema as Node, ""))].filter((path) => !isNamed(path));
    assert.ok(keys.length > 30, "the keys were found");
    assert.deepEqual(documented.sort(), keys.sort());
  });
});

test("every configuration in the documents is valid", () => {
  let seen = 0;
  for (const document of DOCUMENTS) {
    for (const { language, name, text } of blocksOf(readText(document))) {
      if (language !== "yaml") continue;
      seen++;
      const read = name.startsWith("client") ? () => parseClientConfig(text, "client.yaml") : () => parse(text);
      assert.doesNotThrow(read, `${document}: ${name}`);
    }
  }
  assert.ok(seen >= 4, "the configurations were found");
});

function aclWith(more: string): string {
  return `defaults: {acl: [{action: allow${more}}]}`;
}

/** `a.b` and a value as a mapping in a mapping. */
function nested(path: string, value: string): string {
  return path.split(".").reduceRight((inner, key) => `{${key}: ${inner}}`, value);
}
