import { z } from "zod";
import type { ControlModel } from "../control/control-model.ts";
import { controlEventSchema, historySampleSchema } from "../control/model.ts";
import { jsonStream } from "./json-stream.ts";
import type { LiveFeed } from "./live-feed.ts";
import { pageQuery, queryNumber } from "./page-query.ts";
import { Problem } from "./problem.ts";
import { jsonAnswer, type Route, route } from "./route.ts";

const id = z.int().nonnegative();
const eventsSchema = z.object({ lastId: id, events: z.array(controlEventSchema) });
const liveSchema = z.union([z.object({ instance: z.string(), lastId: id }), historySampleSchema, controlEventSchema]);

/** What happened, and what happens. */
export function eventRoutes(model: ControlModel, live: LiveFeed): readonly Route[] {
  return [
    route({
      method: "GET",
      path: "/api/v1/events",
      summary: "The last events, oldest first; with `after` the first ones behind that id.",
      role: "viewer",
      query: z.object({ after: queryNumber.optional(), limit: pageQuery.limit }),
      answer: jsonAnswer("The last id that there is, and events.", eventsSchema),
      handle: ({ query: { after, limit } }) => {
        const events = model.events.after(after ?? 0);
        const start = after === undefined ? Math.max(0, events.length - limit) : 0;
        return jsonStream({ lastId: model.events.lastId }, "events", events.slice(start, start + limit));
      },
    }),
    route({
      method: "GET",
      path: "/api/v1/live",
      summary: "Server-sent events: hello, then a sample each second and every event.",
      role: "viewer",
      query: z.object({ after: queryNumber.optional() }),
      answer: {
        status: 200,
        type: "text/event-stream",
        description: "Goes on until one side ends it.",
        schema: liveSchema,
      },
      handle: ({ query, asked, mayStay, signal }) => {
        const resumed = queryNumber.safeParse(asked.incoming.request.header("last-event-id")).data;
        const stream = live.subscribe({ after: resumed ?? query.after, mayStay });
        if (stream === undefined) throw new Problem(503, "As many listen as may.", { "Retry-After": "5" });
        if (signal.aborted) stream.close();
        signal.addEventListener("abort", () => stream.close(), { once: true });
        return new Response(stream.body, { headers: STREAM_HEADERS });
      },
    }),
  ];
}

/** nginx would keep the stream back until it has a page of it. */
const STREAM_HEADERS = { "Content-Type": "text/event-stream", "X-Accel-Buffering": "no" } as const;
