/** Serves the dashboard of a server that is not there, with as many peers as its argument says, on a port of loopback. */
import { dashboardFolder, readStaticFiles } from "../../src/api/static-files.ts";
import { staticRoutes } from "../../src/api/static-routes.ts";
import { startFakeApi } from "../fake-api.ts";
import { FakeControlModel } from "../fake-control-model.ts";

const [peers, port] = process.argv.slice(2);
/** Charts have a past. */
const PAST_MS = 300_000;

const model = new FakeControlModel(Number(peers), Date.now() - PAST_MS);
model.advance(PAST_MS);
const pages = staticRoutes(await readStaticFiles(dashboardFolder()));
await startFakeApi({ listen: [`http://127.0.0.1:${port}`], model, pages });
setInterval(() => model.advance(1_000), 1_000);
console.log("listening");
