import { z } from "zod";
import type { ControlModel } from "../control/control-model.ts";
import {
  banSchema,
  dropRowSchema,
  historySampleSchema,
  networkInfoSchema,
  pairListSchema,
  serverInfoSchema,
} from "../control/model.ts";
import { jsonAnswer, type Route, route } from "./route.ts";

/** What is small enough to be answered at once: the server, its networks, and sums. */
export function overviewRoutes(model: ControlModel): readonly Route[] {
  return [
    look("server", "The server itself.", serverInfoSchema, () => model.server()),
    look("networks", "Its networks, each a switch of its own.", lists("networks", networkInfoSchema), () => ({
      networks: model.networks(),
    })),
    look("drops", "Frames that were lost, by network and reason.", lists("drops", dropRowSchema), () => ({
      drops: model.drops(),
    })),
    look("history", "The last ten minutes, second by second.", lists("samples", historySampleSchema), () => ({
      samples: model.history(),
    })),
    look("pairs", "Who sends to whom, since somebody began to ask.", pairListSchema, () => model.pairs()),
    look("bans", "Who may not join for a while.", lists("bans", banSchema), () => ({ bans: model.bans() })),
  ];
}

function look(name: string, summary: string, schema: z.ZodType, handle: () => unknown): Route {
  return route({
    method: "GET",
    path: `/api/v1/${name}`,
    summary,
    role: "viewer",
    answer: jsonAnswer(summary, schema),
    handle,
  });
}

function lists(key: string, schema: z.ZodType): z.ZodType {
  return z.object({ [key]: z.array(schema) });
}
