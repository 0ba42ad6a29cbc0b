import { type Context, Hono, type MiddlewareHandler } from "hono";
import type { z } from "zod";
import { describeError } from "../base/errors.ts";
import type { FloodLog } from "../base/flood-log.ts";
import type { Asked } from "./asked.ts";
import type { Entrance, Gate } from "./gate.ts";
import { openApiDocument } from "./open-api.ts";
import { checkChange, checkHost, checkPage } from "./page-rules.ts";
import { Problem } from "./problem.ts";
import { type Call, isEndless, type Route, route } from "./route.ts";
import { SECURITY_HEADERS } from "./security-headers.ts";

/** Until the kernel asks a silent reader of an endless answer whether it is still there. */
const KEEP_ALIVE_MS = 30_000;
/** A reader of an endless answer may rest so long with some of it waiting: somebody has stopped a program to look. */
const RESTING_READER_MS = 5 * 60_000;

export interface ApiDeps {
  readonly floodLog: FloodLog;
  readonly gate: Gate;
  readonly routes: readonly Route[];
  /** Answers for the dashboard's files, which are for everybody: they show nothing of the server. */
  readonly pages: MiddlewareHandler;
}

/** What the listener tells of a request beside the request. */
export interface ApiEnv {
  readonly Bindings: { readonly asked: Asked };
}

/** Everything that is served, made of a table of routes: each is checked, by the gate and by its schemas, in one place. */
export function makeApi(deps: ApiDeps): Hono<ApiEnv> {
  const api = new Hono<ApiEnv>();
  const routes = withDocument(deps.routes);
  api.use(async (context, next) => {
    checkHost(context.env.asked, deps.gate.hosts);
    await next();
    protect(context.res);
  });
  for (const one of routes) {
    api.on(one.method, honoPath(one.path), (context) => answer(deps, one, context));
  }
  for (const [path, methods] of methodsByPath(routes)) api.all(honoPath(path), () => refuseMethod(methods));
  api.use(deps.pages);
  api.notFound(() => new Problem(404, "There is nothing here.").toResponse());
  api.onError((error, { env }) => answerError(deps, env.asked, error));
  return api;
}

/** The table with the document that describes it, and which the document describes too. */
function withDocument(routes: readonly Route[]): readonly Route[] {
  const all: Route[] = [...routes];
  all.push(
    route({
      method: "GET",
      path: "/api/v1/openapi.json",
      summary: "This document.",
      role: "viewer",
      answer: { status: 200, type: "application/json", description: "OpenAPI 3.1." },
      handle: () => openApiDocument(all),
    }),
  );
  return all;
}

async function answer({ gate }: ApiDeps, one: Route, context: Context<ApiEnv>): Promise<Response> {
  const { asked } = context.env;
  checkPage(asked);
  if (one.method !== "GET") checkChange(asked);
  const entrance = one.role === "anybody" ? undefined : admit(gate, asked, one, await gate.enter(asked));
  const call: Call<unknown, unknown> = {
    operator: entrance?.operator,
    by: entrance?.by,
    endsMs: entrance?.endsMs,
    mayStay: entrance?.mayStay ?? (() => true),
    params: context.req.param(),
    query: one.query === undefined ? undefined : parse(one.query, context.req.query()),
    body: one.body === undefined ? undefined : parse(one.body, await readBody(context)),
    asked,
    signal: goneSignal(asked),
  };
  // Nothing may pass for a while, and that is all right.
  if (isEndless(one.answer)) asked.incoming.socket.setTimeout(RESTING_READER_MS).setKeepAlive(true, KEEP_ALIVE_MS);
  const value = await one.handle(call);
  if (value instanceof Response) return value;
  return new Response(JSON.stringify(value), {
    status: one.answer.status,
    headers: { "Content-Type": "application/json" },
  });
}

/** Our connections have one request each: with its end the other side is gone, or has its answer. */
function goneSignal({ incoming: { socket } }: Asked): AbortSignal {
  const gone = new AbortController();
  if (socket.destroyed) gone.abort();
  else socket.once("close", () => gone.abort());
  return gone.signal;
}

function admit(gate: Gate, asked: Asked, { role }: Route, entrance: Entrance | undefined): Entrance {
  if (entrance === undefined) throw new Problem(401, "Say who you are.", gate.challenge(asked));
  if (role === "admin" && entrance.operator.role !== "admin") throw new Problem(403, "Only admins may do that.");
  return entrance;
}

/**
 * What is in the body, as JSON; undefined if there is none. A form, which any page can send, is no JSON. Our listeners
 * have refused what is too long.
 */
async function readBody({ req }: Context<ApiEnv>): Promise<unknown> {
  const text = await req.text().catch(() => {
    throw new Problem(400, "The body did not come whole.");
  });
  if (text === "") return undefined;
  const [type = ""] = (req.header("content-type") ?? "").split(";");
  if (type.trim().toLowerCase() !== "application/json") throw new Problem(415, "A body is application/json.");
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem(400, "The body is no JSON.");
  }
}

function parse(schema: z.ZodType, value: unknown): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [first] = result.error.issues;
  const where = first === undefined || first.path.length === 0 ? "" : `${first.path.join(".")}: `;
  // What was given is not repeated: it may be a password.
  throw new Problem(400, `${where}${first?.message ?? "is not as it should be"}`);
}

/** Errors of ours have a sentence; what else is thrown is logged, and may hold anything. */
function answerError({ floodLog, gate }: ApiDeps, asked: Asked, error: Error): Response {
  const problem =
    error instanceof Problem ? error : new Problem(500, "The server failed to answer. Its log says more.");
  const log = floodLog.about(gate.addressOf(asked));
  if (problem !== error) log.error("control.failed", `a request to the control API failed: ${describeError(error)}`);
  return protect(problem.toResponse());
}

/** Nobody frames us, runs scripts of his own in our pages, or keeps what we answered. */
function protect(response: Response): Response {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.headers.set(name, value);
  if (!response.headers.has("cache-control")) response.headers.set("cache-control", "no-store");
  return response;
}

function refuseMethod(methods: readonly string[]): Response {
  const allow = methods.join(", ");
  return new Problem(405, `Here is ${allow}.`, { Allow: allow }).toResponse();
}

function methodsByPath(routes: readonly Route[]): ReadonlyMap<string, readonly string[]> {
  const methods = new Map<string, string[]>();
  for (const { path, method } of routes) methods.set(path, [...(methods.get(path) ?? []), method]);
  return methods;
}

/** `/peers/{id}` as Hono writes it. */
function honoPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ":$1");
}
