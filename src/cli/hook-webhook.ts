/** What is needed of the global `fetch`. */
export type PostFetch = (
  url: string,
  init: {
    readonly method: "POST";
    readonly redirect: "error";
    readonly signal: AbortSignal;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  },
) => Promise<Response>;

/** Posts JSON, and says why that failed. The URL may hold a secret, and what `fetch` says may hold the URL: it is not passed on. */
export async function postWebhook(
  fetch: PostFetch,
  url: string,
  value: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const headers = { "content-type": "application/json" };
  try {
    const init = { method: "POST", redirect: "error", signal, headers, body: JSON.stringify(value) } as const;
    const response = await fetch(url, init);
    await response.body?.cancel();
    return response.ok ? undefined : `the answer is ${response.status}`;
  } catch (error) {
    return `no answer (${codeOf(error)})`;
  }
}

/** `fetch` has the system's error as its cause. */
function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "code" in cause ? String(cause.code) : "failed";
}
