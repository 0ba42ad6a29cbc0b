#!/usr/bin/env node
import { legacyClientCommand } from "./legacy-client.ts";
import { runToExit } from "./process-life.ts";

await runToExit("vpn-ws-client", async () => {
  await legacyClientCommand().parseAsync(process.argv.slice(2), { from: "user" });
});
