/** The dashboard with a thousand peers, in a real Chromium: every page of it, large and small, light and dark. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { startBrowser } from "../../lab/browser.ts";
import { Lab } from "../../lab/namespace.ts";
import { whyNoLab } from "../../lab/programs.ts";
import { PAGES } from "../../web/src/routing/route.ts";
import { assertAccessible } from "./axe.ts";
import { startFakeDashboard } from "./fake-dashboard.ts";
import { logIn } from "./log-in.ts";
import { WatchedPage } from "./watched-page.ts";

const noLab = await whyNoLab("chromium");
const PEERS = 1_000;
/** Far more than a screen shows, far less than there are. */
const FEW_ROWS = 100;
const TIMEOUT_MS = 10_000;
const MAX_TRANSFER_BYTES = 100_000;
const DESK = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

describe("the dashboard of a server with a thousand peers", { skip: noLab }, () => {
  let lab: Lab;
  let browser: Browser;
  let url: string;

  before(async () => {
    lab = await Lab.open();
    const namespace = await lab.namespace("server");
    [browser, url] = await Promise.all([startBrowser(lab, namespace), startFakeDashboard(namespace, PEERS)]);
  });
  after(() => lab?.close());

  /** Runs what is to be seen, on a new screen where somebody has logged in; nothing may go wrong on the way. */
  async function onScreen(options: BrowserContextOptions, look: (page: Page) => Promise<void>): Promise<void> {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(TIMEOUT_MS);
    const watched = await WatchedPage.open(context);
    await watched.page.goto(url);
    await logIn(watched.page, "admin", "admin");
    await watched.page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    await look(watched.page);
    watched.assertWellBehaved();
    await context.close();
  }

  /** Goes to each page in turn, and looks when it shows what it is about. */
  async function onEachPage(page: Page, look: (title: string) => Promise<void>): Promise<void> {
    for (const route of [...PAGES.map((name) => `#/${name}`), "#/peers/7"]) {
      await page.goto(url + route);
      await page.locator("main h1").waitFor();
      await page.getByText("Asking the server").first().waitFor({ state: "hidden" });
      await look(route);
    }
  }

  test("comes with less than 100 kB, all from where it is", async (context) => {
    const screen = await browser.newContext(DESK);
    const watched = await WatchedPage.open(screen);
    await watched.page.goto(url);
    await watched.page.getByRole("button", { name: "Log in" }).waitFor();
    const interactiveMs = await watched.page.evaluate(() => performance.now());
    const bytes = await watched.transferredBytes();
    context.diagnostic(`${bytes} bytes, interactive after ${Math.round(interactiveMs)} ms`);
    assert.ok(bytes < MAX_TRANSFER_BYTES, `${bytes} bytes`);
    await assertAccessible(watched.page, "login");
    watched.assertWellBehaved();
    await screen.close();
  });

  test("shows all peers in a table of which few rows are drawn: it scrolls, sorts and finds", () =>
    onScreen(DESK, async (page) => {
      await page.goto(`${url}#/peers`);
      const rows = page.locator("tbody tr");
      await page.getByRole("heading", { name: /^Peers 1,00\d$/ }).waitFor();
      await rows.nth(10).waitFor();
      assert.ok((await rows.count()) < FEW_ROWS);

      const first = await rows.first().textContent();
      await page.getByRole("region", { name: "Peers and uplinks" }).evaluate((frame) => {
        frame.scrollTop = frame.scrollHeight;
      });
      await page.locator(`tr[aria-rowindex="${PEERS + 3}"]`).waitFor();
      assert.ok((await rows.count()) < FEW_ROWS);
      assert.notEqual(await rows.first().textContent(), first);

      await page.getByRole("button", { name: "Drops" }).click();
      await page.locator('th[aria-sort="descending"]', { hasText: "Drops" }).waitFor();

      await page.getByRole("searchbox").fill("ada.lab");
      await page.getByRole("heading", { name: /^Peers \d+ of 1,00\d$/ }).waitFor();
      await rows.first().waitFor();
      for (const row of await rows.allTextContents()) assert.match(row, /ada\.lab/);
    }));

  test("draws all of them, finds them there, and leads to each by keyboard", () =>
    onScreen(DESK, async (page) => {
      await page.goto(`${url}#/network`);
      const drawing = page.getByRole("application");
      await drawing.waitFor();
      assert.match((await drawing.getAttribute("aria-label")) ?? "", /100\d members/);
      await page.getByRole("searchbox").fill("ada.lab");
      await page.getByText(/^\d+ found\.$/).waitFor();
      await drawing.focus();
      for (const key of ["ArrowRight", "ArrowRight", "ArrowRight"]) await page.keyboard.press(key);
      const name = await page.getByRole("region", { name: "Pointed at" }).getByRole("heading").textContent();
      await page.keyboard.press("Enter");
      await page.waitForURL(/#\/peers\/\d+/);
      await page.getByRole("heading", { level: 1, name: name ?? "" }).waitFor();
    }));

  test("is walked without a mouse: skip link, menu, table, a peer and back", () =>
    onScreen(DESK, async (page) => {
      await page.reload();
      await page.locator("main h1").waitFor();
      await page.keyboard.press("Tab");
      assert.equal(await focusedText(page), "Skip to the content");
      while ((await focusedText(page)) !== "Peers") await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      await page.locator("tbody tr a").first().waitFor();
      await page.getByRole("button", { name: "Skip to the content" }).press("Enter");
      while ((await page.locator("tbody a:focus").count()) === 0) await page.keyboard.press("Tab");
      const name = await focusedText(page);
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { level: 1, name }).waitFor();
      await page.goBack();
      await page.getByRole("heading", { name: /^Peers/ }).waitFor();
    }));

  test("keeps nobody out, as far as axe sees, in light and dark colours", () =>
    onScreen({ ...DESK, colorScheme: "light" }, async (page) => {
      await onEachPage(page, async (title) => {
        await assertAccessible(page, title);
        await page.emulateMedia({ colorScheme: "dark" });
        await assertAccessible(page, `${title}, dark`, ["color-contrast"]);
        await page.emulateMedia({ colorScheme: "light" });
      });
      for (const action of ["Send away…", "Capture…", "Rates…", "Isolation…"]) {
        await page.getByRole("button", { name: action }).click();
        await page.getByRole("dialog").waitFor();
        await assertAccessible(page, action);
        await page.keyboard.press("Escape");
        await page.getByRole("dialog").waitFor({ state: "detached" });
      }
    }));

  test("folds what a phone cannot show, and opens it for who asks", () =>
    onScreen(PHONE, async (page) => {
      await page.goto(`${url}#/network`);
      const drawing = page.getByRole("application");
      const pointedAt = page.getByRole("region", { name: "Pointed at" }).getByRole("heading");
      await drawing.focus();
      for (const key of ["ArrowDown", "ArrowUp", "ArrowUp"]) await page.keyboard.press(key);
      assert.match((await pointedAt.textContent()) ?? "", /^\w+: \d+ peers$/);
      await page.keyboard.press("Enter");
      await page.getByRole("button", { name: /^Fold \w+/ }).click();
      await page.getByRole("button", { name: /^Fold \w+/ }).waitFor({ state: "detached" });
    }));

  test("fits a phone: no page is wider than it", () =>
    onScreen(PHONE, (page) =>
      onEachPage(page, async (title) => {
        const { scrollWidth, clientWidth } = await page
          .locator("html")
          .evaluate(({ scrollWidth, clientWidth }) => ({ scrollWidth, clientWidth }));
        assert.equal(scrollWidth, clientWidth, title);
      }),
    ));
});

async function focusedText(page: Page): Promise<string> {
  return (await page.locator(":focus").textContent())?.trim() ?? "";
}
