import { z } from "zod";
import { isolateSchema, kickSchema, rateSchema } from "../control/action.ts";
import type { ControlModel } from "../control/control-model.ts";
import { peerDetailSchema, peerRowSchema } from "../control/model.ts";
import { jsonStream } from "./json-stream.ts";
import { type PeersQuery, peerFilter, peerOrder, peersQuerySchema } from "./peer-query.ts";
import { Problem } from "./problem.ts";
import { answerAction, jsonAnswer, messageSchema, operatorOf, type Route, route } from "./route.ts";
import { collectInSlices, sortInSlices } from "./slices.ts";

const peersSchema = z.object({ total: z.int().nonnegative(), peers: z.array(peerRowSchema) });

/** Peers: all of them, one of them, and what can be done to one. */
export function peerRoutes(model: ControlModel): readonly Route[] {
  const path = "/api/v1/peers/{id}";
  const done = jsonAnswer("What was done.", messageSchema);
  return [
    route({
      method: "GET",
      path: "/api/v1/peers",
      summary: "Peers and uplinks, searched, sorted and in pages.",
      role: "viewer",
      query: peersQuerySchema,
      answer: jsonAnswer("How many there are, and those of this page.", peersSchema),
      handle: ({ query }) => answerPeers(model, query),
    }),
    route({
      method: "GET",
      path,
      summary: "Everything about one peer.",
      role: "viewer",
      answer: jsonAnswer("The peer.", peerDetailSchema),
      handle: ({ params: { id = "" } }) => {
        const peer = model.peer(id);
        if (peer === undefined) throw new Problem(404, "There is no such peer, or not any more.");
        return peer;
      },
    }),
    route({
      method: "DELETE",
      path,
      summary: "Sends a peer away, and keeps it out for a while if asked.",
      role: "admin",
      body: kickSchema.prefault({}),
      answer: done,
      handle: async ({ params: { id: peer = "" }, body, ...call }) =>
        answerAction(await model.perform(operatorOf(call), { kind: "kick", peer, ...body })),
    }),
    route({
      method: "POST",
      path: `${path}/isolate`,
      summary: "Lets a peer reach the uplink only, or others again.",
      role: "admin",
      body: isolateSchema,
      answer: done,
      handle: async ({ params: { id: peer = "" }, body, ...call }) =>
        answerAction(await model.perform(operatorOf(call), { kind: "isolate", peer, ...body })),
    }),
    route({
      method: "POST",
      path: `${path}/rate`,
      summary: "Limits what a peer may send and be sent, in bits per second.",
      role: "admin",
      body: rateSchema,
      answer: done,
      handle: async ({ params: { id: peer = "" }, body, ...call }) =>
        answerAction(await model.perform(operatorOf(call), { kind: "rate", peer, ...body })),
    }),
  ];
}

async function answerPeers(model: ControlModel, query: PeersQuery): Promise<Response> {
  const found = await collectInSlices(model.peers(), peerFilter(query));
  const order = peerOrder(query);
  const sorted = order === undefined ? found : await sortInSlices(found, order);
  const page = sorted.slice(query.offset, query.offset + query.limit);
  return jsonStream({ total: found.length }, "peers", page);
}
