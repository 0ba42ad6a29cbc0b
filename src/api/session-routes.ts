import { z } from "zod";
import type { Login } from "../access/session-store.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { Operator } from "../control/action.ts";
import type { Asked } from "./asked.ts";
import type { Gate } from "./gate.ts";
import type { OperatorSessions } from "./operator-sessions.ts";
import { Problem } from "./problem.ts";
import { type Answer, type Call, jsonAnswer, operatorOf, type Route, route } from "./route.ts";
import { noSessionCookie, sessionCookie, sessionSecret } from "./session-cookie.ts";
import type { Tickets } from "./tickets.ts";

export interface SessionRouteDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly gate: Gate;
  readonly sessions: OperatorSessions;
  readonly tickets: Tickets;
  /** URLs at which browsers may find the dashboard, as far as we know: `http://127.0.0.1:8081`. */
  readonly dashboards: () => readonly string[];
}

/** A password or a token is no longer than what the authenticators look at. */
const MAX_SECRET_LENGTH = 8_192;
const secret = z.string().min(1).max(MAX_SECRET_LENGTH);

const loginSchema = z.union([
  z.strictObject({ user: z.string().min(1).max(255), password: secret }),
  z.strictObject({ token: secret }),
  z.strictObject({ ticket: secret }),
]);
const sessionSchema = z.object({
  operator: z.object({ name: z.string(), role: z.enum(["viewer", "admin"]) }),
  /** Of the login, Unix milliseconds; null for who shows at each request who he is. */
  expiresMs: z.int().nonnegative().nullable(),
});

const NOTHING: Answer = { status: 204, type: "none", description: "Done." };

/** Who is logged in, and how one logs in and out. */
export function sessionRoutes(deps: SessionRouteDeps): readonly Route[] {
  const path = "/api/v1/session";
  const session = jsonAnswer("Who is logged in.", sessionSchema);
  return [
    route({
      method: "POST",
      path,
      summary: "Logs in, with what the server's authenticators know or with a ticket. The cookie is the session.",
      role: "anybody",
      body: loginSchema,
      answer: session,
      handle: ({ body, asked }) => logIn(deps, asked, body),
    }),
    route({
      method: "GET",
      path,
      summary: "Who is asking, and until when.",
      role: "viewer",
      answer: session,
      handle: (call) =>
        describe(operatorOf(call), call.endsMs === undefined ? null : toUnixMs(deps.clock, call.endsMs)),
    }),
    route({
      method: "DELETE",
      path,
      summary: "Logs out.",
      role: "anybody",
      answer: NOTHING,
      handle: ({ asked }) => logOut(deps, asked),
    }),
    route({
      method: "POST",
      path: "/api/v1/tickets",
      summary: "A ticket that is good for one login within a minute; for who came by the unix socket.",
      role: "admin",
      answer: jsonAnswer(
        "The ticket, a secret, and where browsers may find the dashboard that it opens.",
        z.object({ ticket: z.string(), dashboards: z.array(z.string()) }),
      ),
      handle: (call) => ({ ticket: issueTicket(deps, call), dashboards: deps.dashboards() }),
    }),
  ];
}

async function logIn(deps: SessionRouteDeps, asked: Asked, body: z.infer<typeof loginSchema>): Promise<Response> {
  const { clock, log, gate } = deps;
  const login = "ticket" in body ? redeem(deps, body.ticket) : await gate.login(asked, authorizationOf(body));
  const operator = gate.operatorOf(login, gate.addressOf(asked));
  if (operator === undefined) throw new Problem(401, "The credentials are not right, or not any more.");
  const lifeMs = gate.sessionMs;
  const cookie = sessionCookie(asked, await gate.begin(login), lifeMs);
  const { name, role, address } = operator;
  log.info("control.login", `${name} logged in as ${role} from ${address || "this machine"}`, {
    operator: name,
    role,
    address,
  });
  const answer = describe(operator, toUnixMs(clock, clock.nowMs() + lifeMs));
  return new Response(JSON.stringify(answer), {
    headers: { "Content-Type": "application/json", "Set-Cookie": cookie },
  });
}

/** Idempotent, and for anybody: who knows the cookie may end it. */
async function logOut({ sessions }: SessionRouteDeps, asked: Asked): Promise<Response> {
  const secret = sessionSecret(asked);
  if (secret !== undefined) await sessions.end(secret);
  return new Response(null, { status: 204, headers: { "Set-Cookie": noSessionCookie(asked) } });
}

function redeem({ tickets }: SessionRouteDeps, ticket: string): Login {
  const uid = tickets.redeem(ticket);
  if (uid === undefined) throw new Problem(401, "This ticket was used already, or is too old.");
  return { kind: "local", uid };
}

function issueTicket({ tickets }: SessionRouteDeps, call: Call<unknown, unknown>): string {
  const { origin } = call.asked.incoming;
  if (call.by !== "local" || origin.kind !== "unix" || origin.uid === undefined) {
    throw new Problem(403, "Tickets are for who comes by the unix socket.");
  }
  return tickets.issue(origin.uid);
}

function authorizationOf(
  body: { readonly user: string; readonly password: string } | { readonly token: string },
): string {
  if ("token" in body) return `Bearer ${body.token}`;
  return `Basic ${Buffer.from(`${body.user}:${body.password}`).toString("base64")}`;
}

function describe({ name, role }: Operator, expiresMs: number | null): z.infer<typeof sessionSchema> {
  return { operator: { name, role }, expiresMs };
}

/** The wall clock's time of a moment by our clock. */
function toUnixMs(clock: Clock, atMs: number): number {
  return Math.round(Date.now() + atMs - clock.nowMs());
}
