/** `npm run screenshots`: the dashboard's pages as pictures for the documents, of a server that is not there. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { startBrowser } from "../lab/browser.ts";
import { run } from "../lab/child.ts";
import { Lab } from "../lab/namespace.ts";
import { requirePrograms } from "../lab/programs.ts";
import { startFakeDashboard } from "../test/browser/fake-dashboard.ts";
import { logIn } from "../test/browser/log-in.ts";

const FOLDER = fileURLToPath(new URL("../docs/screenshots/", import.meta.url));
const PEERS = 42;
const DESK = { width: 1200, height: 760 };
const PHONE = { width: 390, height: 800 };
/** Rates are known from the second look on; a chart of a peer begins when one looks. */
const SAMPLES_MS = 45_000;

interface Shot {
  readonly name: string;
  readonly route: string;
  readonly isReady: (page: Page) => Promise<unknown>;
}

const SHOTS: readonly Shot[] = [
  { name: "overview", route: "#/", isReady: (page) => page.locator(".u-wrap").first().waitFor() },
  { name: "peers", route: "#/peers", isReady: (page) => page.locator("tbody a").first().waitFor() },
  { name: "peer", route: "#/peers/2", isReady: (page) => page.locator(".u-wrap").first().waitFor() },
  { name: "network", route: "#/network", isReady: (page) => page.locator(".talks a").first().waitFor() },
];

const VIEWS = [
  { name: "light", options: { viewport: DESK, colorScheme: "light" } },
  { name: "dark", options: { viewport: DESK, colorScheme: "dark" } },
  { name: "phone", options: { viewport: PHONE, colorScheme: "light", isMobile: true } },
] as const;

await requirePrograms("ip", "chromium", "pngquant");
mkdirSync(FOLDER, { recursive: true });
const lab = await Lab.open();
try {
  const namespace = await lab.namespace("server");
  const [browser, url] = await Promise.all([startBrowser(lab, namespace), startFakeDashboard(namespace, PEERS)]);
  const places = VIEWS.flatMap((view) => SHOTS.map((shot) => ({ view, shot })));
  const takes = places.map(async ({ view, shot }) =>
    take(await openPage(browser, url, view.options), url, shot, view.name),
  );
  await Promise.all(takes);
} finally {
  await lab.close();
}

async function openPage(browser: Browser, url: string, options: BrowserContextOptions): Promise<Page> {
  const page = await (await browser.newContext(options)).newPage();
  await page.goto(url);
  await logIn(page, "admin", "admin");
  await page.locator("main h1").waitFor({ state: "attached" });
  return page;
}

async function take(page: Page, url: string, { name, route, isReady }: Shot, view: string): Promise<void> {
  await page.goto(url + route);
  await page.mouse.move(0, 0);
  await isReady(page);
  await page.waitForTimeout(SAMPLES_MS);
  const path = join(FOLDER, `${name}-${view}.png`);
  await page.screenshot({ path });
  // A palette is enough for flat colours: a third of the size.
  await run(["pngquant", "--force", "--ext", ".png", "--speed", "1", "128", "--", path]);
  console.log(path);
}
