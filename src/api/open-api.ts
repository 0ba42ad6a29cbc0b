import { z } from "zod";
import { VERSION } from "../base/version.ts";
import { problemSchema } from "./problem.ts";
import type { Answer, Route } from "./route.ts";
import { SESSION_COOKIE } from "./session-cookie.ts";

type Json = Readonly<Record<string, unknown>>;

/** The OpenAPI 3.1 document of a table of routes, made of the schemas by which requests are checked. */
export function openApiDocument(routes: readonly Route[]): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const operations = paths[route.path] ?? {};
    paths[route.path] = operations;
    operations[route.method.toLowerCase()] = operationOf(route);
  }
  return {
    openapi: "3.1.0",
    info: { title: "vpn-ws control", version: VERSION, description: "Look at a running server, and steer it." },
    servers: [{ url: "." }],
    security: [{ cookie: [] }, { basic: [] }, { bearer: [] }],
    paths,
    components: {
      securitySchemes: {
        cookie: {
          type: "apiKey",
          in: "cookie",
          name: SESSION_COOKIE,
          description: "Where the address that the browser asks has a port, `-` and that port follow the name.",
        },
        basic: { type: "http", scheme: "basic" },
        bearer: { type: "http", scheme: "bearer" },
      },
      schemas: { Problem: schemaOf(problemSchema, "output") },
    },
  };
}

function operationOf({ summary, role, path, query, body, answer }: Route): Json {
  const parameters = [...pathParameters(path), ...queryParameters(query)];
  return {
    summary,
    description: role === "anybody" ? "For anybody." : `For ${role === "admin" ? "admins" : "admins and viewers"}.`,
    ...(role === "anybody" ? { security: [] } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body === undefined ? {} : { requestBody: { content: jsonContent(schemaOf(body, "input")) } }),
    responses: { [answer.status]: answerOf(answer), default: PROBLEM },
  };
}

const PROBLEM: Json = {
  description: "It was not done (RFC 9457).",
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
};

function answerOf({ type, description, schema }: Answer): Json {
  if (type === "none") return { description };
  return { description, content: { [type]: schema === undefined ? {} : { schema: schemaOf(schema, "output") } } };
}

function jsonContent(schema: Json): Json {
  return { "application/json": { schema } };
}

function pathParameters(path: string): readonly Json[] {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  return names.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } }));
}

function queryParameters(query: z.ZodType | undefined): readonly Json[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(query, "input") as {
    readonly properties?: Json;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema,
  }));
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}
