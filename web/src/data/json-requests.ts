/** Why a request failed, as a sentence for who sees it. */
export class RequestProblem extends Error {
  /** Of HTTP; 0 if no answer came. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "RequestProblem";
    this.status = status;
  }
}

/** A query's parameters; what is undefined or empty is left out. */
export type Query = Readonly<Record<string, string | number | undefined>>;

export interface JsonRequestsDeps {
  readonly fetch: typeof fetch;
  /** Somebody has to log in, again. */
  readonly onUnauthorized: () => void;
}

export interface JsonRequestsOptions {
  /** Where the API is, with a slash at its end. */
  readonly base: string;
}

type Method = "GET" | "POST" | "DELETE";

/** Requests and answers in JSON. Every failure is a RequestProblem. */
export class JsonRequests {
  readonly #deps: JsonRequestsDeps;
  readonly #options: JsonRequestsOptions;

  constructor(deps: JsonRequestsDeps, options: JsonRequestsOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  get<T>(path: string, query: Query = {}): Promise<T> {
    return this.#send("GET", path + formatQuery(query), undefined) as Promise<T>;
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.#send("POST", path, body) as Promise<T>;
  }

  delete<T>(path: string, body?: unknown): Promise<T> {
    return this.#send("DELETE", path, body) as Promise<T>;
  }

  /** An answer whose body the caller reads; `signal` ends it. */
  async open(path: string, query: Query, signal: AbortSignal): Promise<Response> {
    return this.#fetch(path + formatQuery(query), { signal });
  }

  async #send(method: Method, path: string, body: unknown): Promise<unknown> {
    const content =
      body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const response = await this.#fetch(path, { method, ...content });
    const text = await response.text();
    return text === "" ? undefined : JSON.parse(text);
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const response = await this.#deps.fetch(this.#options.base + path, init).catch((cause: unknown) => {
      if (init.signal?.aborted) throw cause;
      throw new RequestProblem(0, "The server does not answer.");
    });
    if (response.ok) return response;
    if (response.status === 401) this.#deps.onUnauthorized();
    throw new RequestProblem(response.status, await describeProblem(response));
  }
}

function formatQuery(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  if (given.length === 0) return "";
  return `?${new URLSearchParams(Object.fromEntries(given.map(([name, value]) => [name, String(value)])))}`;
}

/** The sentence of an RFC 9457 problem; of anything else, its status. */
async function describeProblem(response: Response): Promise<string> {
  const problem: unknown = await response.json().catch(() => undefined);
  if (typeof problem === "object" && problem !== null) {
    const { title, detail } = problem as { title?: unknown; detail?: unknown };
    if (typeof detail === "string" && detail !== "") return detail;
    if (typeof title === "string" && title !== "") return title;
  }
  return `The server answered with status ${response.status}.`;
}
