import { z } from "zod";
import { section, text } from "./schema-fields.ts";
import { DEFAULT_SERVER_CONFIG, type HookConfig } from "./server-config.ts";

const { hooks: defaults } = DEFAULT_SERVER_CONFIG;

// What is wrong with it is not quoted: it may hold a secret.
const webhook = z.string().refine(isWebhook, { error: "is no http or https URL without a user and a password" });

const hook = section({ exec: text().optional(), webhook: webhook.optional() }).transform(
  (values): HookConfig => ({ exec: values.exec, webhook: values.webhook }),
);

/** What is run or told when a peer comes or goes. */
export const hooksSchema = section({ join: hook.default(defaults.join), leave: hook.default(defaults.leave) });

function isWebhook(input: string): boolean {
  if (!URL.canParse(input)) return false;
  const { protocol, username, password } = new URL(input);
  return /^https?:$/.test(protocol) && username === "" && password === "";
}
