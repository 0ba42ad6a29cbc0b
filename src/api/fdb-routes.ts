import { z } from "zod";
import { flushFdbSchema } from "../control/action.ts";
import type { ControlModel } from "../control/control-model.ts";
import { type FdbRow, fdbRowSchema } from "../control/model.ts";
import { jsonStream } from "./json-stream.ts";
import { holds, pageQuery, queryText } from "./page-query.ts";
import { answerAction, jsonAnswer, messageSchema, operatorOf, type Route, route } from "./route.ts";
import { collectInSlices } from "./slices.ts";

const fdbQuerySchema = z.object({ network: queryText.optional(), peer: queryText.optional(), ...pageQuery });
const fdbSchema = z.object({ total: z.int().nonnegative(), entries: z.array(fdbRowSchema) });

/** The forwarding tables: which MAC is behind which port. */
export function fdbRoutes(model: ControlModel): readonly Route[] {
  return [
    route({
      method: "GET",
      path: "/api/v1/fdb",
      summary: "Addresses in the forwarding tables, in no particular order.",
      role: "viewer",
      query: fdbQuerySchema,
      answer: jsonAnswer("How many there are, and those of this page.", fdbSchema),
      handle: async ({ query }) => {
        const found = await collectInSlices(model.fdb(), fdbFilter(query));
        return jsonStream({ total: found.length }, "entries", found.slice(query.offset, query.offset + query.limit));
      },
    }),
    route({
      method: "POST",
      path: "/api/v1/fdb/flush",
      summary: "Forgets learned addresses: all, of a network, or of one port there.",
      role: "admin",
      body: flushFdbSchema.prefault({}),
      answer: jsonAnswer("What was done.", messageSchema),
      handle: async ({ body, ...call }) =>
        answerAction(await model.perform(operatorOf(call), { kind: "flush-fdb", ...body })),
    }),
  ];
}

function fdbFilter({ network, peer, search = "" }: z.infer<typeof fdbQuerySchema>): (row: FdbRow) => boolean {
  const wanted = search.toLowerCase();
  return (row) =>
    (network === undefined || row.network === network) &&
    (peer === undefined || row.peer === peer) &&
    (wanted === "" || holds(wanted, row.mac, row.user, row.peer));
}
