import type { Action } from "../control/action.ts";
import type { ControlModel } from "../control/control-model.ts";
import { answerAction, jsonAnswer, messageSchema, operatorOf, type Route, route } from "./route.ts";

/** What can be done to the server as a whole. */
export function serverActionRoutes(model: ControlModel): readonly Route[] {
  const act = (method: Route["method"], path: string, summary: string, action: (id: string) => Action): Route =>
    route({
      method,
      path: `/api/v1${path}`,
      summary,
      role: "admin",
      answer: jsonAnswer("What was done.", messageSchema),
      handle: async ({ params: { id = "" }, ...call }) =>
        answerAction(await model.perform(operatorOf(call), action(id))),
    });
  return [
    act("POST", "/reload", "Reads the configuration and its files again.", () => ({ kind: "reload" })),
    act("POST", "/drain", "Sends every peer away in order, and stops.", () => ({ kind: "drain" })),
    act("DELETE", "/bans/{id}", "Lets somebody join again.", (ban) => ({ kind: "unban", ban })),
  ];
}
