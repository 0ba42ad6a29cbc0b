import assert from "node:assert/strict";
import type { BrowserContext, Page } from "playwright-core";

/** A page, and what it did that no page of ours may do. */
export class WatchedPage {
  readonly page: Page;
  readonly #complaints: string[] = [];
  readonly #origins = new Set<string>();
  readonly #sizes: Promise<number>[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on("console", (message) => {
      const isComplaint = message.type() === "error" || message.type() === "warning";
      // That a request was refused is written there too, and is sometimes just what is wanted.
      if (isComplaint && !message.text().startsWith("Failed to load resource")) this.#complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.#complaints.push(String(error)));
    page.on("request", (request) => this.#origins.add(new URL(request.url()).origin));
    page.on("requestfinished", (request) => {
      const size = request
        .sizes()
        .then(({ responseHeadersSize, responseBodySize }) => responseHeadersSize + responseBodySize);
      this.#sizes.push(size.catch(() => 0));
    });
  }

  static async open(context: BrowserContext): Promise<WatchedPage> {
    return new WatchedPage(await context.newPage());
  }

  /** Nothing on its console, no breach of its content security policy, and not one request to elsewhere. */
  assertWellBehaved(): void {
    assert.deepEqual(this.#complaints, []);
    const own = new URL(this.page.url()).origin;
    assert.deepEqual([...this.#origins], [own]);
  }

  /** What came over the wire for all answers that are complete, headers included. */
  async transferredBytes(): Promise<number> {
    return (await Promise.all(this.#sizes)).reduce((sum, size) => sum + size, 0);
  }
}
