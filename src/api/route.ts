import { z } from "zod";
import type { ActionResult, Operator, Role } from "../control/action.ts";
import type { Asked } from "./asked.ts";
import type { Entrance } from "./gate.ts";
import { Problem } from "./problem.ts";

/** A request that may be handled: the gate let it pass, and what it says fits its route. */
export interface Call<Query, Body> {
  /** Who asks; undefined only on routes for anybody. */
  readonly operator: Operator | undefined;
  /** How he showed it; undefined like the operator. */
  readonly by: Entrance["by"] | undefined;
  /** When his login ends, by the clock; undefined if it is none. */
  readonly endsMs: number | undefined;
  /** What stands in the path's braces. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
  readonly asked: Asked;
  /** Whether the operator may still look; for answers that do not end. */
  readonly mayStay: () => boolean;
  /** Aborted when the other side is gone. */
  readonly signal: AbortSignal;
}

/** What a route answers with when all went well. */
export interface Answer {
  readonly status: 200 | 201 | 204;
  readonly type: "application/json" | "text/event-stream" | "text/plain" | "application/x-pcapng" | "none";
  readonly description: string;
  /** Of JSON, and of one event's data. */
  readonly schema?: z.ZodType;
}

/** Whether an answer goes on until one side ends it. */
export function isEndless({ type }: Answer): boolean {
  return type === "text/event-stream" || type === "application/x-pcapng";
}

/** One line of the table from which requests are routed, checked and documented. */
export interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  /** In OpenAPI's form: `/api/v1/peers/{id}`. */
  readonly path: string;
  readonly summary: string;
  /** Who may; `anybody`: also who is not known, because the route itself looks. */
  readonly role: Role | "anybody";
  readonly query: z.ZodType | undefined;
  readonly body: z.ZodType | undefined;
  readonly answer: Answer;
  /** `query` and `body` have passed their schemas. A plain value is answered as JSON. */
  readonly handle: (call: Call<unknown, unknown>) => unknown;
}

export interface RouteDefinition<Query, Body> extends Pick<Route, "method" | "path" | "summary" | "role" | "answer"> {
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  readonly handle: (call: Call<Query, Body>) => unknown;
}

/** A line of the table whose handler knows the types of what it is given. */
export function route<Query = undefined, Body = undefined>(definition: RouteDefinition<Query, Body>): Route {
  const { query, body, handle } = definition;
  return { ...definition, query, body, handle: (call) => handle(call as Call<Query, Body>) };
}

export function jsonAnswer(description: string, schema: z.ZodType, status: 200 | 201 = 200): Answer {
  return { status, type: "application/json", description, schema };
}

/** What every action answers. */
export const messageSchema = z.object({ message: z.string() });

/** The operator of a route that is not for anybody. */
export function operatorOf({ operator }: Pick<Call<unknown, unknown>, "operator">): Operator {
  if (operator === undefined) throw new Problem(401, "Say who you are.");
  return operator;
}

/** What an action's outcome is as an answer. */
export function answerAction(result: ActionResult): z.infer<typeof messageSchema> {
  if (result.state === "done") return { message: result.message };
  throw new Problem(result.why === "not-found" ? 404 : 409, result.message);
}
